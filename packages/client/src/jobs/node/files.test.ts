import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterAll, expect, test, vi } from 'vitest'
import { BATCHES, tallyBatches } from '../../testing/job-batches.ts'
import { codeOf } from '../../testing/job-contract.ts'
import { Persistency } from './index.ts'

// A thread takes its time to start, on a busy machine a second or more.
vi.setConfig({ testTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'job-files-'))
let pathCount = 0

afterAll(() => rmSync(folder, { recursive: true }))

function newPath(): string {
  return join(folder, String(++pathCount))
}

const codeOfThrown = (body: () => unknown): string => {
  try {
    body()
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

test('[KJ1] [KJ24] a root may be missing; a file, or beneath a file, it is refused; nothing is made', async () => {
  const file = newPath()
  writeFileSync(file, 'a file')
  for (const path of [file, join(file, 'a'), join(file, 'a', 'b')]) {
    expect(await codeOf(Persistency.open(path))).toBe('kv/invalid-argument')
    expect(codeOfThrown(() => Persistency.instance(path))).toBe('kv/invalid-argument')
  }
  const missing = join(newPath(), 'a', 'b')
  const root = await Persistency.open(missing)
  expect(await root.jobs()).toEqual([])
  expect(existsSync(missing)).toBe(false)
  await root.close()
})

test('[KJ2] the instance makes nothing on the disk before a job is opened', async () => {
  const path = newPath()
  const root = Persistency.instance(path)
  expect(existsSync(path)).toBe(false)
  await root.openJob('job')
  expect(existsSync(join(path, 'job.db'))).toBe(true)
  await Persistency.reset()
})

test('[KJ3] [KJ5] a job is the file <root>/<id>.db, and dropping it leaves nothing of it', async () => {
  const path = newPath()
  const root = await Persistency.open(path)
  await root.openJob('a')
  await root.persistPutAcked('a', 'c', 1, 'v')
  expect(readdirSync(path)).toEqual(expect.arrayContaining(['a.db', 'a.db-wal']))
  for (const name of ['note.txt', 'no job.db']) writeFileSync(join(path, name), 'mine')
  expect((await root.jobs()).map(({ id }) => id)).toEqual(['a'])
  await root.dropJob('a')
  expect(readdirSync(path)).toEqual(['no job.db', 'note.txt'])
  await root.close()
})

test('[KJ19] a file of another version or damaged is refused with its code, and keeps its bytes', async () => {
  const path = newPath()
  mkdirSync(path)
  const driver = openNodeDatabase({ path: join(path, 'newer.db'), durability: 'process' })
  driver.exec('PRAGMA user_version = 2')
  driver.close()
  writeFileSync(join(path, 'damaged.db'), 'no database, but long enough to be looked at'.repeat(99))
  const before = readdirSync(path).map((name) => readFileSync(join(path, name)))
  const root = await Persistency.open(path)
  const refusalOf = (id: string) => root.openJob(id).then(undefined, (error: unknown) => error)
  expect(await refusalOf('newer')).toMatchObject({
    code: 'kv/backend',
    message: 'incompatible persistency user_version: got 2, expected 1',
  })
  expect(await refusalOf('damaged')).toMatchObject({
    code: 'kv/backend',
    details: { backendCode: 26, code: 'storage/not-a-database' },
  })
  expect(readdirSync(path).map((name) => readFileSync(join(path, name)))).toEqual(before)
  // What cannot be opened can be dropped.
  await root.dropJob('damaged')
  expect(existsSync(join(path, 'damaged.db'))).toBe(false)
  await root.close()
})

/** Kills, each of a process of its own. More of them: JOB_KILLS=300. */
const KILLS = Number(process.env.JOB_KILLS ?? 3)

test('[KJ17] [KJ23] a killed process loses no acknowledged batch and leaves none by half; while it lives, another is refused', {
  timeout: 30_000 + KILLS * 10_000,
}, async () => {
  const path = newPath()
  const script = join(import.meta.dirname, '../../testing/job-writer.ts')
  const everAcknowledged: number[] = []
  for (let kill = 1; kill <= KILLS; kill++) {
    const writer = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    const exited = new Promise((resolve) => writer.on('exit', (_, signal) => resolve(signal)))
    // Later at some kills than at others: somewhere among the writes, while they go on.
    const wanted = 20 * (1 + (kill % 7))
    await new Promise<void>((resolve) => {
      writer.stdout.on('data', (text) => {
        said += text
        if (said.split('\n').length > wanted) resolve()
      })
      writer.on('exit', () => resolve())
    })
    const root = await Persistency.open(path)
    if (kill === 1) {
      const refused = await root.openJob('job').then(undefined, (error: unknown) => error)
      expect(refused).toMatchObject({ code: 'storage/locked' })
      expect((refused as Error).message).toContain('close the other owner')
    }
    // Otherwise always in the pause that follows an acknowledgement.
    await delay((kill * 29) % 80)
    writer.kill('SIGKILL')
    expect(await exited).toBe('SIGKILL')

    const job = await root.openJob('job')
    // Whole lines only: the last one may have been cut off.
    const acknowledged = said.split('\n').slice(0, -1).map(Number)
    expect(acknowledged.length).toBeGreaterThanOrEqual(wanted)
    everAcknowledged.push(...acknowledged)
    const rows = await job.scan(BATCHES)
    expect(tallyBatches(rows, everAcknowledged)).toEqual({ lost: [], half: [] })
    await root.close()
  }
})

test('[KJ3] [KJ24] a root that became a file, or that cannot be made, is kv/backend with the reason', async () => {
  const path = newPath()
  const root = await Persistency.open(path)
  writeFileSync(path, 'a file by now')
  const refused = await root.openJob('job').then(undefined, (error: unknown) => error)
  expect(refused).toMatchObject({ code: 'kv/backend', details: { backendCode: 'EEXIST' } })
  expect(root.hasJob('job')).toBe(false)
  rmSync(path)
  await (await root.openJob('job')).persistPutAcked('c', 1, 'v')
  await root.close()
})
