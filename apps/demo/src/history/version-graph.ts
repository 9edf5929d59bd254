/** Where versions and the lines between them are drawn: rows from the newest down, lanes side by side. */

/** What is drawn of a version. */
export interface GraphNode {
  readonly id: string
  readonly parents: readonly string[]
  readonly createdMs: number
}

/** A version's place; row 0 is the topmost, lane 0 the leftmost. */
export interface GraphPlace {
  readonly id: string
  readonly row: number
  readonly lane: number
}

/** A line from a version down to one it was made of. It leaves its row into lane `via` and stays there. */
export interface GraphEdge {
  readonly child: string
  readonly parent: string
  readonly from: GraphPlace
  readonly via: number
  /** Undefined: the parent is not here, was dropped or has not come yet; the line ends in the next row. */
  readonly to: GraphPlace | undefined
}

/** The whole drawing. */
export interface VersionGraph {
  /** From the top. */
  readonly places: readonly GraphPlace[]
  readonly edges: readonly GraphEdge[]
  readonly laneCount: number
}

interface OpenEdge {
  readonly child: string
  readonly parent: string
  readonly from: GraphPlace
  readonly via: number
}

/**
 * Lays versions out: each below all that were made of it, else the newest on top.
 *
 * A version goes on in the lane of the leftmost line that comes to it, and hands its lane to its first
 * parent. Clocks of devices differ, and ids are the last word, so that all devices draw the same. A circle of
 * parents, which nobody can make by naming what is there, is cut at its newest.
 */
export function layOutVersions(nodes: readonly GraphNode[]): VersionGraph {
  const nodeById = new Map(nodes.map((node) => [node.id, node]))
  const places: GraphPlace[] = []
  const edges: GraphEdge[] = []
  // What comes down each lane at the moment; undefined: the lane is free.
  const lanes: (readonly OpenEdge[] | undefined)[] = []

  for (const node of inOrder(nodes, nodeById)) {
    const arriving = lanes.flatMap((open, lane) => (open?.[0]?.parent === node.id ? [lane] : []))
    const lane = arriving[0] ?? freeLane(lanes)
    const place: GraphPlace = { id: node.id, row: places.length, lane }
    places.push(place)
    for (const open of arriving) {
      for (const edge of lanes[open] ?? []) edges.push({ ...edge, to: place })
      lanes[open] = undefined
    }
    // Else the next that has no line to it would be put on this row's dot.
    lanes[lane] ??= []
    for (const [ordinal, parent] of [...new Set(node.parents)].entries()) {
      const edge = { child: node.id, parent, from: place }
      if (!nodeById.has(parent) || isPlaced(places, parent)) {
        edges.push({ ...edge, via: lane, to: undefined })
        continue
      }
      const shared = lanes.findIndex((open) => open?.[0]?.parent === parent)
      const via =
        shared >= 0 && ordinal > 0 ? shared : lanes[lane]?.length === 0 ? lane : freeLane(lanes)
      lanes[via] = [...(lanes[via] ?? []), { ...edge, via }]
    }
    if (lanes[lane]?.length === 0) lanes[lane] = undefined
  }
  return { places, edges, laneCount: Math.max(1, lanes.length) }
}

/** A node before its parents, and of those that may come next the newest. */
function inOrder(
  nodes: readonly GraphNode[],
  nodeById: ReadonlyMap<string, GraphNode>,
): readonly GraphNode[] {
  const childCounts = new Map<string, number>()
  for (const { parents } of nodes) {
    for (const parent of new Set(parents)) {
      childCounts.set(parent, (childCounts.get(parent) ?? 0) + 1)
    }
  }
  const waiting = [...nodes].sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? 1 : -1))
  const ordered: GraphNode[] = []
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ id }) => (childCounts.get(id) ?? 0) === 0)
    const [next] = waiting.splice(Math.max(0, ready), 1)
    if (next === undefined) break
    ordered.push(next)
    for (const parent of new Set(next.parents)) {
      if (nodeById.has(parent)) childCounts.set(parent, (childCounts.get(parent) ?? 0) - 1)
    }
  }
  return ordered
}

function isPlaced(places: readonly GraphPlace[], id: string): boolean {
  return places.some((place) => place.id === id)
}

function freeLane(lanes: readonly (readonly OpenEdge[] | undefined)[]): number {
  const free = lanes.indexOf(undefined)
  return free < 0 ? lanes.length : free
}

/** Sizes of the drawing, in px. */
export interface GraphScale {
  readonly rowHeight: number
  readonly laneWidth: number
  readonly margin: number
}

/** Where the middle of a lane is. */
export function laneX(lane: number, { laneWidth, margin }: GraphScale): number {
  return margin + lane * laneWidth
}

/** Where the middle of a row is. */
export function rowY(row: number, { rowHeight }: GraphScale): number {
  return row * rowHeight + rowHeight / 2
}

/** The path of a line, for the `d` of an SVG path: straight in its lane, curved where it changes lanes. */
export function pathOfEdge({ from, via, to }: GraphEdge, scale: GraphScale): string {
  const [x, y] = [laneX(from.lane, scale), rowY(from.row, scale)]
  if (to === undefined) return `M${x},${y}V${y + scale.rowHeight / 2}`
  const [endX, endY, viaX] = [laneX(to.lane, scale), rowY(to.row, scale), laneX(via, scale)]
  if (to.row === from.row + 1) return `M${x},${y}${curveTo(x, y, endX, endY)}`
  const [startY, stopY] = [y + scale.rowHeight, endY - scale.rowHeight]
  const out = viaX === x ? '' : curveTo(x, y, viaX, startY)
  const back = endX === viaX ? '' : curveTo(viaX, stopY, endX, endY)
  return `M${x},${y}${out}V${back === '' ? endY : stopY}${back}`
}

function curveTo(x: number, y: number, endX: number, endY: number): string {
  if (x === endX) return `V${endY}`
  const middle = (y + endY) / 2
  return `C${x},${middle} ${endX},${middle} ${endX},${endY}`
}
