import { isUniverseError } from '@inner-universe/client'
import type { EntityRow } from '@inner-universe/universe'
import {
  Alert,
  Button,
  Group,
  Kbd,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { nameOf } from '../data/entity.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useEdit } from '../undo/use-edit.ts'
import { draftsOf, type PropertyDraft, propertiesOfDrafts } from './property-draft.ts'
import { PropertyEditor } from './property-editor.tsx'

interface Draft {
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly properties: readonly PropertyDraft[]
  /** Revision the draft began from: the call is refused when the row is at another. */
  readonly revision: number
}

function draftOf({ metadata, revision }: EntityRow): Draft {
  return {
    name: metadata.name ?? '',
    description: metadata.description ?? '',
    tags: metadata.tags,
    properties: draftsOf(metadata.properties),
    revision,
  }
}

/** Edits an entity in its place. Ctrl+Enter saves, Escape leaves it as it was. */
export function EntityEditor({
  row,
  onEnd,
}: {
  readonly row: EntityRow
  readonly onEnd: () => void
}): ReactNode {
  const [draft, setDraft] = useState(() => draftOf(row))
  const { call, isPending, error, reset } = useEdit('updateEntity')
  const { note } = useUnsynced()
  const isOverwriting = row.revision !== draft.revision

  function change(part: Partial<Draft>): void {
    setDraft((before) => ({ ...before, ...part }))
  }

  function startOver(): void {
    setDraft(draftOf(row))
    reset()
  }

  function submit(event?: FormEvent): void {
    event?.preventDefault()
    const { name, description, tags, properties, revision } = draft
    const metadata = {
      name: name.trim(),
      description: description.trim(),
      tags,
      properties: propertiesOfDrafts(properties),
    }
    const saved = call(
      { id: row.id, expectedRevision: revision, metadata },
      `Changed ${nameOf(row)}`,
    )
    note(saved, () => ({ verb: 'Changed', name: name.trim(), ids: [row.id] }))
    saved.then(onEnd, () => undefined) // A refusal is shown below.
  }

  return (
    <form
      aria-label="Edit the entity"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onEnd()
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          size="md"
          data-autofocus
          autoFocus
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={3}
          maxRows={14}
          value={draft.description}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
        <TagsInput
          label="Tags"
          placeholder="Enter adds one"
          value={[...draft.tags]}
          onChange={(tags) => change({ tags })}
        />
        <PropertyEditor
          drafts={draft.properties}
          onChange={(properties) => change({ properties })}
        />
        {isUniverseError(error, 'universe/version-conflict') || isOverwriting ? (
          <Alert role="alert" color="yellow" title="It was changed elsewhere meanwhile">
            <Text size="sm" mb="xs">
              Your text was not saved, so that nothing of the other change is lost. Copy what you
              want to keep, then start from what is there now.
            </Text>
            <Button size="xs" variant="default" onClick={startOver}>
              Start from what is there now
            </Button>
          </Alert>
        ) : (
          error !== undefined && (
            <ErrorNotice error={error} title="The entity was not saved" onClose={reset} />
          )
        )}
        <Group gap="xs">
          <Button type="submit" loading={isPending} disabled={isOverwriting}>
            Save
          </Button>
          <Button variant="default" onClick={onEnd}>
            Cancel
          </Button>
          <Text size="xs" c="dimmed" visibleFrom="sm">
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd> saves, <Kbd size="xs">Esc</Kbd>{' '}
            cancels
          </Text>
        </Group>
      </Stack>
    </form>
  )
}
