import type { Version } from '@inner-universe/client'
import type { ReactNode } from 'react'
import { type GraphScale, laneX, pathOfEdge, rowY, type VersionGraph } from './version-graph.ts'
import { PRESENT } from './version-line.ts'
import classes from './version-list.module.css'

/** Colours that lanes take in turn. */
const LANE_COLORS = ['iris', 'orange', 'teal', 'grape', 'cyan', 'pink'] as const

/** The drawing beside the list: a dot for each version, a line to each that it was made of. */
export function VersionRail({
  graph: { places, edges, laneCount },
  versionById,
  scale,
  selected,
}: {
  readonly graph: VersionGraph
  readonly versionById: ReadonlyMap<string, Version>
  readonly scale: GraphScale
  readonly selected: string
}): ReactNode {
  return (
    <svg
      className={classes.rail}
      width={laneX(laneCount, scale)}
      height={places.length * scale.rowHeight}
      // All of it is in the list: what was made of what is told beside the version.
      aria-hidden
    >
      {edges.map((edge) => (
        <path
          key={`${edge.child} ${edge.parent}`}
          d={pathOfEdge(edge, scale)}
          className={classes.edge}
          data-kind={
            edge.to === undefined ? 'open' : edge.child === PRESENT ? 'present' : 'version'
          }
          style={{ stroke: colorOf(edge.via) }}
        />
      ))}
      {places.map(({ id, row, lane }) => (
        <circle
          key={id}
          cx={laneX(lane, scale)}
          cy={rowY(row, scale)}
          r={id === selected ? 7 : 5.5}
          className={classes.dot}
          data-state={versionById.get(id)?.state ?? 'present'}
          style={{ '--lane': colorOf(lane) } as never}
        />
      ))}
    </svg>
  )
}

function colorOf(lane: number): string {
  return `var(--mantine-color-${LANE_COLORS[lane % LANE_COLORS.length]}-5)`
}
