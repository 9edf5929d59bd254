/**
 * Maintained relations against SQL and against plain loops, over random relations, rows and histories.
 *
 * More of them: `RUNS=10000 vitest run --project unit packages/client/src/node/relation.property.test.ts`.
 */
import { createClientId, defineModule, formatCallId, type Relation, t } from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { compileRelation } from '@inner-universe/engine/relations'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import {
  type Catalog,
  comparison,
  createCircuit,
  feed,
  inputsOf,
  MemoryState,
  NO_DELTA,
  planRelation,
  ZSet,
} from '@inner-universe/views'
import {
  Choices,
  computeRelation,
  type RowWrite,
  randomRelation,
  randomWrites,
  shopDefinitions,
  shopTables,
} from '@inner-universe/views/testing'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { engineCatalog } from '../worker/live/table-catalog.ts'

const RUNS = Number(process.env.RUNS ?? 300)

const shop = defineModule({
  name: 'shop',
  version: 1,
  tables: shopTables,
  reducers: (reducer) => ({
    write: reducer({ writes: t.json<never>() }, (ctx, { writes }) => {
      for (const { table, id, row } of writes as readonly RowWrite[]) {
        const rows = ctx.db[table as 'edge']
        if (rows.get(id) !== undefined) rows.delete(id)
        if (row !== undefined) rows.insert(row as never)
      }
    }),
    clear: reducer({}, (ctx) => {
      for (const name of Object.keys(shopTables)) {
        for (const { id } of ctx.db[name as 'edge'].all()) ctx.db[name as 'edge'].delete(id)
      }
    }),
  }),
})

const client = createClientId((count) => new Uint8Array(count).fill(7))
const engine: Engine = openEngine({
  driver: openNodeDatabase({ path: ':memory:', durability: 'process' }),
  module: shop,
  now: () => 1_767_225_600_000,
  randomBytes: (count) => new Uint8Array(count).fill(5),
  identity: 'owner',
  stream: 'continue',
})
let callNumber = 0

afterAll(() => engine.close())

/** The changes of one transaction. */
function commit(reducer: string, args: unknown) {
  callNumber += 1
  const { outcomes, changeset } = engine.commit([
    {
      callId: formatCallId(client, callNumber),
      reducer,
      args,
      timestampMs: 1_767_225_600_000,
      sender: 'owner',
      connectionId: null,
      oldestPendingNumber: callNumber,
    },
  ])
  const [outcome] = outcomes
  if (outcome?.ok === false) throw outcome.error
  return changeset?.changes ?? []
}

const write = (choices: Choices) => {
  const writes = randomWrites(choices).map(({ row, ...rest }) => (row ? { ...rest, row } : rest))
  return commit('write', { writes })
}

/** The same tables without any index to look rows up by. */
function withoutLookups(catalog: Catalog): Catalog {
  return {
    table(name) {
      const source = catalog.table(name)
      return {
        table: name,
        primaryKey: source.primaryKey,
        bound: { kind: 'all' },
        page: (after, rowsMax) => source.page(after, rowsMax),
        lookup: () => undefined,
        query: (query) => source.query(query),
      }
    },
  }
}

const numbers = (maxLength: number) => fc.noBias(fc.array(fc.nat(997), { maxLength, size: 'max' }))
const runs = fc.record({
  relation: numbers(60),
  depth: fc.integer({ min: 0, max: 5 }),
  history: numbers(250),
  rowsMax: fc.constantFrom(1, 2, 3, 20),
  hasLookups: fc.boolean(),
  readsWindows: fc.boolean(),
})

test('[VQ1] [VQ2] [VQ3] [VQ13] a maintained relation is what SQL and plain loops compute anew, also while it is filled', () => {
  fc.assert(
    fc.property(runs, ({ relation: numbers, depth, history, ...how }) => {
      run(randomRelation(new Choices(numbers), depth), new Choices(history), how)
    }),
    { numRuns: RUNS, ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) },
  )
}, 3_600_000)

interface How {
  readonly rowsMax: number
  readonly hasLookups: boolean
  readonly readsWindows: boolean
}

function run(
  relation: Relation,
  history: Choices,
  { rowsMax, hasLookups, readsWindows }: How,
): void {
  commit('clear', {})
  for (let batch = history.below(4); batch > 0; batch -= 1) write(history)
  const tables = engineCatalog(shopDefinitions, engine)
  const catalog = hasLookups ? tables : withoutLookups(tables)
  const plan = planRelation(relation, catalog, { tables: shopDefinitions, readsWindows })
  const circuit = createCircuit(plan.graph, new MemoryState())
  let kept = ZSet.from<unknown>([])
  const take = (deltas: ReturnType<typeof circuit.step>) => {
    kept = kept.add(ZSet.fromDelta(deltas.get(plan.output) ?? NO_DELTA))
  }
  let nowMs = 0
  const slices = feed(plan, circuit, tables, { nowMs: () => nowMs++, sliceMs: 1, rowsMax })
  for (const deltas of slices) {
    take(deltas)
    if (history.oneIn(3)) take(circuit.step(inputsOf(plan, tables, write(history))))
  }
  check(relation, kept, plan)
  for (let batch = 0; batch < 5; batch += 1) {
    take(circuit.step(inputsOf(plan, tables, write(history))))
    check(relation, kept, plan)
  }
}

function check(relation: Relation, kept: ZSet, plan: ReturnType<typeof planRelation>): void {
  const maintained = [...kept].flatMap(([row, weight]) => {
    expect(weight).toBeGreaterThan(0)
    return Array.from({ length: weight }, () => row)
  })
  maintained.sort(comparison(plan.order))
  const rows = new Map(
    Object.keys(shopTables).map((name) => [name, engine.query({ table: name, orderBy: [] })]),
  )
  expect(computeRelation(relation, { tables: shopDefinitions }, rows)).toEqual(maintained)
  expect(engine.queryRelation(relation, compileRelation)).toEqual(maintained)
}
