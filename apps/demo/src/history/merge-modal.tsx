import type { Version } from '@inner-universe/client'
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import type { Outcome } from './outcome-notice.tsx'
import { useAction } from './use-action.ts'
import { titleOf } from './version-line.ts'

/** Brings a version into the present, and names what comes of it. */
export function MergeModal({
  version,
  branch,
  onClose,
  onOutcome,
}: {
  readonly version: Version
  readonly branch: string | undefined
  readonly onClose: () => void
  readonly onOutcome: (outcome: Outcome, version: string) => void
}): ReactNode {
  const { versions } = useUniverse()
  const title = titleOf(version)
  const [description, setDescription] = useState(`Merged ${branch ?? `“${title}”`}`)
  const { run, isPending, error } = useAction()

  function submit(event: FormEvent): void {
    event.preventDefault()
    run(async () => {
      const merged = await versions.merge(version.id, description.trim())
      onClose()
      if (merged.version === undefined) {
        onOutcome({ kind: 'told', text: `The present has all of “${title}” already.` }, version.id)
        return
      }
      onOutcome({ kind: 'merged', title, from: version.id, merged }, merged.version.id)
    })
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={`Merge “${title}” into the present?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            What was changed on either side since they parted is in the present afterwards. Where
            both changed the same, the later stands, and you are told.
          </Text>
          <TextInput
            label="Name of the merged state"
            data-autofocus
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {error !== undefined && <ErrorNotice error={error} title="It was not merged" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={description.trim() === ''}>
              Merge
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
