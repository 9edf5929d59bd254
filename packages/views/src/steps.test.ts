import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { company, type Report } from '../example/company.ts'
import { openShop, type Process, sellOne, totalOf } from '../example/processes.ts'
import { sell } from '../example/steps.ts'
import { actions } from './actions.ts'
import { openMemoryStore } from './store/memory.ts'
import type { StoreClock } from './store/view-store.ts'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** An app imports the package by name; a package does not import itself. */
const asInAnApp = (file: string): string =>
  read(`example/${file}`)
    .replace('../src/index.ts', '@inner-universe/views')
    .replace('../src/store/sqlite/index.ts', '@inner-universe/views/sqlite')
    .trimEnd()

const clock: StoreClock = {
  nowMs: () => performance.now(),
  wait: (ms) => new Promise((done) => setTimeout(done, ms)),
}

test.each(['shop.ts', 'steps.ts', 'processes.ts', 'company.ts'])(
  'STEPS.md prints %s as it is',
  (file) => {
    expect(read('STEPS.md')).toContain(
      `\`example/${file}\`:\n\n\`\`\`ts\n${asInAnApp(file)}\n\`\`\``,
    )
  },
)

test('the steps of the shop say what the comments say', async () => {
  expect(await sell(clock)).toEqual([
    [[{ basket: 'ann', total: 6 }, 1]],
    expect.arrayContaining([
      [{ basket: 'bob', total: 10 }, -1],
      [{ basket: 'ann', total: 12 }, 1],
    ]),
    [[{ basket: 'guest 7', total: 6 }, 1]],
    [
      [{ basket: 'ann', total: 12 }, 1],
      [{ basket: 'bob', total: 10 }, 1],
    ],
    [[{ basket: 'bob', total: 10 }, -1]],
  ])
})

test('batches of two processes come in the order of their times, and a third reads the result', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steps-'))
  const processes = Array.from({ length: 3 }, (): Process => {
    const path = join(folder, 'shop.db')
    return { driver: openNodeDatabase({ path, durability: 'process', access: 'shared' }), clock }
  })
  const [first, second, third] = processes as [Process, Process, Process]
  const one = await openShop(first)
  const other = await openShop(second)
  // Given the wrong way round: each waits for the one before it.
  await Promise.all([sellOne(other, 1), sellOne(one, 0), sellOne(one, 2)])
  expect(await totalOf('ann', third)).toBe(30)
  expect(await totalOf('bob', third)).toBeUndefined()
  await one.close()
  await other.close()
  for (const { driver } of processes) driver.close()
  rmSync(folder, { recursive: true })
})

test('the company knows chains of command, ways with their lengths, and the best paid of each team', async () => {
  const store = await openMemoryStore({ view: 'company', definition: company, clock })
  const { reports } = actions(store, company)
  const report = (employee: string, boss: string, team: string, salary: number): Report => {
    return { employee, boss, team, salary }
  }
  const first = await reports.insert(
    report('Ben', 'Ada', 'red', 5),
    report('Cy', 'Ben', 'red', 7),
    report('Dot', 'Cy', 'blue', 4),
  )
  expect(first.command.size).toBe(6)
  expect(first.fromAda.count({ from: 'Ada', to: 'Dot', depth: 3 })).toBe(1)
  expect(new Map(first.bestPaid)).toEqual(
    new Map([
      [{ key: 'red', value: 'Cy' }, 1],
      [{ key: 'blue', value: 'Dot' }, 1],
    ]),
  )
  const second = await reports.remove(report('Cy', 'Ben', 'red', 7))
  expect(second.command.size).toBe(4)
  expect(new Map(second.bestPaid)).toEqual(
    new Map([
      [{ key: 'red', value: 'Cy' }, -1],
      [{ key: 'red', value: 'Ben' }, 1],
    ]),
  )
})
