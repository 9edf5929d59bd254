import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig, startRelay } from '@inner-universe/relay'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterAll, expect, test, vi } from 'vitest'
import type { Universe } from '../main/universe.ts'
import { BOARD_VIEWS_SQL, boards } from '../testing/boards.ts'
import { openUniverse } from './index.ts'

const SYNC_MS_MAX = 15_000

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-views-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function expectRight(universe: Pick<Universe, 'sql'>): Promise<void> {
  const texts = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort()
  for (const [view, sql] of Object.entries(BOARD_VIEWS_SQL)) {
    const [kept, computed] = await Promise.all([
      universe.sql(`SELECT * FROM ${view}`),
      universe.sql(sql),
    ])
    expect([view, texts(kept)]).toEqual([view, texts(computed)])
  }
}

/** A machine that is busy fills them after the universe is open. */
function filled(universe: Pick<Universe, 'viewStates'>): Promise<void> {
  return vi.waitFor(
    async () => {
      const states = await universe.viewStates()
      expect(states.map(({ kind }) => kind)).toEqual(states.map(() => 'ready'))
    },
    { timeout: SYNC_MS_MAX },
  )
}

test('[VD10] a view is read by typed queries, counted, followed, listened to and asked in SQL', async () => {
  const universe = await openUniverse(boards, { memory: true })
  await filled(universe)
  const { reducers } = universe
  const changes: unknown[] = []
  const stop = universe.onChanges(['drafts'], (change) => changes.push(change))
  const states: unknown[] = []
  const stopLive = universe
    .live((q) => q.drafts.where({ count: { gt: 1 } }))
    .subscribe(({ rows, isReady }) => isReady && states.push(rows))
  await reducers.draft({ key: '1', text: 'x' })
  await reducers.draft({ key: '2', text: 'x' })
  await reducers.draft({ key: '3', text: 'y' })
  const [row] = await universe.query((q) => q.drafts.orderBy('count', 'desc'))
  expect(row).toEqual({ text: 'x', count: 2 })
  // The type is that of the query that declares it.
  const count: number | undefined = row?.count
  expect(count).toBe(2)
  expect(await universe.count((q) => q.drafts.where({ count: 1 }))).toBe(1)
  expect(await universe.sql('SELECT * FROM drafts WHERE text = ?1', ['x'])).toEqual([row])
  expect(states.at(-1)).toEqual([row])
  expect(changes).toHaveLength(3)
  expect(changes[1]).toEqual({
    origin: 'local',
    changes: [
      {
        table: 'drafts',
        id: 'x',
        before: { text: 'x', count: 1 },
        after: { text: 'x', count: 2 },
      },
    ],
  })
  stop()
  stopLive()
  await universe.close()
})

test('[VD10] a file with views is exported and imported with them', async () => {
  const path = join(directory, 'exported.sqlite')
  const [from, to] = await Promise.all([
    openUniverse(boards, { path }),
    openUniverse(boards, { memory: true }),
  ])
  await from.reducers.addMany({ count: 50 })
  await filled(from)
  await to.importFile(from.exportFile())
  const states = await to.viewStates()
  expect(states.map((state) => state.kind === 'ready' && state.fedRows)).toEqual(
    states.map(() => 0),
  )
  await to.reducers.putTodo({ key: 'new', owner: 'me' })
  await expectRight(to)
  expect(await to.verify()).toEqual([])
  await Promise.all([from.close(), to.close()])
})

test('[VD10] an import is not refused for damaged views, which are built anew', async () => {
  const path = join(directory, 'damaged.sqlite')
  const from = await openUniverse(boards, { path })
  await from.reducers.addMany({ count: 20 })
  await filled(from)
  await from.close()
  const file = openNodeDatabase({ path, durability: 'process' })
  file.exec('UPDATE _vrows_total SET count = 3')
  file.close()
  const to = await openUniverse(boards, { path: join(directory, 'imported.sqlite') })
  await to.importFile(new Blob([readFileSync(path)]))
  await filled(to)
  await expectRight(to)
  expect(await to.verify()).toEqual([])
  await to.close()
})

test('[VD11] a device that joins by an image builds its views from it, and keeps what is its own', {
  timeout: SYNC_MS_MAX * 3,
}, async () => {
  const relay = await startRelay(
    parseConfig(
      {
        port: 0,
        storage: 'memory',
        devTokens: true,
        logLevel: 'silent',
        retention: { imageEveryEntries: 5, everyMs: 50 },
      },
      directory,
    ),
  )
  const token = async (): Promise<string> => {
    const body = JSON.stringify({ universe: 'boards', identity: 'ada' })
    const response = await fetch(`${relay.url.replace('ws', 'http')}/v1/dev/token`, {
      method: 'POST',
      body,
    })
    return ((await response.json()) as { token: string }).token
  }
  const sync = { url: relay.url, universe: 'boards', token }
  const one = await openUniverse(boards, { memory: true, sync })
  for (let at = 0; at < 30; at++) await one.reducers.addMany({ count: 10, from: at * 10 })
  await one.reducers.putTodo({ key: 'last' }).confirmed
  const late = await openUniverse(boards, { path: join(directory, 'late'), sync })
  await late.reducers.draft({ key: 'd', text: 'mine' })
  await late.reducers.putTodo({ key: 'late', owner: 'me' })
  await vi.waitFor(
    async () => {
      expect(await late.count((q) => q.openTodos)).toBe(202)
      expect(await one.count((q) => q.openTodos)).toBe(202)
    },
    { timeout: SYNC_MS_MAX, interval: 50 },
  )
  await Promise.all([filled(late), filled(one)])
  await expectRight(late)
  await expectRight(one)
  expect(await late.query((q) => q.drafts)).toEqual([{ text: 'mine', count: 1 }])
  expect(await late.digest()).toBe(await one.digest())
  await Promise.all([one.close(), late.close()])
  await relay.close()
})
