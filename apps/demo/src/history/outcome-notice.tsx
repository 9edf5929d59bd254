import type { MergeOutcome, WriteOutcome } from '@inner-universe/client'
import { CloseButton, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { entityHref, nameOf } from '../data/entity.ts'
import { formatPlural } from '../data/format.ts'
import { useEntities } from '../data/use-entities.ts'
import { sentenceOfConflict, sentenceOfSkipped, tellingOf } from './outcome.ts'
import classes from './outcome-notice.module.css'
import { pastHref } from './past-href.ts'

/** What a restore, a merge or something smaller came to. */
export type Outcome =
  | { readonly kind: 'told'; readonly text: string }
  | { readonly kind: 'restored'; readonly title: string; readonly written: WriteOutcome }
  | {
      readonly kind: 'merged'
      readonly title: string
      /** The version that was merged. */
      readonly from: string
      readonly merged: MergeOutcome
    }

/** Rows told one by one; the rest is a number. */
const TOLD_MAX = 20

/** Says what it came to, row by row where something was decided or left out. */
export function OutcomeNotice({
  outcome,
  onClose,
}: {
  readonly outcome: Outcome
  readonly onClose: () => void
}): ReactNode {
  return (
    <section className={classes.notice} aria-label="What was done">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div role="status" className={classes.text}>
          <Told outcome={outcome} />
        </div>
        <CloseButton aria-label="Close" onClick={onClose} />
      </Group>
    </section>
  )
}

function Told({ outcome }: { readonly outcome: Outcome }): ReactNode {
  switch (outcome.kind) {
    case 'told':
      return <Text>{outcome.text}</Text>
    case 'restored':
      return (
        <>
          <Text>
            “{outcome.title}” was restored: {formatPlural(outcome.written.rowCount, 'row')} changed.
          </Text>
          <Skipped written={outcome.written} />
        </>
      )
    case 'merged': {
      const { conflictCount } = outcome.merged
      const conflicts = tellingOf(outcome.merged.conflicts)
      const hasMore = conflictCount > outcome.merged.conflicts.length
      return (
        <>
          <Text>
            “{outcome.title}” was merged into the present
            {conflicts.length === 0
              ? ', without conflicts.'
              : `. ${hasMore ? 'More than ' : ''}${formatPlural(conflicts.length, 'thing')} had been changed on both sides:`}
          </Text>
          {conflicts.length > 0 && (
            <Rows
              label="Conflicts"
              version={outcome.from}
              rows={conflicts.map((conflict) => ({
                ...conflict,
                sentence: sentenceOfConflict(conflict),
              }))}
            />
          )}
          <Skipped written={outcome.merged} />
        </>
      )
    }
  }
}

function Skipped({
  written: { skipped, skippedCount },
}: {
  readonly written: WriteOutcome
}): ReactNode {
  const telling = tellingOf(skipped)
  if (telling.length === 0) return null
  return (
    <>
      <Text size="sm" mt="xs">
        {skippedCount > skipped.length && 'More than '}
        {formatPlural(telling.length, 'row')} could not be made what they were:
      </Text>
      <Rows
        label="Left as they are"
        rows={telling.map((one) => ({ ...one, sentence: sentenceOfSkipped(one) }))}
      />
    </>
  )
}

function Rows({
  label,
  version,
  rows,
}: {
  readonly label: string
  /** As of which a row is shown; undefined: none. */
  readonly version?: string
  readonly rows: readonly {
    readonly table: string
    readonly id: string
    readonly sentence: string
  }[]
}): ReactNode {
  const shown = rows.slice(0, TOLD_MAX)
  const entityById = useEntities(shown.flatMap(({ table, id }) => (table === 'entity' ? [id] : [])))
  return (
    <ul className={classes.rows} aria-label={label}>
      {shown.map(({ table, id, sentence }) => {
        const entity = entityById.get(id)
        return (
          <li key={`${table} ${id}`}>
            {entity !== undefined ? (
              <Link href={entityHref(id)} className={classes.name}>
                {nameOf(entity)}
              </Link>
            ) : (
              <span className={classes.name}>
                {table === 'entity' ? 'An entity' : table === 'relation' ? 'A relation' : table}
              </span>
            )}
            : {sentence}
            {version !== undefined && table === 'entity' && (
              <>
                {' '}
                <Link href={pastHref(version, id)} className={classes.past}>
                  As it was on the branch
                </Link>
              </>
            )}
          </li>
        )
      })}
      {rows.length > TOLD_MAX && <li>And {formatPlural(rows.length - TOLD_MAX, 'more row')}.</li>}
    </ul>
  )
}
