/**
 * Where the neighbours of a centre are drawn: half of them at its right, half at its left, at equal
 * distances from top to bottom and as far out as an ellipse goes there. Names stand outside, one line
 * each, so they cannot overlap as long as the lines do not.
 */

/** A place in pixels, the centre at 0, 0, and the side of it on which the name stands. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly labelSide: 'left' | 'right'
}

/** Room for names left and right, and for the outermost places above and below, in pixels. */
const MARGIN_X = 130
const MARGIN_Y = 24

function radiusXOf(width: number): number {
  // A phone has no such room; there names are cut before the drawing becomes a line.
  return Math.max(width / 2 - MARGIN_X, width * 0.21)
}

/** How wide a name may be in a drawing of this width, in pixels. */
export function nameWidth(width: number): number {
  return width / 2 - radiusXOf(width) - NODE_ROOM
}

/** Half a node, its distance from its name, and a little at the edge, in pixels. */
const NODE_ROOM = 20

/** Places for `count` neighbours in a drawing of this size, clockwise from the top. */
export function ringPlaces(count: number, width: number, height: number): readonly Place[] {
  const radiusX = radiusXOf(width)
  const radiusY = height / 2 - MARGIN_Y
  const rightCount = Math.ceil(count / 2)
  return Array.from({ length: count }, (_, index) => {
    const isRight = index < rightCount
    const sideCount = isRight ? rightCount : count - rightCount
    const line = isRight ? index : count - 1 - index
    const share = ((line + 0.5) / sideCount) * 2 - 1
    const out = radiusX * Math.sqrt(1 - share * share)
    return {
      x: isRight ? out : -out,
      y: radiusY * share,
      labelSide: isRight ? 'right' : 'left',
    }
  })
}
