import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import type { Outcome } from './outcome-notice.tsx'
import { useAction } from './use-action.ts'

/** Lets old versions go by a rule. */
export function RetainModal({
  onClose,
  onOutcome,
}: {
  readonly onClose: () => void
  readonly onOutcome: (outcome: Outcome) => void
}): ReactNode {
  const { versions } = useUniverse()
  const [count, setCount] = useState<number | string>(20)
  const { run, isPending, error } = useAction()
  const keepLast = Number(count)
  const isValid = Number.isSafeInteger(keepLast) && keepLast >= 1

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!isValid) return
    run(async () => {
      const count = await versions.retain({ keepLast })
      const text =
        count === 0
          ? 'None had to go.'
          : `${formatPlural(count, 'version')} will go, as soon as those that stay can do without.`
      onOutcome({ kind: 'told', text })
      onClose()
    })
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Keep only the newest?"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            Older versions are dropped on all devices. The heads stay, and what has a tag or a
            branch. There is no way back but an export.
          </Text>
          <NumberInput
            label="Versions to keep"
            data-autofocus
            min={1}
            max={10_000}
            allowDecimal={false}
            value={count}
            onChange={setCount}
          />
          {error !== undefined && <ErrorNotice error={error} title="None was dropped" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={isPending} disabled={!isValid}>
              Drop older ones
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
