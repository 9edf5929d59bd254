import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { BOARD_VIEWS, openBoards } from '../testing/boards-engine.ts'

/** Kills, each of a process of its own. More of them: VIEW_KILLS=300. */
const KILLS = Number(process.env.VIEW_KILLS ?? 3)

/** Rows of the views, by view and id, as a list of changes brings them forward. */
function applied(
  rows: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>,
  changes: readonly { readonly table: string; readonly id: string; readonly after?: unknown }[],
) {
  const next = new Map([...rows].map(([view, byId]) => [view, new Map(byId)]))
  for (const { table, id, after } of changes) {
    if (after === undefined) next.get(table)?.delete(id)
    else next.get(table)?.set(id, after)
  }
  return next
}

test('[VD2] after a kill at any moment views are whole without being computed again, and go on', {
  timeout: 30_000 + KILLS * 10_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'inner-universe-views-kill-'))
  const path = join(directory, 'universe.sqlite')
  const script = join(import.meta.dirname, '../testing/boards-writer.ts')
  let acknowledged = 0
  for (let kill = 1; kill <= KILLS; kill++) {
    const writer = spawn(process.execPath, [script, path, String(kill * 7919)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let count = 0
    writer.stdout.on('data', (data: Buffer) => {
      count += data.filter((byte) => byte === 10).length
    })
    await once(writer.stdout, 'data')
    await delay((kill * 137) % 400)
    const exited = once(writer, 'exit')
    writer.kill('SIGKILL')
    expect((await exited)[1]).toBe('SIGKILL')
    acknowledged += count

    const driver = openNodeDatabase({ path, durability: 'process' })
    const boards = openBoards({ driver, seed: kill })
    const states = boards.engine.viewStates()
    expect(states.map((state) => state.kind === 'ready' && state.fedRows)).toEqual(
      BOARD_VIEWS.map(() => 0),
    )
    for (const view of BOARD_VIEWS) {
      const { kept, computed } = boards.compare(view)
      expect([view, kept]).toEqual([view, computed])
    }
    const rowsNow = () =>
      new Map(
        BOARD_VIEWS.map((view) => {
          const key = boards.engine.definitions[view]?.primaryKey as string
          const rows = boards.engine.query({ table: view, orderBy: [] })
          return [view, new Map(rows.map((row) => [row[key], row]))]
        }),
      )
    const before = rowsNow()
    const { changeset } = boards.commit(
      ['putTodo', { key: `t${kill}`, project: 'p1', points: 2, owner: 'after' }],
      ['removeTodo', { key: `t${kill + 1}` }],
      ['draft', { key: 'd', text: `after ${kill}` }],
    )
    expect(applied(before, changeset?.changes ?? [])).toEqual(rowsNow())
    expect(boards.engine.verify()).toEqual([])
    boards.engine.close()
  }
  expect(acknowledged).toBeGreaterThan(0)
  rmSync(directory, { recursive: true, force: true })
})
