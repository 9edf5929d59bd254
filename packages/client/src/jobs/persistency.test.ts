import { encodeKey, isUniverseError, UniverseError } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/job-contract.ts'
import { localJobs } from '../testing/local-jobs.ts'
import { JOBS_OPEN_MAX } from './limits.ts'

const large = new Uint8Array(1_000_000)

/** A job on a disk with room for a few pages. */
async function smallJob() {
  const jobs = localJobs()
  const job = await jobs.root.openJob('job')
  jobs.drivers[0]?.exec('PRAGMA max_page_count = 8')
  return { ...jobs, job }
}

test('[KJ8] a batch that fails leaves its neighbours, and nothing of itself', async () => {
  const { job, faults } = await smallJob()
  const outcomes = [
    codeOf(job.persistPutAcked('c', 1, 'v')),
    codeOf(
      job.persistAcked([
        { kind: 'put', category: 'c', key: 2, payload: 'v' },
        { kind: 'delete', category: 'c', key: 1 },
        { kind: 'put', category: 'c', key: 3, payload: large },
      ]),
    ),
    codeOf(job.persistPutAcked('c', 4, 'v')),
    codeOf(job.persistPutAcked('c', 5, large)),
    codeOf(job.persistPutAcked('c', 6, 'v')),
  ]
  expect(await Promise.all(outcomes)).toEqual([
    'fulfilled',
    'kv/backend',
    'fulfilled',
    'kv/backend',
    'fulfilled',
  ])
  const there = [1, 2, 3, 4, 5, 6].map((key) => job.exists('c', key))
  expect(await Promise.all(there)).toEqual([true, false, false, true, false, true])
  expect(faults).toEqual([])
})

test('[KJ8] a commit that fails is tried again batch by batch', async () => {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const { prepare } = driver
  let commitsToFail = 0
  driver.prepare = (sql) => {
    const statement = prepare.call(driver, sql)
    if (sql !== 'COMMIT' || commitsToFail === 0) return statement
    commitsToFail -= 1
    throw new UniverseError('storage/io', 'sqlite refused (10): disk I/O error')
  }
  const { root } = localJobs({ open: async () => driver })
  const job = await root.openJob('job')
  commitsToFail = 1
  const writes = [1, 2, 3].map((key) => job.persistPutAcked('c', key, 'v'))
  const seen = job.count('c')
  await Promise.all(writes)
  expect(commitsToFail).toBe(0)
  expect(await seen).toBe(3)
  expect(await job.count('c')).toBe(3)
})

test('[KJ8] a transaction that SQLite gives up as a whole is done again batch by batch', async () => {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const { prepare } = driver
  let isFull = false
  driver.prepare = (sql) => {
    if (isFull && driver.isInTransaction && sql.startsWith('INSERT')) {
      driver.exec('ROLLBACK')
      throw new UniverseError('storage/quota-exceeded', 'sqlite refused (13): the disk is full')
    }
    return prepare.call(driver, sql)
  }
  const { root } = localJobs({ open: async () => driver })
  const job = await root.openJob('job')
  await job.persistPutAcked('c', 0, 'v')
  isFull = true
  const outcomes = [
    job.deleteAcked('c', 9),
    codeOf(
      job.persistAcked([2, 3].map((key) => ({ kind: 'put', category: 'c', key, payload: 1 }))),
    ),
    // Once only: done twice, the second time would find nothing to delete.
    job.deleteAcked('c', 0),
    job.count('c'),
  ]
  expect(await Promise.all(outcomes)).toEqual([false, 'kv/backend', true, 0])
})

test('[KJ9] what is issued in one turn is one message and one commit', async () => {
  const { root, drivers, traffic } = localJobs()
  const job = await root.openJob('job')
  let commits = 0
  const [driver] = drivers
  const prepare = driver?.prepare.bind(driver)
  if (driver === undefined || prepare === undefined) throw new Error('the job has a driver')
  driver.prepare = (sql) => {
    if (sql === 'COMMIT') commits += 1
    return prepare(sql)
  }
  const { posted, sent } = traffic
  const writes = Array.from({ length: 100 }, (_, n) => job.persistPutAcked('c', n, 'v'))
  await Promise.all([...writes, job.count('c')])
  expect(commits).toBe(1)
  expect(traffic).toEqual({ posted: posted + 1, sent: sent + 1 })
})

test('[KJ9] queued writes that are awaited one by one leave together, in their order', async () => {
  const { root, traffic } = localJobs()
  const job = await root.openJob('job')
  const { posted } = traffic
  for (let n = 0; n < 1_000; n++) await job.persistPut('c', 'key', n)
  expect(await job.get('c', 'key')).toEqual(encodeKey(999))
  expect(traffic.posted - posted).toBeLessThanOrEqual(6)
})

