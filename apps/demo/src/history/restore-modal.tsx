import type { Version } from '@inner-universe/client'
import { Button, Checkbox, Group, Loader, Modal, Stack, Text } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import type { Outcome } from './outcome-notice.tsx'
import { useAction } from './use-action.ts'
import { readDifferences } from './use-differences.ts'
import { PRESENT, titleOf } from './version-line.ts'

/** Rows counted before "more than". */
const COUNTED_MAX = 5_000

interface Count {
  /** Of entities, relations and notes. */
  readonly graph: number
  /** Of events, settings and the like. */
  readonly rest: number
  readonly isAll: boolean
}

/** Asks before the present is made what it was, saying how much of it that changes. */
export function RestoreModal({
  version,
  onClose,
  onOutcome,
}: {
  readonly version: Version
  readonly onClose: () => void
  readonly onOutcome: (outcome: Outcome) => void
}): ReactNode {
  const { versions } = useUniverse()
  const { count, error: countError } = useCount(version.id)
  const [isNamed, setIsNamed] = useState(true)
  const { run, isPending, error } = useAction()
  const title = titleOf(version)
  const isSame = count?.isAll === true && count.graph + count.rest === 0

  function restore(): void {
    run(async () => {
      if (isNamed) await versions.commit(`Before restoring “${title}”`)
      const written = await versions.revertTo(version.id)
      onOutcome({ kind: 'restored', title, written })
      onClose()
    })
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={`Restore “${title}”?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {countError !== undefined ? (
          <ErrorNotice error={countError} title="It cannot be compared with the present" />
        ) : count === undefined ? (
          <Group gap="xs" role="status">
            <Loader size="xs" aria-hidden />
            <Text size="sm">Counting what it changes…</Text>
          </Group>
        ) : isSame ? (
          <Text size="sm">The present is what it was then. There is nothing to restore.</Text>
        ) : (
          <Text size="sm" className="count">
            {count.isAll ? '' : 'More than '}
            {formatPlural(count.graph + count.rest, 'row')} will be what they were then, here and on
            all your devices: {formatPlural(count.graph, 'row')} of the graph,{' '}
            {formatPlural(count.rest, 'row')} of events and settings. The text of notes stays as it
            is.
          </Text>
        )}
        <Checkbox
          label="Name the state of now first, so that you can come back to it"
          checked={isNamed}
          onChange={(event) => setIsNamed(event.currentTarget.checked)}
        />
        {error !== undefined && <ErrorNotice error={error} title="It was not restored" />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button loading={isPending} disabled={count === undefined || isSame} onClick={restore}>
            Restore
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function useCount(id: string): { readonly count: Count | undefined; readonly error: unknown } {
  const universe = useUniverse()
  const [state, setState] = useState<{ readonly count?: Count; readonly error?: unknown }>({})
  useEffect(() => {
    let isCurrent = true
    const comparison = { from: id, to: PRESENT, isWhole: true }
    readDifferences(universe, comparison, COUNTED_MAX + 1).then(
      (rows) => {
        const graph = rows.filter(({ table }) => GRAPH.has(table)).length
        const count = { graph, rest: rows.length - graph, isAll: rows.length <= COUNTED_MAX }
        if (isCurrent) setState({ count })
      },
      (error: unknown) => {
        if (isCurrent) setState({ error })
      },
    )
    return () => {
      isCurrent = false
    }
  }, [universe, id])
  return { count: state.count, error: state.error }
}

const GRAPH: ReadonlySet<string> = new Set(['entity', 'relation', 'entity_note'])
