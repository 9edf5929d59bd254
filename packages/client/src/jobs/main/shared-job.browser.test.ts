import { encodeKey } from '@inner-universe/core'
import { afterEach, expect, test, vi } from 'vitest'
import { type FrameTab, openFrameTab } from '../../testing/frame-tab.ts'
import { BATCHES, batchOf, tallyBatches } from '../../testing/job-batches.ts'
import { codeOf } from '../../testing/job-contract.ts'
import { openJobs } from '../../testing/open-jobs.ts'
import type { JobChange, Persistency } from './index.ts'

// Tabs and workers take their time to start, on a busy machine seconds.
vi.setConfig({ testTimeout: 60_000 })

const roots: Persistency[] = []
const frames: FrameTab[] = []
const faults: unknown[] = []
let rootCount = 0

afterEach(async () => {
  for (const frame of frames.splice(0)) frame.kill()
  for (const root of roots.splice(0)) await root.close()
  expect(faults.splice(0)).toEqual([])
})

const newPath = (): string => `shared/${performance.timeOrigin}/${++rootCount}`

async function openHere(path: string): Promise<Persistency> {
  const root = await openJobs(path, { onFault: (error) => faults.push(error) })
  roots.push(root)
  return root
}

/** Bytes of whichever tab: each has arrays of its own, which are equal to no other's. */
const listed = (bytes: Uint8Array | undefined): number[] | undefined => bytes && [...bytes]

/** Opens a root in a tab of its own, to be closed by it or killed with it. */
async function openThere(path: string) {
  const frame = await openFrameTab()
  frames.push(frame)
  return { frame, root: await frame.openJobs(path) }
}

test('[KJ26] two tabs share a job: both write and read it, and each sees what the other was acknowledged', async () => {
  const path = newPath()
  const [here, { root: there }] = [await openHere(path), await openThere(path)]
  const [one, other] = [await here.openJob('job'), await there.openJob('job')]
  await one.persistPutAcked('c', 1, 'from one')
  expect(listed(await other.get('c', 1))).toEqual([...encodeKey('from one')])
  await other.persistPutAcked('c', 2, 'from the other')
  expect(listed(await one.get('c', 2))).toEqual([...encodeKey('from the other')])
  expect(await one.deleteAcked('c', 2)).toBe(true)
  expect(await other.deleteAcked('c', 2)).toBe(false)
  expect(await other.persistDeletePrefixAcked('c', [])).toBe(1)
  expect(await one.count('c')).toBe(0)
  expect((await there.jobs()).map(({ id, isOpen }) => [id, isOpen])).toEqual([['job', true]])
})

test('[KJ9] [KJ26] each tab is served in the order in which it asks, while both write without waiting', async () => {
  const path = newPath()
  const [here, { root: there }] = [await openHere(path), await openThere(path)]
  const jobs = [await here.openJob('job'), await there.openJob('job')]
  const seen = await Promise.all(
    jobs.map(async (job, tab) => {
      const reads: Promise<unknown>[] = []
      for (let n = 0; n < 300; n++) {
        void job.persistPut('c', tab, n)
        reads.push(job.get('c', tab).then(listed))
      }
      return Promise.all(reads)
    }),
  )
  const expected = Array.from({ length: 300 }, (_, n) => [...encodeKey(n)])
  expect(seen).toEqual([expected, expected])
  for (const job of jobs) await job.flush()
})

test('[KJ26] a failing batch of a tab fails for that tab only, with its code', async () => {
  const path = newPath()
  const [here, { root: there }] = [await openHere(path), await openThere(path)]
  const [one, other] = [await here.openJob('job'), await there.openJob('job')]
  const outcomes = [
    codeOf(one.persistPutAcked('c', 1, 'v')),
    codeOf(other.scan('c', {}, { limit: -1 })),
    codeOf(other.persistPutAcked('c', 2, 'v')),
  ]
  expect(await Promise.all(outcomes)).toEqual(['fulfilled', 'kv/invalid-argument', 'fulfilled'])
})

test('[KJ16] [KJ26] a watch tells what other tabs write', async () => {
  const path = newPath()
  const [here, { root: there }] = [await openHere(path), await openThere(path)]
  const [one, other] = [await here.openJob('job'), await there.openJob('job')]
  for (const [watcher, writer] of [
    [one, other],
    [other, one],
  ] as const) {
    const told = Promise.withResolvers<readonly JobChange[]>()
    const stop = watcher.watch('c', 'a', told.resolve)
    // Served: from here on what the other writes is told.
    await watcher.flush()
    await writer.persistPutAcked('c', ['b', 1], 'v')
    await writer.persistPutAcked('c', ['a', 1], 'v')
    const changes = (await told.promise).map(({ kind, key }) => [kind, ...key])
    expect(changes).toEqual([['put', ...encodeKey('a', 1)]])
    stop()
  }
})

test('[KJ26] two roots of one tab share a job too, and closing one leaves it to the other', async () => {
  const path = newPath()
  const [first, second] = [await openHere(path), await openHere(path)]
  const [one, other] = [await first.openJob('job'), await second.openJob('job')]
  await other.persistPutAcked('c', 1, 'v')
  expect(await one.exists('c', 1)).toBe(true)
  await second.closeJob('job')
  expect(await codeOf(other.get('c', 1))).toBe('kv/closed')
  await one.persistPutAcked('c', 2, 'v')
  expect(await one.count('c')).toBe(2)
})

