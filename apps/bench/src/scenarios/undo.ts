/**
 * Question: what does it cost to undo a step in a large universe, and to record a call?
 *
 * Workload: 100,000 rows in a universe in a file, in Node. 400 calls one after the other, each awaited, that
 * rename a row, once as they are and once recorded; then 200 steps undone and done again: renames of one
 * cell, each of another row; then 200 that rename one and the same row, whose steps all name it; then
 * insertions of a row. Floor: the same calls unrecorded. Durability `process`: what is asked is the engine's
 * work, not the disk's. On paper: a recorded call reads its row twice and writes two rows of steps, 60 µs; an
 * undo reads and writes the same and merges one delta, 200 µs. Not measured: steps of many rows, sync.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import {
  defineModule,
  openUniverse,
  t,
  table,
  type Universe,
  type UniverseUndo,
} from '@inner-universe/client/node'
import { type Figure, percentiles } from '../figure.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNT = 100_000
const ROWS_PER_CALL = 5_000
const CALL_COUNT = 400
const STEP_COUNT = 200

const cards = defineModule({
  name: 'benchUndo',
  version: 1,
  tables: {
    card: table({ key: t.key(), title: t.text(), rank: t.int() }).index('byRank', ['rank']),
  },
  reducers: (reducer) => ({
    fill: reducer({ from: t.int(), count: t.int() }, (ctx, { from, count }) => {
      for (let rank = from; rank < from + count; rank++) {
        ctx.db.card.insert({ key: `card ${rank}`, title: 'as it was', rank })
      }
    }),
    rename: reducer({ rank: t.int(), title: t.text() }, (ctx, { rank, title }) => {
      ctx.db.card.update(`card ${rank}`, { title })
    }),
    add: reducer({ rank: t.int() }, (ctx, { rank }) => {
      ctx.db.card.insert({ key: `new ${rank}`, title: 'new', rank })
    }),
  }),
})

type Cards = Universe<typeof cards.tables, typeof cards.reducers>
type CardUndo = UniverseUndo<typeof cards.reducers>

/** See the file's head. */
export const undoScenario: Scenario = {
  name: 'undo',
  question: 'a step undone or done again in 100,000 rows: at most 2 ms p50',
  async run(bench: Bench): Promise<Figure[]> {
    const folder = await mkdtemp(join(tmpdir(), 'inner-universe-undo-'))
    const universe = await openUniverse(cards, {
      path: join(folder, 'universe'),
      durability: 'process',
    })
    try {
      for (let from = 0; from < ROW_COUNT; from += ROWS_PER_CALL) {
        await universe.reducers.fill({ from, count: ROWS_PER_CALL })
      }
      bench.say(`${ROW_COUNT} rows`)
      return await measure(universe)
    } finally {
      await universe.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
}

async function measure(universe: Cards): Promise<Figure[]> {
  const rankOf = (n: number): number => (n * 997) % ROW_COUNT
  const plain = await timesOf(CALL_COUNT, (n) =>
    universe.reducers.rename({ rank: rankOf(n), title: `plain ${n}` }),
  )
  const history = await universe.undo({ scope: 'bench', groupMs: 0 })
  const recorded = await timesOf(CALL_COUNT, (n) =>
    history.reducers.rename({ rank: rankOf(n), title: `recorded ${n}` }),
  )
  const floor = percentiles(plain)
  const call = percentiles(recorded)
  const figures: Figure[] = [
    { name: 'call, not recorded', unit: 'ms', ...floor },
    { name: 'call, recorded', unit: 'ms', ...call, ratioToFloor: call.p50 / floor.p50 },
    ...(await turns(history, floor.p50, 'one cell, another row each')),
  ]
  for (let n = 0; n < STEP_COUNT; n++) {
    await history.reducers.rename({ rank: 7, title: `same ${n}` })
  }
  figures.push(...(await turns(history, floor.p50, 'one cell of one row, again and again')))
  for (let n = 0; n < STEP_COUNT; n++) await history.reducers.add({ rank: n })
  figures.push(...(await turns(history, floor.p50, 'an inserted row')))
  return figures
}

async function turns(history: CardUndo, floorMs: number, what: string): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of ['undo', 'redo'] as const) {
    const times = await timesOf(STEP_COUNT, async () => {
      const { isDone, skippedCount } = await history[kind]()
      if (!isDone || skippedCount > 0) throw new Error(`${kind} of ${what} was not whole`)
    })
    const found = percentiles(times)
    const budget = { on: 'p50', atMost: 2 } as const
    const ratioToFloor = found.p50 / floorMs
    figures.push({ name: `${kind}: ${what}`, unit: 'ms', ...found, ratioToFloor, budget })
  }
  return figures
}

async function timesOf(count: number, run: (n: number) => PromiseLike<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const startMs = performance.now()
    await run(n)
    times.push(performance.now() - startMs)
  }
  return times
}
