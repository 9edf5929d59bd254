import type { ViewState } from '@inner-universe/core'
import { Progress, Skeleton, Text } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import { formatCount, formatPatchMs, formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { ExplainButton } from './explain-button.tsx'
import type { ExplainedBuild } from './explain-drawer.tsx'
import type { Measured } from './use-measured.ts'
import classes from './view-panel.module.css'

/** A live list over a declared view: the rows, how they come to be there, what the last patch took. */
export function ViewPanel({
  title,
  note = '',
  className,
  view,
  build,
  measured,
  children,
}: {
  readonly title: string
  /** Beside the title. */
  readonly note?: string
  readonly className?: string | undefined
  /** Undefined: not known yet. */
  readonly view: ViewState | undefined
  readonly build: ExplainedBuild
  readonly measured: Measured<unknown>
  readonly children: ReactNode
}): ReactNode {
  const titleId = useId()
  const { rows, isReady, error } = measured
  return (
    <section className={`${classes.panel} ${className ?? ''}`} aria-labelledby={titleId}>
      <div className={classes.head}>
        <h2 id={titleId} className={classes.title}>
          {title}
        </h2>
        {note !== '' && <span className={classes.note}>{note}</span>}
        <ExplainButton title={title} build={build} />
      </div>
      {view?.kind === 'filling' ? (
        <Filling view={view} title={title} />
      ) : view?.kind === 'failed' ? (
        <ErrorNotice error={new Error(view.message)} title="The view was given up" />
      ) : error !== undefined ? (
        <ErrorNotice error={error} title="It cannot be kept up to date" />
      ) : !isReady ? (
        <Skeleton height={140} aria-label={`Loading ${title}`} />
      ) : rows.length === 0 ? (
        <Text c="dimmed" size="sm" py="md">
          Nothing to count yet.
        </Text>
      ) : (
        children
      )}
      <PatchLine measured={measured} view={view} />
    </section>
  )
}

/** How many patches there were, and what the last one took. */
export function PatchLine({
  measured,
  view,
}: {
  readonly measured: Measured<unknown>
  readonly view: ViewState | undefined
}): ReactNode {
  const { isReady, patchCount, lastMs } = measured
  return (
    <p className={`${classes.foot} count`}>
      {isReady && (
        <span>
          {formatPlural(patchCount, 'patch', 'patches')}
          {patchCount > 0 && (
            <span title="From the call of the edit in this tab to the rows being here: its transaction on disk, the step of the view, and the way there and back">
              {lastMs === undefined
                ? ', the last from elsewhere'
                : `, patched in ${formatPatchMs(lastMs)}`}
            </span>
          )}
        </span>
      )}
      {view?.kind === 'ready' && (
        <span>
          {view.fedRows === 0
            ? 'Opened as it was left: no row read'
            : `Filled once from ${formatPlural(view.fedRows, 'row')}`}
        </span>
      )}
    </p>
  )
}

/** How far a view is that is new to the file. */
export function Filling({
  view,
  title,
}: {
  readonly view: Extract<ViewState, { kind: 'filling' }>
  readonly title: string
}): ReactNode {
  const { doneRows, totalRows } = view
  return (
    <div className={classes.filling}>
      <Progress
        value={totalRows === 0 ? 0 : (doneRows / totalRows) * 100}
        aria-label={`Filling ${title}`}
      />
      <Text size="sm" c="dimmed" mt={8} className="count">
        {totalRows === 0
          ? 'New to this file: it waits to be filled.'
          : `New to this file: ${formatCount(doneRows)} of ${formatCount(totalRows)} rows read. You can go on meanwhile.`}
      </Text>
    </div>
  )
}
