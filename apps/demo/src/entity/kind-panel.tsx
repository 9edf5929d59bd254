import type { EntityRow } from '@inner-universe/universe'
import { Skeleton, Text, Title } from '@mantine/core'
import { type ReactNode, useCallback } from 'react'
import { Link } from 'wouter'
import { entityHref, nameOf } from '../data/entity.ts'
import { formatCount, formatPlural } from '../data/format.ts'
import { useEntities } from '../data/use-entities.ts'
import { ExplainButton } from '../live/explain-button.tsx'
import { type Build, useMeasured } from '../live/use-measured.ts'
import { useViewStates } from '../live/use-view-states.ts'
import { Filling, PatchLine } from '../live/view-panel.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import classes from './kind-panel.module.css'

const TITLE = 'All it is a kind of'

interface Kind {
  readonly from: EntityRow['id']
  readonly to: EntityRow['id']
  readonly depth: number
}

/** What an entity is a kind of, and what that is a kind of, and so on: live, nearest first. */
export function KindPanel({ id }: { readonly id: string }): ReactNode {
  const build = useCallback<Build<Kind>>(
    (q) =>
      q.kinds
        .reachable({ from: 'from_entity', to: 'to_entity', roots: [id as EntityRow['id']] })
        .orderBy('depth'),
    [id],
  )
  const measured = useMeasured(build)
  const view = useViewStates().get('kinds')
  const { rows, isReady, error } = measured
  const entityById = useEntities(rows.map(({ to }) => to))
  return (
    <section className={classes.panel} aria-labelledby="kinds">
      <div className={classes.head}>
        <Title order={2} id="kinds" className={classes.title}>
          {TITLE}
        </Title>
        {rows.length > 0 && (
          <span className={`${classes.count} count`}>{formatCount(rows.length)}</span>
        )}
        <ExplainButton title={TITLE} build={build} />
      </div>
      {view?.kind === 'filling' ? (
        <Filling view={view} title={TITLE} />
      ) : view?.kind === 'failed' ? (
        <ErrorNotice error={new Error(view.message)} title="The view was given up" />
      ) : error !== undefined ? (
        <ErrorNotice error={error} title="It cannot be kept up to date" />
      ) : !isReady ? (
        <Skeleton height={60} aria-label={`Loading ${TITLE}`} />
      ) : rows.length === 0 ? (
        <Text c="dimmed">Nothing: no hypernym leads from here.</Text>
      ) : (
        <ol className={classes.list} aria-label={TITLE}>
          {rows.map(({ to, depth }) => {
            const row = entityById.get(to)
            return (
              <li key={to} className={classes.item}>
                <span className={`${classes.depth} count`} title={formatPlural(depth, 'step')}>
                  {depth}
                </span>
                <Link href={entityHref(to)} className={classes.link}>
                  {row === undefined ? '…' : nameOf(row)}
                </Link>
                {to === id && <span className={classes.circle}>itself, in a circle</span>}
              </li>
            )
          })}
        </ol>
      )}
      {measured.patchCount > 0 && <PatchLine measured={measured} view={undefined} />}
    </section>
  )
}