test('[KJ10] a write that fails and nobody waits for is told, and fails the next flush', async () => {
  const { job, faults } = await smallJob()
  await job.persistPut('c', 1, large)
  await job.persistPut('c', 2, 'v')
  await job.persistPut('c', 3, large)
  const refused = await job.flush().then(undefined, (error: unknown) => error)
  expect(faults).toHaveLength(2)
  expect(refused).toBe(faults[0])
  await job.flush()
  expect(await job.exists('c', 2)).toBe(true)
  expect(await codeOf(job.persistPutAcked('c', 1, large))).toBe('kv/backend')
  await job.flush()
  expect(faults).toHaveLength(2)
})

test('[KJ15] memory is bounded: large entries make small pages, small ones pages of 256', async () => {
  const { root, traffic } = localJobs()
  const job = await root.openJob('job')
  const pagesOf = async (category: string): Promise<number> => {
    const { posted } = traffic
    for await (const _ of job.iterate(category));
    return traffic.posted - posted
  }
  for (let n = 0; n < 5; n++) await job.persistPutAcked('large', n, new Uint8Array(600_000))
  await job.persistAcked(
    Array.from({ length: 600 }, (_, key) => ({ kind: 'put', category: 'c', key, payload: 1 })),
  )
  // Two of 600 kB reach 1 MiB; five of them are three pages, 600 small ones too.
  expect(await pagesOf('large')).toBe(3)
  expect(await pagesOf('c')).toBe(3)
})

test('[KJ19] errors cross threads with code, details and cause', async () => {
  const { job } = await smallJob()
  const error = await job.persistPutAcked('c', 1, large).then(undefined, (thrown) => thrown)
  expect(isUniverseError(error, 'kv/backend')).toBe(true)
  expect(error.details).toEqual({ backendCode: 13, code: 'storage/quota-exceeded' })
  expect(error.cause).toMatchObject({ code: 'storage/quota-exceeded' })
})

test('[KJ20] an answer that does not come in time is kv/timeout, if there is a limit', async () => {
  const limited = localJobs({ timeoutMs: 100 })
  const job = await limited.root.openJob('job')
  expect(await job.count('c')).toBe(0)
  // Those that were answered wait no longer.
  expect(limited.timers).toEqual([])
  limited.fallSilent()
  const outcomes = [
    codeOf(job.get('c', 1)),
    codeOf(job.persistPutAcked('c', 1, 'v')),
    codeOf(limited.root.openJob('other')),
  ]
  await new Promise((resolve) => setImmediate(resolve))
  for (const timer of [...limited.timers]) timer()
  expect(await Promise.all(outcomes)).toEqual(['kv/timeout', 'kv/timeout', 'kv/timeout'])
  expect(limited.root.hasJob('other')).toBe(false)
  const patient = localJobs()
  await (await patient.root.openJob('job')).count('c')
  expect(patient.timers).toEqual([])
})

test('[KJ21] when a worker dies, all that waits is told, and the job can be opened again', async () => {
  const { root, faults, die } = localJobs()
  const job = await root.openJob('job')
  await job.persistPutAcked('c', 1, 'v')
  const death = new UniverseError('kv/closed', 'the thread of the job ended')
  const outcomes = [codeOf(job.get('c', 1)), codeOf(job.persistPutAcked('c', 2, 'v'))]
  void job.persistPut('c', 3, 'v')
  void job.persistPut('c', 4, 'v')
  die(death)
  expect(await Promise.all(outcomes)).toEqual(['kv/closed', 'kv/closed'])
  // One reason, told once.
  expect(faults).toEqual([death])
  expect(root.hasJob('job')).toBe(false)
  expect(await codeOf(job.persistPut('c', 5, 'v'))).toBe('kv/closed')
  await root.closeJob('job')
  const again = await root.openJob('job')
  expect(again).not.toBe(job)
  expect(await again.count('c')).toBe(0)
})

test('[KJ3] a job that cannot be opened is told why, and is not open', async () => {
  let isBroken = true
  const open = async () => {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    if (isBroken) driver.exec('PRAGMA user_version = 4')
    return driver
  }
  const { root } = localJobs({ open })
  const refused = await root.openJob('job').then(undefined, (error: unknown) => error)
  expect(refused).toMatchObject({
    code: 'kv/backend',
    message: 'incompatible persistency user_version: got 4, expected 1',
  })
  expect(root.hasJob('job')).toBe(false)
  isBroken = false
  expect(await (await root.openJob('job')).count('c')).toBe(0)
})

test('[KJ25] no more jobs are open at once than the limit', async () => {
  const { root } = localJobs()
  for (let n = 0; n < JOBS_OPEN_MAX; n++) await root.openJob(`job-${n}`)
  expect(await codeOf(root.openJob('more'))).toBe('kv/invalid-argument')
  await root.closeJob('job-0')
  await root.openJob('more')
  await root.close()
})
