// Operators with rounds and bodies over a store that outlives the process: reopened between steps, and
// after steps that fail in the middle.
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { startTestPostgres, type TestPostgres } from '@inner-universe/tooling'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { count, sum } from '../aggregates.ts'
import { compile, source } from '../compile.ts'
import { pick } from '../index-key.ts'
import { iteration } from '../iteration.ts'
import { openMemoryStore } from '../store/memory.ts'
import { openPostgresStore } from '../store/postgres/open-postgres-store.ts'
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts'
import type { StoreClock, ViewStore } from '../store/view-store.ts'
import { ZSet } from '../zset.ts'
import { defineCache } from './cache.ts'
import type { ReachablePair } from './reachable.ts'

interface Edge {
  readonly from: number
  readonly to: number
}

interface Answer {
  readonly n: number
  readonly total: number | null
}

const FAILING = 99

const network = compile({
  sources: { edges: source<Edge>() },
  query: ({ edges }, graph) => {
    const pairs = graph.recurse(edges, (rows, bring) =>
      rows.join(bring(edges), {
        left: ({ to }) => to,
        right: ({ from }) => from,
        combine: ({ from }, { to }): Edge => ({ from, to }),
      }),
    )
    const ways = edges.reachable({ from: ({ from }) => from, to: ({ to }) => to })
    const perNode = pairs.perGroup(
      ({ from }) => from,
      (rows) =>
        rows
          .map(({ to }) => to % 3)
          .distinct()
          .group({
            by: () => 'all',
            aggregates: { n: count(), total: sum((rest) => rest) },
            combine: (_, { n, total }): Answer => ({ n, total }),
          })
          .concat(
            rows
              .window({ orderBy: pick((row: Edge) => row.to).order, limit: 1 })
              .map(({ to }): Answer => ({ n: to, total: null })),
          ),
    )
    const kept = ways.cache(defineCache('kept', { by: pick(({ from }: ReachablePair) => from) }))
    // Fails after everything else has written.
    const checked = kept.map((way) => {
      if (way.to === FAILING) throw new Error('no way leads there')
      return way
    })
    return { pairs, perNode, checked }
  },
})

const clock: StoreClock = { nowMs: () => 0, wait: () => Promise.resolve() }

const edge = fc.record({ from: fc.nat(5), to: fc.nat(5) })
const steps = fc.array(
  fc.record({
    changes: fc.array(fc.tuple(edge, fc.constantFrom(1, 1, -1)), { minLength: 1, maxLength: 4 }),
    fails: fc.boolean(),
    reopens: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

/** Where the state of one history is. */
interface Place {
  open(): Promise<ViewStore>
  remove(): Promise<void>
}

function inSqlite(): Place {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  return {
    open: () =>
      openSqliteStore({ view: 'network', definition: network, driver, clock, cachedMax: 4 }),
    remove: async () => driver.close(),
  }
}

let server: TestPostgres
let pool: pg.Pool
let schemaCount = 0

beforeAll(async () => {
  server = await startTestPostgres()
  pool = new pg.Pool({ connectionString: server.url, max: 2 })
}, 120_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

function inPostgres(): Place {
  schemaCount += 1
  const schema = `views_rounds_${process.pid}_${schemaCount}`
  return {
    open: () => openPostgresStore({ view: 'network', definition: network, pool, schema, clock }),
    remove: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    },
  }
}

test.each([
  { name: 'SQLite', place: inSqlite, numRuns: 25 },
  { name: 'Postgres', place: inPostgres, numRuns: 4 },
])(
  '[VA64] [VA69] [VA72] state in $name gives what memory gives, reopened and after failures',
  async ({ place, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { open, remove } = place()
        const memory = await openMemoryStore({ view: 'network', definition: network, clock })
        let stored = await open()
        for (const { changes, fails, reopens } of history) {
          const edges = ZSet.fromEntries<Edge>(changes)
          if (fails) {
            const broken = { edges: edges.add(ZSet.from([{ from: 1, to: FAILING }])) }
            await expect(iteration(stored, network, broken)).rejects.toThrow('no way leads there')
            await expect(iteration(memory, network, broken)).rejects.toThrow('no way leads there')
          }
          if (reopens) {
            await stored.close()
            stored = await open()
          }
          const expected = await iteration(memory, network, { edges })
          const given = await iteration(stored, network, { edges })
          expect(new Map(given.pairs)).toEqual(new Map(expected.pairs))
          expect(new Map(given.perNode)).toEqual(new Map(expected.perNode))
          expect(new Map(given.checked)).toEqual(new Map(expected.checked))
        }
        expect(await stored.verify()).toBe(true)
        await stored.close()
        await remove()
      }),
      { numRuns },
    )
  },
  60_000,
)
