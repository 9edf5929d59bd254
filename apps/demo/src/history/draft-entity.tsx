import type { EntityRow } from '@inner-universe/universe'
import { Button, Group, Skeleton, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { nameOf } from '../data/entity.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import classes from './draft-page.module.css'
import type { GraphDraft } from './past-graph.ts'
import { useAction } from './use-action.ts'

/** An entity as it is on the branch, to be changed there. */
export function DraftEntity({
  draft,
  id,
  onChanged,
  onClose,
}: {
  readonly draft: GraphDraft
  readonly id: string
  readonly onChanged: () => void
  readonly onClose: () => void
}): ReactNode {
  const [found, setFound] = useState<{ readonly row: EntityRow | undefined }>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let isCurrent = true
    draft.get('entity', id).then(
      (row) => {
        if (isCurrent) setFound({ row })
      },
      (failure: unknown) => {
        if (isCurrent) setError(failure)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [draft, id])
  if (error !== undefined) return <ErrorNotice error={error} title="It cannot be read" />
  if (found === undefined) return <Skeleton mt="sm" height={150} radius={14} aria-label="Reading" />
  if (found.row === undefined) {
    return (
      <Text c="dimmed" size="sm" mt="sm" role="status">
        It is in the present, but not on this branch.
      </Text>
    )
  }
  return <Editor draft={draft} row={found.row} onChanged={onChanged} onClose={onClose} />
}

function Editor({
  draft,
  row,
  onChanged,
  onClose,
}: {
  readonly draft: GraphDraft
  readonly row: EntityRow
  readonly onChanged: () => void
  readonly onClose: () => void
}): ReactNode {
  const [name, setName] = useState(row.metadata.name ?? '')
  const [description, setDescription] = useState(row.metadata.description ?? '')
  const { run, isPending, error } = useAction()

  function submit(event: FormEvent): void {
    event.preventDefault()
    run(async () => {
      const metadata = { name: name.trim(), description: description.trim() }
      await draft.call.patchEntity({ id: row.id, metadata })
      onChanged()
    })
  }

  return (
    <form
      className={classes.entity}
      aria-label={`Change ${nameOf(row)} on the branch`}
      onSubmit={submit}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          autoFocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={10}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        {error !== undefined && <ErrorNotice error={error} title="It was not changed" />}
        <Group gap="xs">
          <Button type="submit" loading={isPending}>
            Change it on the branch
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
