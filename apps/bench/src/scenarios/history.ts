/**
 * Question: what do versions of a universe cost: naming one, reading it, going back, and every write meanwhile?
 *
 * Workload: 100,000 rows in a universe in a file, in Node. A first version, whose content is written in idle
 * time; then 100 versions after one change each. Then a million deltas, a row each, 1,000 under way at a time,
 * with ten versions named on the way, so that every row has changed since the first version; when their contents
 * are written, that one is read:
 * opened with a page of 50 by an index, a row by its id, counts with a condition, the first 100 differences to
 * the present. Then 100 rows are changed and the universe is reverted to before, 20 times. Writes: 400 calls,
 * each awaited and each of another row, with versions and without. States of JSON: 10,000 deltas recorded on
 * the last of 1,000 versions, read by a store that knows nothing yet.
 *
 * Floor: the same reads of a plain table of the same rows over the bare driver; for writes the same calls
 * without versions. Durability `process`: what is asked is the engine's work, not the disk's. On paper: a
 * version is one insert and one marker, 200 µs; a page of the past is two index scans merged, 1 ms; a count
 * reads the past of all rows, 40 ms; a first write after a version copies a row, 20 µs. Not measured: versions
 * that arrive, merges, retention.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { defineModule, openUniverse, t, table, type Universe } from '@inner-universe/client/node'
import type { JsonValue } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { createTemporalStore, standardModule } from '@inner-universe/universe'
import { type Figure, percentiles } from '../figure.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNT = 100_000
const ROWS_PER_CALL = 5_000
const DELTA_COUNT = 1_000_000
const UNDER_WAY = 1_000
const VERSIONS_ON_THE_WAY = 10
const COMMIT_COUNT = 100
const READ_COUNT = 40
const REVERT_COUNT = 20
const CHANGED_ROWS = 100
const WRITE_COUNT = 400
const STATE_COUNT = 1_000
const RECORD_COUNT = 10_000

const tables = {
  card: table({
    key: t.key(),
    title: t.text(),
    rank: t.int(),
    group: t.int(),
    shade: t.int(),
  })
    .index('byRank', ['rank'])
    .index('byGroup', ['group']),
}

const cards = (versions: boolean) =>
  defineModule({
    name: 'benchHistory',
    version: 1,
    versions,
    tables,
    reducers: (reducer) => ({
      fill: reducer({ from: t.int(), count: t.int() }, (ctx, { from, count }) => {
        for (let rank = from; rank < from + count; rank++) {
          ctx.db.card.insert({
            key: `card ${rank}`,
            title: `card ${rank}`,
            rank,
            group: rank % 100,
            shade: rank % 7,
          })
        }
      }),
      rename: reducer({ rank: t.int(), title: t.text() }, (ctx, { rank, title }) => {
        ctx.db.card.update(`card ${rank}`, { title })
      }),
      renameMany: reducer(
        { from: t.int(), count: t.int(), title: t.text() },
        (ctx, { from, count, title }) => {
          for (let rank = from; rank < from + count; rank++) {
            ctx.db.card.update(`card ${rank}`, { title })
          }
        },
      ),
    }),
  })

type CardsModule = ReturnType<typeof cards>
type Cards = Universe<CardsModule['tables'], CardsModule['reducers']>

/** See the file's head. */
export const historyScenario: Scenario = {
  name: 'history',
  question: '100,000 rows, a million deltas: a version named in 5 ms, read in 50 ms',
  async run(bench: Bench): Promise<Figure[]> {
    const folder = await mkdtemp(join(tmpdir(), 'inner-universe-history-'))
    try {
      return [
        ...(await measureVersions(bench, folder)),
        ...(await measureStates(bench, join(folder, 'states'))),
      ]
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
}

async function measureVersions(bench: Bench, folder: string): Promise<Figure[]> {
  const options = { durability: 'process' } as const
  const universe = await openUniverse(cards(true), { ...options, path: join(folder, 'versions') })
  const plain = await openUniverse(cards(false), { ...options, path: join(folder, 'none') })
  try {
    await fill(universe)
    await fill(plain)
    bench.say(`${ROW_COUNT} rows`)
    const figures: Figure[] = []
    const startMs = performance.now()
    const first = await universe.versions.commit('first')
    await untilReady(universe, first.id)
    figures.push({ name: 'content of the first version', unit: 's', p50: secondsSince(startMs) })
    figures.push(await contentSize(universe))
    figures.push(await commits(universe))
    figures.push(...(await writes(universe, plain)))
    await manyDeltas(bench, universe)
    const changed = await universe.sql<{ n: number }>(
      "SELECT count(*) AS n FROM card WHERE title NOT LIKE 'delta %'",
    )
    if (changed[0]?.n !== 0) throw new Error('some rows have not changed since the first version')
    // Reads meanwhile wait for slices of contents being written, up to 8 ms each.
    for (const { id } of await universe.versions.list()) await untilReady(universe, id)
    bench.say('all contents are written')
    figures.push(...(await reads(universe, first.id, join(folder, 'floor'))))
    figures.push(await reverts(universe))
    return figures
  } finally {
    await universe.close()
    await plain.close()
  }
}

async function fill(universe: Cards): Promise<void> {
  for (let from = 0; from < ROW_COUNT; from += ROWS_PER_CALL) {
    await universe.reducers.fill({ from, count: ROWS_PER_CALL })
  }
}

async function untilReady(universe: Cards, id: string): Promise<void> {
  while ((await universe.versions.get(id))?.state !== 'ready') {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function contentSize(universe: Cards): Promise<Figure> {
  const [row] = await universe.sql<{ bytes: number }>(
    'SELECT sum(length(rows)) AS bytes FROM history_chunk',
  )
  return { name: 'its bytes', unit: 'MB', p50: (row?.bytes ?? 0) / 1e6 }
}

async function commits(universe: Cards): Promise<Figure> {
  const times: number[] = []
  for (let n = 0; n < COMMIT_COUNT; n++) {
    await universe.reducers.rename({ rank: rankOf(n), title: `before ${n}` })
    times.push(await msOf(() => universe.versions.commit(`version ${n}`)))
  }
  const budget = { on: 'p50', atMost: 5 } as const
  return { name: 'a version named', unit: 'ms', ...percentiles(times), budget }
}

async function writes(universe: Cards, plain: Cards): Promise<Figure[]> {
  const times: Record<'with' | 'without', number[]> = { with: [], without: [] }
  // In turns, so that what else the machine does falls on both.
  for (let n = 0; n < WRITE_COUNT; n++) {
    const args = { rank: rankOf(n), title: `written ${n}` }
    times.without.push(await msOf(() => plain.reducers.rename(args)))
    times.with.push(await msOf(() => universe.reducers.rename(args)))
  }
  const floor = percentiles(times.without)
  const found = percentiles(times.with)
  return [
    { name: 'a call of one row, without versions', unit: 'ms', ...floor },
    {
      name: 'the same, the first of its row after a version',
      unit: 'ms',
      ...found,
      ratioToFloor: found.p50 / floor.p50,
    },
  ]
}

async function manyDeltas(bench: Bench, universe: Cards): Promise<void> {
  const perVersion = DELTA_COUNT / VERSIONS_ON_THE_WAY
  for (let done = 0; done < DELTA_COUNT; ) {
    const calls = Array.from({ length: UNDER_WAY }, (_, at) =>
      universe.reducers.rename({ rank: (done + at) % ROW_COUNT, title: `delta ${done + at}` }),
    )
    await Promise.all(calls)
    done += UNDER_WAY
    if (done % perVersion !== 0) continue
    if (done < DELTA_COUNT) await universe.versions.commit(`after ${done}`)
    bench.say(`${done} deltas`)
  }
}

async function reads(universe: Cards, first: string, path: string): Promise<Figure[]> {
  const floor = await floorOf(universe, path)
  const past = await universe.versions.at(first)
  const page = async (): Promise<unknown> => {
    const opened = await universe.versions.at(first)
    const rows = await opened.query((q) => q.card.orderBy('rank').limit(50))
    opened.close()
    return rows
  }
  const found: readonly (readonly [string, number | undefined, (n: number) => Promise<unknown>])[] =
    [
      ['opened, with a page of 50 by an index', floor.page, page],
      ['a row by its id', floor.get, (n) => past.get('card', `card ${rankOf(n)}`)],
      [
        'a count with a condition, by an index',
        floor.count,
        (n) => past.count((q) => q.card.where({ group: n % 100 })),
      ],
      [
        'a count with a condition, without one',
        floor.scan,
        (n) => past.count((q) => q.card.where({ shade: n % 7 })),
      ],
      [
        'the first 100 differences to the present',
        undefined,
        () => universe.versions.diff(first, undefined, { limit: 100 }),
      ],
    ]
  const figures: Figure[] = []
  for (const [what, floorMs, read] of found) {
    const times: number[] = []
    for (let n = 0; n < READ_COUNT; n++) times.push(await msOf(() => read(n)))
    const percents = percentiles(times)
    figures.push({
      name: `all rows changed since: ${what}`,
      unit: 'ms',
      ...percents,
      ...(floorMs !== undefined && { ratioToFloor: percents.p50 / floorMs }),
      budget: { on: 'p50', atMost: 50 },
    })
  }
  const [row] = await past.query((q) => q.card.orderBy('rank').limit(1))
  if (row?.title !== 'card 0') throw new Error(`the past has changed: ${row?.title}`)
  past.close()
  return figures
}

/** Medians, in ms, of the same reads of a plain table over the bare driver. */
async function floorOf(
  universe: Cards,
  path: string,
): Promise<{
  readonly page: number
  readonly get: number
  readonly count: number
  readonly scan: number
}> {
  const driver = openNodeDatabase({ path, durability: 'process' })
  driver.exec(
    'CREATE TABLE card (key TEXT PRIMARY KEY, title TEXT, rank INTEGER, "group" INTEGER, shade INTEGER)',
  )
  driver.exec('CREATE INDEX byRank ON card (rank)')
  driver.exec('CREATE INDEX byGroup ON card ("group")')
  driver.exec('BEGIN')
  const insert = driver.prepare('INSERT INTO card VALUES (?1, ?2, ?3, ?4, ?5)')
  for (const { key, title, rank, group, shade } of await universe.query((q) => q.card)) {
    insert.run([key, title, rank, group, shade])
  }
  driver.exec('COMMIT')
  const page = driver.prepare('SELECT * FROM card ORDER BY rank LIMIT 50')
  const get = driver.prepare('SELECT * FROM card WHERE key = ?1')
  const count = driver.prepare('SELECT count(*) FROM card WHERE "group" = ?1')
  const scan = driver.prepare('SELECT count(*) FROM card WHERE shade = ?1')
  const medianOf = async (read: (n: number) => unknown): Promise<number> => {
    const times: number[] = []
    for (let n = 0; n < READ_COUNT; n++) times.push(await msOf(async () => read(n)))
    return percentiles(times).p50
  }
  const medians = {
    page: await medianOf(() => page.all()),
    get: await medianOf((n) => get.get([`card ${rankOf(n)}`])),
    count: await medianOf((n) => count.get([n % 100])),
    scan: await medianOf((n) => scan.get([n % 7])),
  }
  driver.close()
  return medians
}

async function reverts(universe: Cards): Promise<Figure> {
  const times: number[] = []
  for (let n = 0; n < REVERT_COUNT; n++) {
    const before = await universe.versions.commit(`before ${n}`)
    const from = n * CHANGED_ROWS
    await universe.reducers.renameMany({ from, count: CHANGED_ROWS, title: 'wrong' })
    times.push(await msOf(() => universe.versions.revertTo(before.id)))
    const wrong = await universe.count((q) => q.card.where({ title: 'wrong' }))
    if (wrong > 0) throw new Error(`${wrong} rows were not reverted`)
  }
  const budget = { on: 'p50', atMost: 50 } as const
  return { name: '100 changed rows reverted', unit: 'ms', ...percentiles(times), budget }
}

async function measureStates(bench: Bench, path: string): Promise<Figure[]> {
  const universe = await openUniverse(standardModule, { path, durability: 'process' })
  try {
    const store = createTemporalStore(universe)
    const state = { title: 'x', n: 0, tags: Array.from({ length: 50 }, (_, n) => `tag ${n}`) }
    const ids: string[] = []
    for (let n = 0; n < STATE_COUNT; n++) {
      const tags = state.tags.with(n % 50, `changed ${n}`)
      ids.push(await store.commitVersion({ ...state, n, tags } as JsonValue, `commit ${n}`))
    }
    const last = ids.at(-1) as string
    for (let done = 0; done < RECORD_COUNT; done += UNDER_WAY) {
      await Promise.all(
        Array.from({ length: UNDER_WAY }, (_, at) =>
          universe.reducers.recordDelta({
            versionId: last,
            operations: [{ kind: 'set', path: 'n', value: done + at }],
            metadata: {},
          }),
        ),
      )
    }
    bench.say(`${STATE_COUNT} states, ${RECORD_COUNT} deltas`)
    const times = async (read: (n: number) => Promise<unknown>): Promise<number[]> => {
      const found: number[] = []
      for (let n = 0; n < READ_COUNT; n++) found.push(await msOf(() => read(n)))
      return found
    }
    const checkout = await times((n) =>
      createTemporalStore(universe).checkout(ids[n * 20] as string),
    )
    const working = await times(() => createTemporalStore(universe).workingState(last))
    return [
      { name: 'a state of JSON checked out, of 1,000', unit: 'ms', ...percentiles(checkout) },
      { name: 'a state with 10,000 deltas recorded on it', unit: 'ms', ...percentiles(working) },
    ]
  } finally {
    await universe.close()
  }
}

/** Ranks far from each other, none twice before all were there. */
function rankOf(n: number): number {
  return (n * 997) % ROW_COUNT
}

async function msOf(run: () => PromiseLike<unknown>): Promise<number> {
  const startMs = performance.now()
  await run()
  return performance.now() - startMs
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000
}
