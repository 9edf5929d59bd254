import { expect, test } from 'vitest'
import { ringPlaces } from './ring.ts'

test('places stay inside of the drawing, with room for their labels', () => {
  for (const count of [1, 5, 18, 48]) {
    for (const { x, y } of ringPlaces(count, 800, 600)) {
      expect(Math.abs(x)).toBeLessThanOrEqual(400 - 100)
      expect(Math.abs(y)).toBeLessThanOrEqual(300 - 30)
    }
  }
})

test('labels point away from the centre', () => {
  for (const { x, labelSide } of ringPlaces(12, 800, 600)) {
    if (labelSide === 'right') expect(x).toBeGreaterThan(0)
    if (labelSide === 'left') expect(x).toBeLessThan(0)
  }
})

test('no two places are the same, and a phone has room too', () => {
  const places = ringPlaces(48, 358, 500)
  expect(new Set(places.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`)).size).toBe(48)
})
