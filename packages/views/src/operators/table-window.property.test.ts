import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Delta, NO_DELTA } from '../delta.ts'
import { createGraph } from '../graph.ts'
import { comparison, MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { OrderTerm } from '../state.ts'
import { ZSet } from '../zset.ts'
import { tableWindowNode } from './table-window.ts'

interface Item {
  readonly id: number
  readonly at: number | null
}

const order: readonly OrderTerm<Item>[] = [
  { pick: ({ at }) => at, isDescending: true },
  { pick: ({ id }) => id, isDescending: false },
]
const fits = ({ at }: Item): boolean => at !== 3
const write = fc.tuple(fc.nat(60), fc.option(fc.option(fc.nat(9)), { freq: 2, nil: undefined }))
const batches = fc.array(fc.array(write, { maxLength: 40 }), { maxLength: 30 })

/** The window over a table, and how often it was read. */
function open(limit: number, offset: number) {
  const table = new Map<number, Item>()
  let reads = 0
  const graph = createGraph()
  const node = tableWindowNode<Item>({
    test: fits,
    order,
    limit,
    offset,
    parameters: null,
    read: (rowsMax) => {
      reads += 1
      return [...table.values()].filter(fits).toSorted(comparison(order)).slice(0, rowsMax)
    },
  })
  graph.output('out', graph.add(node, [graph.source<Item>('table')]))
  const circuit = createCircuit(graph, new MemoryState())
  const step = (delta: Delta) => circuit.step(new Map([['table', delta]])).get('out') ?? NO_DELTA
  return { table, step, reads: () => reads }
}

test('[VQ15] a window over a table shows the same rows as one that keeps the whole table', () => {
  fc.assert(
    fc.property(
      batches,
      fc.constantFrom(0, 1, 3, 10),
      fc.constantFrom(0, 1, 4),
      (history, limit, offset) => {
        const { table, step } = open(limit, offset)
        let shown = ZSet.from<unknown>([])
        for (const writes of history) {
          const delta = new Delta<Item>()
          for (const [id, at] of writes) {
            const before = table.get(id)
            if (before !== undefined) delta.push(before, -1)
            if (at === undefined) table.delete(id)
            else {
              const after = { id, at }
              table.set(id, after)
              delta.push(after, 1)
            }
          }
          shown = shown.add(ZSet.fromDelta(step(delta)))
          const all = [...table.values()].filter(fits).toSorted(comparison(order))
          expect(shown.equals(ZSet.from<unknown>(all.slice(offset, offset + limit)))).toBe(true)
        }
      },
    ),
    { numRuns: 400 },
  )
})

test('[VQ15] it reads the table once, and again only after more deletions than it has rows to spare', () => {
  const { table, step, reads } = open(10, 0)
  for (let id = 0; id < 10_000; id += 1) table.set(id, { id, at: id + 10 })
  step(new Delta())
  const change = (id: number, at: number | undefined) => {
    const delta = new Delta<Item>()
    const before = table.get(id)
    if (before !== undefined) delta.push(before, -1)
    if (at === undefined) table.delete(id)
    else {
      table.set(id, { id, at })
      delta.push({ id, at }, 1)
    }
    return step(delta)
  }
  for (let id = 0; id < 1_000; id += 1) change(id, 5)
  for (let id = 9_999; id >= 9_968; id -= 1) change(id, undefined)
  expect(reads()).toBe(1)
  for (let id = 9_967; id >= 9_936; id -= 1) change(id, undefined)
  expect(reads()).toBe(2)
  expect(change(1, 20_000).rows).toEqual([
    { id: 9_926, at: 9_936 },
    { id: 1, at: 20_000 },
  ])
})
