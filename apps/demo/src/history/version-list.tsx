import type { Version, VersionRef } from '@inner-universe/client'
import { Button, VisuallyHidden } from '@mantine/core'
import { type KeyboardEvent, type MouseEvent, type ReactNode, useMemo, useState } from 'react'
import { formatCount, formatMoment, formatPlural } from '../data/format.ts'
import { usePeople } from '../presence/presence-context.tsx'
import { useUniverse } from '../universe.ts'
import { type GraphScale, laneX, layOutVersions, type VersionGraph } from './version-graph.ts'
import { authorOf, namesOf, PRESENT, stateTextOf, titleOf } from './version-line.ts'
import classes from './version-list.module.css'
import { VersionRail } from './version-rail.tsx'

/** Versions shown before "more": a drawing of more is read by nobody. */
const SHOWN_COUNT = 100

const ROW_HEIGHT = 62

/** Lanes side by side before they draw together, so that text keeps its room on a phone. */
const WIDE_LANES = 5

/** The versions as a graph, newest on top, the present above them. One or two can be chosen. */
export function VersionList({
  versions,
  refs,
  heads,
  selected,
  compared,
  onSelect,
  onCompare,
}: {
  /** Oldest first. */
  readonly versions: readonly Version[]
  readonly refs: readonly VersionRef[]
  readonly heads: readonly Version[]
  /** A version's id, or {@link PRESENT}. */
  readonly selected: string
  readonly compared: string | undefined
  readonly onSelect: (id: string) => void
  readonly onCompare: (id: string | undefined) => void
}): ReactNode {
  const [shownCount, setShownCount] = useState(SHOWN_COUNT)
  const versionById = useMemo(() => new Map(versions.map((one) => [one.id, one])), [versions])
  const graph = useMemo(
    () => graphOf(versions.slice(-shownCount), heads),
    [versions, heads, shownCount],
  )
  const scale = scaleOf(graph)

  function choose(id: string, event: MouseEvent): void {
    const isSecond = event.shiftKey || event.ctrlKey || event.metaKey
    if (!isSecond) onSelect(id)
    else onCompare(id === selected || id === compared ? undefined : id)
  }

  return (
    <section aria-label="Versions" className={classes.list}>
      <div className={classes.scroll}>
        <div className={classes.graph}>
          <VersionRail graph={graph} versionById={versionById} scale={scale} selected={selected} />
          <ol className={classes.rows} onKeyDown={moveFocus}>
            {graph.places.map(({ id }) => (
              <li key={id} style={{ height: ROW_HEIGHT }}>
                <button
                  type="button"
                  className={classes.row}
                  style={{ paddingLeft: laneX(graph.laneCount, scale) }}
                  aria-pressed={id === selected}
                  data-compared={id === compared}
                  onClick={(event) => choose(id, event)}
                >
                  <Line version={versionById.get(id)} refs={refs} isCompared={id === compared} />
                </button>
              </li>
            ))}
          </ol>
        </div>
        {versions.length > shownCount && (
          <Button
            variant="subtle"
            size="compact-sm"
            m="xs"
            onClick={() => setShownCount(shownCount + SHOWN_COUNT)}
          >
            Show older, {formatCount(versions.length - shownCount)} more
          </Button>
        )}
      </div>
      <p className={classes.hint}>Shift and click, or Shift and Enter, compares with a second.</p>
    </section>
  )
}

function Line({
  version,
  refs,
  isCompared,
}: {
  /** Undefined: the present. */
  readonly version: Version | undefined
  readonly refs: readonly VersionRef[]
  readonly isCompared: boolean
}): ReactNode {
  const { identity } = useUniverse()
  const { people } = usePeople()
  if (version === undefined) {
    return (
      <>
        <span className={classes.title}>
          <span className={classes.name}>The present</span>
          {isCompared && <Compared />}
        </span>
        <span className={classes.facts}>What the graph is now</span>
      </>
    )
  }
  const state = stateTextOf(version)
  const facts = [
    formatMoment(version.createdMs, Date.now()),
    authorOf(version.author, identity, people),
    ...(version.rowCount === null ? [] : [formatPlural(version.rowCount, 'row')]),
  ]
  return (
    <>
      <span className={classes.title}>
        <span className={classes.name}>{titleOf(version)}</span>
        {isCompared && <Compared />}
        {namesOf(refs, 'branch', version.id).map((name) => (
          <span key={name} className={classes.branch}>
            <VisuallyHidden>branch </VisuallyHidden>
            {name}
          </span>
        ))}
        {namesOf(refs, 'tag', version.id).map((name) => (
          <span key={name} className={classes.tag}>
            <VisuallyHidden>tag </VisuallyHidden>
            {name}
          </span>
        ))}
      </span>
      <span className={`${classes.facts} count`} data-state={version.state}>
        {state !== undefined && <span className={classes.state}>{state} · </span>}
        {facts.join(' · ')}
      </span>
    </>
  )
}

function Compared(): ReactNode {
  return <span className={classes.compared}>compared</span>
}

/** The versions under the present, which is drawn as what comes next after the heads. */
function graphOf(versions: readonly Version[], heads: readonly Version[]): VersionGraph {
  const shown = new Set(versions.map(({ id }) => id))
  const present = {
    id: PRESENT,
    parents: heads.map(({ id }) => id).filter((id) => shown.has(id)),
    createdMs: Number.MAX_SAFE_INTEGER,
  }
  // The lane goes on with what was the present: of a merge's parents no order is told.
  const ofPresent = new Set(versions.flatMap(({ id, branch }) => (branch === null ? [id] : [])))
  const nodes = versions.map(({ id, parents, createdMs }) => ({
    id,
    parents: parents.toSorted((a, b) => Number(ofPresent.has(b)) - Number(ofPresent.has(a))),
    createdMs,
  }))
  return layOutVersions([present, ...nodes])
}

function scaleOf({ laneCount }: VersionGraph): GraphScale {
  const laneWidth = laneCount <= WIDE_LANES ? 20 : Math.max(6, (20 * WIDE_LANES) / laneCount)
  return { rowHeight: ROW_HEIGHT, laneWidth, margin: 16 }
}

/** Arrows, Home and End go from one version to another; Tab goes through them as through all buttons. */
function moveFocus(event: KeyboardEvent<HTMLOListElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const index = buttons.indexOf(document.activeElement as HTMLButtonElement)
  const target = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: buttons.length - 1 }[
    event.key
  ]
  if (target === undefined || index < 0) return
  event.preventDefault()
  buttons[target]?.focus()
}
