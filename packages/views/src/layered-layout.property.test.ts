import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Box, layOut, type Point } from './layered-layout.ts'

const boxes: fc.Arbitrary<readonly Box[]> = fc
  .array(
    fc.record({
      width: fc.integer({ min: 1, max: 200 }),
      height: fc.integer({ min: 1, max: 80 }),
      inputs: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 15 },
  )
  .map((drafts) =>
    drafts.map((box, at) => ({
      ...box,
      inputs: at === 0 ? [] : box.inputs.map((input) => input % at),
    })),
  )

test('boxes are apart and inside of the picture, and edges lead from one to the next below it', () => {
  fc.assert(
    fc.property(boxes, (given) => {
      const layout = layOut(given)
      const placed = given.map((box, at) => ({ ...box, ...(layout.boxes[at] as Point) }))
      for (const [at, box] of placed.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(-0.001)
        expect(box.x + box.width).toBeLessThanOrEqual(layout.width + 0.001)
        expect(box.y + box.height).toBeLessThanOrEqual(layout.height)
        for (const other of placed.slice(at + 1)) {
          const isApart =
            box.x + box.width < other.x ||
            other.x + other.width < box.x ||
            box.y + box.height < other.y ||
            other.y + other.height < box.y
          expect(isApart).toBe(true)
        }
      }
      const ends = placed.flatMap((box) => box.inputs.map((input) => [placed[input], box] as const))
      expect(layout.edges).toHaveLength(ends.length)
      for (const [at, points] of layout.edges.entries()) {
        const [from, to] = ends[at] as readonly [(typeof placed)[0], (typeof placed)[0]]
        expect(points[0]).toEqual({ x: from.x + from.width / 2, y: from.y + from.height })
        expect(points.at(-1)?.y).toBe(to.y)
        for (const [index, point] of points.slice(1).entries()) {
          expect(point.y).toBeGreaterThan(points[index]?.y as number)
        }
      }
    }),
  )
})
