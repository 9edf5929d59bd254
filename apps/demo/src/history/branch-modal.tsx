import type { Version, VersionRef } from '@inner-universe/client'
import { HISTORY_NAME_CHARS_MAX } from '@inner-universe/core'
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import { draftHref } from './past-href.ts'
import { useAction } from './use-action.ts'
import { titleOf } from './version-line.ts'

/** Begins a branch at a version, and goes there. */
export function BranchModal({
  version,
  refs,
  onClose,
}: {
  readonly version: Version
  readonly refs: readonly VersionRef[]
  readonly onClose: () => void
}): ReactNode {
  const { versions } = useUniverse()
  const [, navigate] = useLocation()
  const [typed, setTyped] = useState('')
  const { run, isPending, error } = useAction()
  const name = typed.trim()
  const isTaken = refs.some((ref) => ref.kind === 'branch' && ref.name === name)

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (name === '' || isTaken) return
    run(async () => {
      await versions.branch(name, version.id)
      navigate(draftHref(name))
    })
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={`Branch from “${titleOf(version)}”`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            What you change on the branch leaves the present as it is, until you merge it.
          </Text>
          <TextInput
            label="Name of the branch"
            data-autofocus
            autoComplete="off"
            maxLength={HISTORY_NAME_CHARS_MAX}
            error={isTaken ? 'There is a branch of that name' : undefined}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {error !== undefined && <ErrorNotice error={error} title="The branch was not begun" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={name === '' || isTaken}>
              Begin the branch
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
