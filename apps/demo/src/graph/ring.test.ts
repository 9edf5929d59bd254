import { expect, test } from 'vitest'
import { ringPlaces } from './ring.ts'

test('places stay inside of the drawing, with room for their names', () => {
  for (const count of [1, 2, 5, 18, 48]) {
    const places = ringPlaces(count, 800, 600)
    expect(places).toHaveLength(count)
    for (const { x, y } of places) {
      expect(Math.abs(x)).toBeLessThanOrEqual(400 - 100)
      expect(Math.abs(y)).toBeLessThanOrEqual(300 - 20)
    }
  }
})

test('names point away from the centre and are a line apart, on a phone as well', () => {
  for (const [width, height] of [
    [800, 640],
    [358, 520],
  ] as const) {
    for (const side of ['left', 'right'] as const) {
      const places = ringPlaces(40, width, height).filter(({ labelSide }) => labelSide === side)
      expect(places).toHaveLength(20)
      expect(places.every(({ x }) => (side === 'right' ? x > 0 : x < 0))).toBe(true)
      const ys = places.map(({ y }) => y).sort((a, b) => a - b)
      ys.slice(1).forEach((y, index) => {
        expect(y - (ys[index] ?? 0)).toBeGreaterThan(16)
      })
    }
  }
})