test('[KJ26] a job that another tab has open cannot be dropped, and loses nothing', async () => {
  const path = newPath()
  const [here, { root: there }] = [await openHere(path), await openThere(path)]
  await here.openJob('job')
  const other = await there.openJob('job')
  await other.persistPutAcked('c', 1, 'v')
  expect(await codeOf(here.dropJob('job'))).toBe('storage/locked')
  expect(await other.exists('c', 1)).toBe(true)
  await there.closeJob('job')
  await here.dropJob('job')
  expect(await here.jobs()).toEqual([])
})

test('[KJ26] without SharedWorker tabs share a job over a BroadcastChannel', async () => {
  const path = newPath()
  const Original = globalThis.SharedWorker
  Reflect.deleteProperty(globalThis, 'SharedWorker')
  try {
    const [first, second] = [await openHere(path), await openHere(path)]
    const [one, other] = [await first.openJob('job'), await second.openJob('job')]
    await other.persistPutAcked('c', 1, new Uint8Array(100_000))
    expect(await one.get('c', 1)).toHaveLength(100_000)
    await first.closeJob('job')
    await other.persistPutAcked('c', 2, 'v')
    expect(await other.count('c')).toBe(2)
  } finally {
    globalThis.SharedWorker = Original
  }
})

test('[KJ27] a tab that closes the job hands it over: what was not answered is asked of the next, once', async () => {
  const path = newPath()
  const here = await openHere(path)
  const leader = await here.openJob('job')
  const next = await openHere(path)
  const follower = await next.openJob('job')
  const told: JobChange[] = []
  follower.watch('c', [], (changes) => told.push(...changes))
  await leader.persistPutAcked('c', 'counted', 'v')
  // Some before it closes, some while it does, some after; each deletes what only one may.
  const writes: Promise<unknown>[] = []
  const deletes: Promise<boolean>[] = []
  const write = (n: number): void => {
    writes.push(follower.persistPutAcked('c', n, n))
    deletes.push(follower.deleteAcked('c', n))
    writes.push(follower.persistPutAcked('c', n, n))
  }
  for (let n = 0; n < 200; n++) write(n)
  const closing = here.closeJob('job')
  for (let n = 200; n < 400; n++) write(n)
  await closing
  for (let n = 400; n < 600; n++) write(n)
  await Promise.all(writes)
  expect(new Set(await Promise.all(deletes))).toEqual(new Set([true]))
  expect(await follower.count('c')).toBe(601)
  expect(await codeOf(leader.get('c', 1))).toBe('kv/closed')
  await follower.flush()
  // Others may have written meanwhile: whoever watches reads anew.
  expect(told).toContainEqual({ kind: 'gap', key: new Uint8Array() })
  told.length = 0
  await follower.persistPutAcked('c', 'later', 'v')
  expect(told).toEqual([{ kind: 'put', key: encodeKey('later') }])
})

test('[KJ23] [KJ27] tabs that are killed while they serve: acknowledged batches are there, none is half, writes of nobody knows what fail, reads go on', async () => {
  const path = newPath()
  const acknowledged = new Set<number>()
  const refused: unknown[] = []
  let next = 0
  for (let kill = 1; kill <= 3; kill++) {
    const { frame, root: there } = await openThere(path)
    const leader = await there.openJob('job')
    const here = await openHere(path)
    const follower = await here.openJob('job')
    const write = (job: typeof leader): Promise<void> => {
      const number = next++
      return job.persistAcked(batchOf(number)).then(
        () => void acknowledged.add(number),
        (error: unknown) => void refused.push(error),
      )
    }
    const before = acknowledged.size
    let isOver = false
    const isKilled = Promise.withResolvers<void>()
    const jobs = Array.from({ length: 12 }, (_, lane) => (lane < 6 ? leader : follower))
    const lanes = jobs.map(async (job) => {
      // Of a killed tab nothing is heard any more.
      while (!isOver) await Promise.race([write(job), isKilled.promise])
    })
    while (acknowledged.size < before + 30 * kill) await new Promise((r) => setTimeout(r, 1))
    // Otherwise always in the pause that follows an acknowledgement.
    await new Promise((resolve) => setTimeout(resolve, (kill * 29) % 80))
    const reads = Array.from({ length: 20 }, () => follower.count(BATCHES))
    frame.kill()
    for (const count of await Promise.all(reads)) expect(count).toBeGreaterThan(0)
    isOver = true
    isKilled.resolve()
    await Promise.all(lanes)
    await follower.persistPutAcked('c', kill, 'after')
    const tally = tallyBatches(await follower.scan(BATCHES), acknowledged)
    expect(tally).toEqual({ lost: [], half: [] })
    await here.close()
  }
  for (const error of refused) expect(error).toMatchObject({ code: 'kv/closed' })
})

test('[KJ10] [KJ27] a queued write of which nobody knows is told to onFault, and fails the next flush', async () => {
  const path = newPath()
  const { frame, root: there } = await openThere(path)
  await there.openJob('job')
  const here = await openHere(path)
  const follower = await here.openJob('job')
  // More than the disk takes before the worker is gone.
  for (let n = 0; n < 3_000; n++) void follower.persistPut('c', n, new Uint8Array(5_000))
  frame.kill()
  expect(await codeOf(follower.flush())).toBe('kv/closed')
  expect(faults.splice(0)).toMatchObject([{ code: 'kv/closed' }])
  await follower.flush()
  await follower.persistPutAcked('c', 'later', 'v')
  expect(await follower.exists('c', 'later')).toBe(true)
})
