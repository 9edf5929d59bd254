import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type GraphNode, layOutVersions, pathOfEdge } from './version-graph.ts'

/** Nodes by id, newest first, as `d: 'c b'`. */
function nodes(parentsById: Readonly<Record<string, string>>): GraphNode[] {
  const ids = Object.keys(parentsById)
  return ids.map((id, index) => ({
    id,
    parents: parentsById[id]?.split(' ').filter((parent) => parent !== '') ?? [],
    createdMs: ids.length - index,
  }))
}

/** `id@lane` from the top. */
function lanes(input: readonly GraphNode[]): string[] {
  return layOutVersions(input).places.map(({ id, lane }) => `${id}@${lane}`)
}

test('one after another is one lane', () => {
  const graph = layOutVersions(nodes({ c: 'b', b: 'a', a: '' }))
  expect(graph.places.map(({ id, lane }) => `${id}@${lane}`)).toEqual(['c@0', 'b@0', 'a@0'])
  expect(graph.edges.map(({ child, parent }) => child + parent)).toEqual(['cb', 'ba'])
  expect(graph.laneCount).toBe(1)
})

test('a branch has a lane of its own until where it began', () => {
  expect(lanes(nodes({ present: 'c', branch: 'a', c: 'a', a: '' }))).toEqual([
    'present@0',
    'branch@1',
    'c@0',
    'a@0',
  ])
})

test('a merge is reached by a line from each of its parents', () => {
  const graph = layOutVersions(nodes({ merge: 'b branch', b: 'a', branch: 'a', a: '' }))
  expect(graph.places.map(({ id, lane }) => `${id}@${lane}`)).toEqual([
    'merge@0',
    'b@0',
    'branch@1',
    'a@0',
  ])
  expect(graph.edges).toHaveLength(4)
  expect(graph.edges.find(({ parent }) => parent === 'branch')?.via).toBe(1)
  expect(graph.laneCount).toBe(2)
})

test('a lane that has ended is used again', () => {
  const history = nodes({ d: 'c two', two: 'c', c: 'a one', one: 'a', a: '' })
  expect(layOutVersions(history).laneCount).toBe(2)
})

test('a version stays below what was made of it, whatever the clocks say', () => {
  const child = { id: 'child', parents: ['parent'], createdMs: 1 }
  const parent = { id: 'parent', parents: [], createdMs: 2 }
  expect(lanes([parent, child])).toEqual(['child@0', 'parent@0'])
})

test('a parent that is not here is a line with an open end', () => {
  const [edge] = layOutVersions(nodes({ b: 'dropped' })).edges
  expect(edge?.to).toBeUndefined()
  if (edge === undefined) throw new Error('there is no line')
  expect(pathOfEdge(edge, SCALE)).toBe('M10,30V60')
})

test('lines are straight in a lane and curved between two', () => {
  const graph = layOutVersions(nodes({ merge: 'b branch', b: 'a', branch: 'a', a: '' }))
  const paths = graph.edges.map((edge) => `${edge.child}-${edge.parent} ${pathOfEdge(edge, SCALE)}`)
  expect(paths.toSorted()).toEqual([
    'b-a M10,90V210',
    'branch-a M30,150C30,180 10,180 10,210',
    'merge-b M10,30V90',
    'merge-branch M10,30C10,60 30,60 30,90V150',
  ])
})

const SCALE = { rowHeight: 60, laneWidth: 20, margin: 10 }

/** Histories as they come about: each version names earlier ones, clocks are off. */
const history = fc
  .array(fc.record({ picks: fc.array(fc.nat(), { maxLength: 3 }), createdMs: fc.nat(20) }), {
    maxLength: 30,
  })
  .map((drafts) =>
    drafts.map(
      ({ picks, createdMs }, index): GraphNode => ({
        id: `v${index}`,
        parents: index === 0 ? [] : [...new Set(picks.map((pick) => `v${pick % index}`))],
        createdMs,
      }),
    ),
  )

test('whatever the history, all is drawn, parents below, and no two things in one place', () => {
  fc.assert(
    fc.property(history, fc.nat(), (input, seed) => {
      const graph = layOutVersions(input)
      const rows = new Map(graph.places.map(({ id, row }) => [id, row]))
      expect(rows.size).toBe(input.length)
      expect(graph.edges).toHaveLength(input.flatMap(({ parents }) => parents).length)
      for (const { from, to, via, parent } of graph.edges) {
        expect(to?.id).toBe(parent)
        expect(to?.row ?? 0).toBeGreaterThan(from.row)
        // On its way down a line passes no other version's dot.
        const passed = graph.places.filter(
          ({ row, lane }) => row > from.row && row < (to?.row ?? 0) && lane === via,
        )
        expect(passed).toEqual([])
        expect(via).toBeLessThan(graph.laneCount)
      }
      // The order in which versions are told changes nothing.
      const turned = input.map((_, index) => input[(index + seed) % input.length] as GraphNode)
      expect(layOutVersions(turned)).toEqual(graph)
    }),
  )
})

test('a circle is drawn all the same', () => {
  expect(layOutVersions(nodes({ a: 'b', b: 'a' })).places).toHaveLength(2)
})
