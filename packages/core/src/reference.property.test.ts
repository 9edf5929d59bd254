import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReferenceNode, settleRegion, visibleKeys } from './reference.ts'

interface Graph {
  readonly nodes: ReadonlyMap<string, ReferenceNode>
}

const SIZE = 9
const name = fc.nat(SIZE).map((index) => `n${index}`)
const graphs: fc.Arbitrary<Graph> = fc
  .array(
    fc.record({
      isPresent: fc.boolean(),
      isAlive: fc.boolean(),
      cascadeTargets: fc.array(name, { maxLength: 2 }),
      keepTargets: fc.array(name, { maxLength: 2 }),
    }),
    { minLength: SIZE, maxLength: SIZE },
  )
  .map((list) => ({
    nodes: new Map(
      list.flatMap(({ isPresent, ...node }, index) => (isPresent ? [[`n${index}`, node]] : [])),
    ),
  }))

/** All rows whose visibility may depend on the seeds. */
function dependents(nodes: Graph['nodes'], seeds: readonly string[]): Set<string> {
  const region = new Set(seeds.filter((key) => nodes.has(key)))
  for (const key of region) {
    for (const target of nodes.get(key)?.keepTargets ?? [])
      if (nodes.has(target)) region.add(target)
    for (const [other, node] of nodes) if (node.cascadeTargets.includes(key)) region.add(other)
  }
  return region
}

describe('[MR9] visibility', () => {
  it('is a fixpoint: every visible row has its targets and its reason', () => {
    fc.assert(
      fc.property(graphs, ({ nodes }) => {
        const visible = visibleKeys(nodes)
        for (const key of visible) {
          const node = nodes.get(key) as ReferenceNode
          expect(node.cascadeTargets.every((target) => visible.has(target))).toBe(true)
          const isKept = [...visible].some((other) => nodes.get(other)?.keepTargets.includes(key))
          expect(node.isAlive || isKept).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(graphs, ({ nodes }) => {
        expect(visibleKeys(new Map([...nodes].reverse()))).toEqual(visibleKeys(nodes))
      }),
    )
  })

  it('settled for a region equals the whole, if the region holds all that depends on it', () => {
    fc.assert(
      fc.property(graphs, fc.array(name, { maxLength: 4 }), ({ nodes }, seeds) => {
        const visible = visibleKeys(nodes)
        const region = dependents(nodes, seeds)
        const settled = settleRegion(
          new Map([...region].map((key) => [key, nodes.get(key) as ReferenceNode])),
          {
            isVisible: (key) => visible.has(key),
            isKept: (key) =>
              [...visible].some(
                (other) => !region.has(other) && nodes.get(other)?.keepTargets.includes(key),
              ),
          },
        )
        expect(settled).toEqual(new Set([...region].filter((key) => visible.has(key))))
      }),
      { numRuns: 1000 },
    )
  })
})
