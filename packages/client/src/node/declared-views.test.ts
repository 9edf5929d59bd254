import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { BOARD_VIEWS_SQL, boards } from '../testing/boards.ts'
import { openUniverse } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-views-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('[VD10] a view is read by typed queries, counted, followed, listened to and asked in SQL', async () => {
  const universe = await openUniverse(boards, { memory: true })
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
  await to.importFile(from.exportFile())
  const states = await to.viewStates()
  expect(states.map((state) => state.kind === 'ready' && state.fedRows)).toEqual(
    states.map(() => 0),
  )
  await to.reducers.putTodo({ key: 'new', owner: 'me' })
  for (const [view, sql] of Object.entries(BOARD_VIEWS_SQL)) {
    const [kept, computed] = await Promise.all([to.sql(`SELECT * FROM ${view}`), to.sql(sql)])
    const texts = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort()
    expect([view, texts(kept)]).toEqual([view, texts(computed)])
  }
  expect(await to.verify()).toEqual([])
  await Promise.all([from.close(), to.close()])
})
