import { queriesOf, type Row } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { type Delta, NO_DELTA } from '../delta.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { shopDefinitions, shopTables } from '../testing/random-relation.ts'
import { ZSet } from '../zset.ts'
import { type FeedOptions, feed, inputsOf } from './feed.ts'
import { planRelation } from './plan.ts'

const q = queriesOf(shopTables)
const product = (id: string, name = 'a') => ({
  table: 'product',
  id,
  row: { id, name, price: 1, stock: null, data: null, tags: [] },
})

function start(count: number, query = q.product.where({ name: 'a' })) {
  const tables = new MemoryTables(shopDefinitions)
  tables.write(Array.from({ length: count }, (_, at) => product(`p${1_000 + at}`)))
  const plan = planRelation(query.relation, tables, { tables: shopDefinitions })
  const circuit = createCircuit(plan.graph, new MemoryState())
  let kept = ZSet.from<Row>([])
  const take = (delta: Delta = NO_DELTA) => {
    kept = kept.add(ZSet.fromDelta(delta as Delta<Row>))
    return delta.length
  }
  return {
    *slices(options: FeedOptions): Generator<number, void> {
      for (const deltas of feed(plan, circuit, tables, options)) yield take(deltas.get('rows'))
    },
    write(writes: Parameters<MemoryTables['write']>[0]) {
      const inputs = inputsOf(plan, tables, tables.write(writes))
      return take(circuit.step(inputs).get('rows'))
    },
    ids: () => [...kept].map(([{ id }, weight]) => [id, weight]),
  }
}

test('[VQ13] rows of a table come in slices, in order of the primary key', () => {
  const { slices } = start(5)
  expect([...slices({ nowMs: () => 0, sliceMs: 8, rowsMax: 2 })]).toEqual([0, 2, 2, 1])
})

test('[VQ13] changes between slices are taken in up to what was fed, and beyond it fed as they are then', () => {
  const { slices, write, ids } = start(4)
  const steps = slices({ nowMs: () => 0, sliceMs: 8, rowsMax: 2 })
  steps.next()
  steps.next()
  // Before and behind p1001, the last one fed.
  expect(write([product('p1000', 'b'), product('p0')])).toBe(2)
  expect(write([product('p1003', 'b'), product('p1002', 'b'), product('p1002', 'a')])).toBe(0)
  expect(write([{ table: 'product', id: 'p1001', row: undefined }])).toBe(1)
  for (const _ of steps);
  expect(ids()).toEqual([
    ['p0', 1],
    ['p1002', 1],
  ])
  expect(write([product('p9')])).toBe(1)
})

test('[VQ14] slices grow while they are quick, at most fourfold, and shrink when they take too long', () => {
  let nowMs = 0
  const { slices } = start(1_000)
  const quick = slices({ nowMs: () => nowMs++, sliceMs: 8 })
  expect([quick.next(), quick.next(), quick.next()].map(({ value }) => value)).toEqual([0, 64, 256])
  const slow = start(100).slices({ nowMs: () => (nowMs += 16), sliceMs: 8 })
  expect([...slow]).toEqual([0, 64, 32, 4])
})
