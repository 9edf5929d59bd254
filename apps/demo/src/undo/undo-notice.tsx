import { Affix, Notification, Text } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react'
import { type ReactNode, useEffect } from 'react'
import { nameOf } from '../data/entity.ts'
import { formatPlural } from '../data/format.ts'
import { useEntities } from '../data/use-entities.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { type Turn, useEdits } from './edits-context.tsx'
import { sentenceOfSkipped, skippedRowsOf } from './skipped.ts'
import classes from './undo-notice.module.css'

/** How long it is said that all went well. What was left out stays until it is closed. */
const SHOWN_MS = 5_000

/** Sentences shown; the rest is a number. */
const SENTENCES_MAX = 3

/** Says what was undone, and what of it was left because somebody else has changed it since. */
export function UndoNotice(): ReactNode {
  const { lastTurn, forgetTurn } = useEdits()
  return (
    <Affix position={{ bottom: 46, left: 16 }} className={classes.corner} zIndex={300}>
      <div role="status" aria-label="Undone">
        {lastTurn?.kind === 'done' && <Done turn={lastTurn} onClose={forgetTurn} />}
      </div>
      {lastTurn?.kind === 'failed' && (
        <ErrorNotice
          error={lastTurn.error}
          title={lastTurn.way === 'undo' ? 'It was not undone' : 'It was not done again'}
          onClose={forgetTurn}
        />
      )}
    </Affix>
  )
}

function Done({
  turn,
  onClose,
}: {
  readonly turn: Extract<Turn, { kind: 'done' }>
  readonly onClose: () => void
}): ReactNode {
  const { way, result } = turn
  const skipped = skippedRowsOf(result.skipped)
  const entityById = useEntities(skipped.map(({ id }) => id))
  const isWhole = skipped.length === 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: another turn begins anew
  useEffect(() => {
    if (!isWhole) return
    const timer = setTimeout(onClose, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [turn, isWhole, onClose])

  const word = way === 'undo' ? 'Undone' : 'Done again'
  const Icon = way === 'undo' ? IconArrowBackUp : IconArrowForwardUp
  return (
    <Notification
      withBorder
      radius="lg"
      icon={<Icon size={18} stroke={1.7} aria-hidden />}
      title={`${isWhole ? word : `Not all of it was ${word.toLowerCase()}`}: ${result.label ?? ''}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
      onClose={onClose}
      classNames={{ root: classes.notice ?? '' }}
    >
      {skipped.slice(0, SENTENCES_MAX).map((row) => {
        const entity = entityById.get(row.id)
        return (
          <Text key={row.id} size="sm" c="var(--ink)">
            {sentenceOfSkipped(row, entity && nameOf(entity))}
          </Text>
        )
      })}
      {skipped.length > SENTENCES_MAX && (
        <Text size="sm">And {formatPlural(skipped.length - SENTENCES_MAX, 'more row')}.</Text>
      )}
    </Notification>
  )
}
