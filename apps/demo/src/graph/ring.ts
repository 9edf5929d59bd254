/** Where the neighbours of a centre are drawn: on an ellipse as wide as there is room. */

/** A place in pixels, the centre at 0, 0, and the side of it on which a label has room. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly labelSide: 'left' | 'right' | 'top' | 'bottom'
}

/** Room for labels left and right, and above and below, in pixels. */
const MARGIN_X = 130
const MARGIN_Y = 44

/** From this many on, every second one moves inwards, or the labels would overlap. */
const CROWDED_COUNT = 18

/** How far inwards, as a share of the radius. */
const INNER_SHARE = 0.7

/** Places for `count` neighbours in a drawing of this size, clockwise from the top. */
export function ringPlaces(count: number, width: number, height: number): readonly Place[] {
  const radiusX = Math.max(width / 2 - MARGIN_X, width * 0.26)
  const radiusY = Math.max(height / 2 - MARGIN_Y, height * 0.26)
  return Array.from({ length: count }, (_, index) => {
    // Half a step off the top, so that no label is right above the centre's own.
    const angle = ((index + 0.5) / count) * 2 * Math.PI - Math.PI / 2
    const share = count >= CROWDED_COUNT && index % 2 === 1 ? INNER_SHARE : 1
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const labelSide =
      Math.abs(cos) < 0.01 ? (sin > 0 ? 'bottom' : 'top') : cos > 0 ? 'right' : 'left'
    return { x: radiusX * share * cos, y: radiusY * share * sin, labelSide }
  })
}
