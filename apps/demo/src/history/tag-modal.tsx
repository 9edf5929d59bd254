import type { Version } from '@inner-universe/client'
import { HISTORY_NAME_CHARS_MAX } from '@inner-universe/core'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import { useAction } from './use-action.ts'
import { titleOf } from './version-line.ts'

/** Gives a version a name that stays with it. */
export function TagModal({
  version,
  onClose,
}: {
  readonly version: Version
  readonly onClose: () => void
}): ReactNode {
  const { versions } = useUniverse()
  const [typed, setTyped] = useState('')
  const { run, isPending, error } = useAction()
  const name = typed.trim()

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (name === '') return
    run(async () => {
      await versions.tag(name, version.id)
      onClose()
    })
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={`Tag “${titleOf(version)}”`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Tag"
            description="A version with a tag is kept when others are dropped by a rule"
            data-autofocus
            autoComplete="off"
            maxLength={HISTORY_NAME_CHARS_MAX}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {error !== undefined && <ErrorNotice error={error} title="It was not tagged" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={name === ''}>
              Tag it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
