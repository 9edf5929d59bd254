/**
 * Places the boxes of a graph in layers, what feeds above what is fed. For pictures: good enough for
 * graphs of some hundred vertices.
 *
 * After K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System
 * Structures", IEEE Transactions on Systems, Man, and Cybernetics 11 (1981): layers by the longest way,
 * corners where edges cross layers, order by the mean place of neighbours.
 */

/** A box to be placed; inputs are positions in the list of boxes, smaller than its own. Lengths in pixels. */
export interface Box {
  readonly width: number
  readonly height: number
  readonly inputs: readonly number[]
}

/** A point; y grows downwards. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Where all is. Boxes by their upper left corner, edges as points from the lower side of a box to the upper of the next. */
export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Point[]
  /** In the order of boxes and their inputs. */
  readonly edges: readonly (readonly Point[])[]
}

const COLUMN_GAP = 24
const LAYER_GAP = 40

/** How often the order of the layers is improved, downwards and upwards in turn. */
const SWEEPS = 8

/** A box, or a place where an edge passes through a layer. */
interface Place {
  readonly box: Box
  readonly layer: number
  readonly above: Place[]
  readonly below: Place[]
  x: number
}

/** Lays out a graph. Cost: O(boxes + edges × layers), some times over. */
export function layOut(boxes: readonly Box[]): Layout {
  const places: Place[] = []
  for (const box of boxes) {
    const layer = Math.max(-1, ...box.inputs.map((input) => (places[input] as Place).layer)) + 1
    places.push({ box, layer, above: [], below: [], x: 0 })
  }
  const layers: Place[][] = []
  for (const place of places) put(layers, place)
  const ways = places.flatMap((place) =>
    place.box.inputs.map((input) => connect(layers, places[input] as Place, place)),
  )
  order(layers)
  straighten(layers)

  const left = Math.min(0, ...layers.map((layer) => layer[0]?.x ?? 0))
  const tops: number[] = []
  let height = 0
  for (const layer of layers) {
    tops.push(height)
    height += Math.max(...layer.map(({ box }) => box.height)) + LAYER_GAP
  }
  const cornerOf = ({ x, layer }: Place): Point => ({ x: x - left, y: tops[layer] as number })
  return {
    width: Math.max(0, ...layers.flat().map(({ x, box }) => x - left + box.width)),
    height: Math.max(0, height - LAYER_GAP),
    boxes: places.map(cornerOf),
    edges: ways.map((way, at) => pointsOf(way, inputShare(boxes, at), cornerOf)),
  }
}

function put(layers: Place[][], place: Place): void {
  while (layers.length <= place.layer) layers.push([])
  layers[place.layer]?.push(place)
}

/** Puts a corner into every layer that an edge passes. */
function connect(layers: Place[][], from: Place, to: Place): readonly Place[] {
  const way = [from]
  for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
    const corner: Place = {
      box: { width: 0, height: 0, inputs: [] },
      layer,
      above: [],
      below: [],
      x: 0,
    }
    put(layers, corner)
    way.push(corner)
  }
  way.push(to)
  for (const [at, place] of way.entries()) {
    if (at > 0) place.above.push(way[at - 1] as Place)
    if (at < way.length - 1) place.below.push(way[at + 1] as Place)
  }
  return way
}

/** Orders each layer by where its neighbours are in the one before. */
function order(layers: readonly Place[][]): void {
  for (const layer of layers) spread(layer)
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0
    for (const layer of isDown ? layers : layers.toReversed()) {
      const wanted = new Map(layer.map((place) => [place, meanOf(place, isDown)]))
      layer.sort((a, b) => (wanted.get(a) as number) - (wanted.get(b) as number))
      spread(layer)
    }
  }
}

/** One beside the other, as near as they may be. */
function spread(layer: readonly Place[]): void {
  let x = 0
  for (const place of layer) {
    place.x = x
    x += place.box.width + COLUMN_GAP
  }
}

/** Moves boxes towards their neighbours without changing the order. */
function straighten(layers: readonly Place[][]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0
    for (const layer of isDown ? layers : layers.toReversed()) {
      const wanted = layer.map((place) => meanOf(place, isDown) - place.box.width / 2)
      let least = Number.NEGATIVE_INFINITY
      for (const [at, place] of layer.entries()) {
        place.x = Math.max(wanted[at] as number, least)
        least = place.x + place.box.width + COLUMN_GAP
      }
      // Boxes were pushed to the right alone: half of it is taken back by all.
      const pushed = layer.map((place, at) => place.x - (wanted[at] as number))
      const back = pushed.reduce((sum, each) => sum + each, 0) / layer.length
      for (const place of layer) place.x -= back
    }
  }
}

/** The middle of the neighbours on one side; without any, its own. */
function meanOf(place: Place, isDown: boolean): number {
  const neighbours = isDown ? place.above : place.below
  if (neighbours.length === 0) return place.x + place.box.width / 2
  const sum = neighbours.reduce((total, { x, box }) => total + x + box.width / 2, 0)
  return sum / neighbours.length
}

/** Which part of its box's upper side an edge ends at: the left input left of the right one. */
function inputShare(boxes: readonly Box[], edge: number): number {
  let at = edge
  for (const { inputs } of boxes) {
    if (at < inputs.length) return (at + 1) / (inputs.length + 1)
    at -= inputs.length
  }
  return 0.5
}

function pointsOf(
  way: readonly Place[],
  share: number,
  cornerOf: (place: Place) => Point,
): readonly Point[] {
  return way.map((place, at) => {
    const { x, y } = cornerOf(place)
    const { width, height } = place.box
    if (at === 0) return { x: x + width / 2, y: y + height }
    return { x: x + width * (at === way.length - 1 ? share : 0.5), y }
  })
}
