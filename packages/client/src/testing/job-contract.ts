/** What every home of jobs does: the suite that memory, Node's files and OPFS are held to. */

import type { KeyInput, KvRow } from '@inner-universe/core'
import { compareKeys, encodeKey, k } from '@inner-universe/core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { append, clockOf, drop, load, type Message } from '../../example/message-log.ts'
import type { JobChange } from '../jobs/contract.ts'
import type { Job } from '../jobs/job.ts'
import { JOB_ID_LENGTH_MAX, QUEUED_BYTES_MAX } from '../jobs/limits.ts'
import type { Persistency } from '../jobs/persistency.ts'

/** A home of jobs to be tested. */
export interface JobHarness {
  /** A root that nobody has used yet. */
  newRoot(): string
  open(root: string, options?: { onFault?: (error: unknown) => void }): Promise<Persistency>
  /** The one root of the thread: `Persistency.instance` and `.reset`. */
  instance(root?: string): Persistency
  reset(): Promise<void>
  /** How jobs are kept; undefined in memory: they end with their closing. */
  readonly kept?: KeptJobs
}

/** What is tested of jobs that outlast their closing. */
export interface KeptJobs {
  /** Changes the database file of a job that is not open. */
  change(root: string, jobId: string, edit: (bytes: Uint8Array) => void): Promise<void>
  /** A second root that opens a job of the first: shares it, or is refused. */
  readonly second: 'shares' | 'is refused'
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const EMPTY = bytes()

/** The code a promise is rejected with, or `fulfilled`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'fulfilled',
    (error: { code?: string }) => error.code ?? String(error),
  )
}

async function collect(rows: AsyncIterable<KvRow>): Promise<KvRow[]> {
  const collected: KvRow[] = []
  for await (const row of rows) collected.push(row)
  return collected
}

/** Declares the suite for one home. */
export function jobContract(name: string, harness: JobHarness): void {
  // A thread takes its time to start, on a busy machine a second or more.
  describe(name, { timeout: 30_000 }, () => {
    const isKept = harness.kept !== undefined
    const roots: Persistency[] = []
    const faults: unknown[] = []

    afterEach(async () => {
      for (const root of roots.splice(0)) await root.close()
      // A test that expects a failure takes it.
      expect(faults.splice(0)).toEqual([])
    })

    const openRoot = async (path = harness.newRoot()): Promise<Persistency> => {
      const root = await harness.open(path, { onFault: (error) => faults.push(error) })
      roots.push(root)
      return root
    }
    let shared: Persistency | undefined
    afterAll(async () => shared?.close())

    /** One job for all tests that need no other, emptied: a thread takes its time to start. */
    const openJob = async (): Promise<Job> => {
      shared ??= await harness.open(harness.newRoot(), { onFault: (error) => faults.push(error) })
      const job = await shared.openJob('job')
      for (const category of ['c', 'd', 'other', 'large', 'log', 'meta', EMPTY]) {
        await job.persistDeletePrefix(category, [])
      }
      return job
    }

    test('[KJ1] opening a root makes nothing; an empty one is refused', async () => {
      const root = await openRoot()
      expect(await root.jobs()).toEqual([])
      expect(await codeOf(harness.open(''))).toBe('kv/invalid-argument')
      expect(await codeOf(harness.open('a\0b'))).toBe('kv/invalid-argument')
    })

    test('[KJ2] instance: the same object for the same root and for none, another root is refused, until reset', async () => {
      const codeOfThrown = (body: () => unknown): Promise<string> =>
        codeOf(Promise.resolve().then(body))
      const [path, other] = [harness.newRoot(), `${harness.newRoot()}-other`]
      expect(await codeOfThrown(() => harness.instance())).toBe('kv/closed')
      expect(await codeOfThrown(() => harness.instance(''))).toBe('kv/invalid-argument')
      const root = harness.instance(path)
      expect(harness.instance()).toBe(root)
      expect(harness.instance(path)).toBe(root)
      expect(await codeOfThrown(() => harness.instance(other))).toBe('kv/invalid-argument')
      // Nothing was made.
      expect(await root.jobs()).toEqual([])
      const job = await root.openJob('job')
      void job.persistPut('c', 1, 'v')
      await harness.reset()
      await harness.reset()
      expect(await codeOf(job.get('c', 1))).toBe('kv/closed')
      expect(await codeOf(root.openJob('job'))).toBe('kv/closed')
      expect(await codeOfThrown(() => harness.instance())).toBe('kv/closed')
      const again = harness.instance(path)
      expect(again).not.toBe(root)
      expect(await (await again.openJob('job')).exists('c', 1)).toBe(isKept)
      await harness.reset()
    })

    test('[KJ3] openJob makes root and database, waits for the worker, and is idempotent', async () => {
      const root = await openRoot()
      const [first, second] = await Promise.all([root.openJob('a'), root.openJob('a')])
      expect(second).toBe(first)
      expect(await root.openJob('a')).toBe(first)
      expect(await root.openJob('b')).not.toBe(first)
      expect(first.id).toBe('a')
      expect((await root.jobs()).map(({ id }) => id)).toEqual(['a', 'b'])
    })

    test('[KJ4] closing stores what is queued; a closed job is refused; closing again is fine', async () => {
      const root = await openRoot()
      await root.closeJob('never')
      const job = await root.openJob('job')
      for (let n = 0; n < 2_000; n++) void job.persistPut('c', n, 'v')
      const read = job.count('c')
      const closing = root.closeJob('job')
      await closing
      await root.closeJob('job')
      expect(await read).toBe(2_000)
      expect(root.hasJob('job')).toBe(false)
      expect(await codeOf(job.get('c', 1))).toBe('kv/closed')
      expect(await codeOf(job.persistPut('c', 1, 'v'))).toBe('kv/closed')
      expect(await codeOf(job.persistPutAcked('c', 1, 'v'))).toBe('kv/closed')
      expect(() => job.watch('c', [], () => undefined)).toThrow('was closed')
      const again = await root.openJob('job')
      expect(again).not.toBe(job)
      expect(await again.count('c')).toBe(isKept ? 2_000 : 0)
    })

    test('[KJ4] closing a root closes all its jobs, once', async () => {
      const path = harness.newRoot()
      const root = await openRoot(path)
      const opening = root.openJob('late')
      const job = await root.openJob('a')
      void job.persistPut('c', 1, 'v')
      await Promise.all([root.close(), root.close()])
      await root.close()
      await opening
      expect(await codeOf(job.get('c', 1))).toBe('kv/closed')
      expect(await codeOf(root.openJob('a'))).toBe('kv/closed')
      expect(await codeOf(root.jobs())).toBe('kv/closed')
      expect(() => root.job('a')).toThrow('was closed')
      expect(root.hasJob('a')).toBe(false)
      const next = await openRoot(path)
      expect(await (await next.openJob('a')).exists('c', 1)).toBe(isKept)
    })

    test('[KJ4] [KJ15] a job closed in the middle of an iteration ends it with kv/closed; what was asked before is answered', async () => {
      const path = harness.newRoot()
      const root = await openRoot(path)
      const job = await root.openJob('job')
      await job.persist(
        [1, 2, 3, 4].map((key) => ({ kind: 'put', category: 'c', key, payload: 'v' }) as const),
      )
      const rows = job.iterate('c', {}, { pageRows: 2 })[Symbol.asyncIterator]()
      expect((await rows.next()).value).toMatchObject({ key: encodeKey(1) })
      const scan = job.scan('c')
      const closing = root.closeJob('job')
      expect(await scan).toHaveLength(4)
      await closing
      // The rest of the page is there already.
      expect((await rows.next()).value).toMatchObject({ key: encodeKey(2) })
      expect(await codeOf(rows.next())).toBe('kv/closed')
      const again = await root.openJob('job')
      expect(await again.count('c')).toBe(isKept ? 4 : 0)
    })

    test('[KJ5] dropJob removes the database, open or not, and no other; nothing to drop is fine', async () => {
      const root = await openRoot()
      const job = await root.openJob('a')
      await job.persistPutAcked('c', 1, 'v')
      await (await root.openJob('b')).persistPutAcked('c', 1, 'v')
      await root.dropJob('a')
      await root.dropJob('a')
      await root.dropJob('never')
      expect((await root.jobs()).map(({ id }) => id)).toEqual(['b'])
      expect(await codeOf(job.get('c', 1))).toBe('kv/closed')
      expect(await (await root.openJob('a')).exists('c', 1)).toBe(false)
      expect(await root.exists('b', 'c', 1)).toBe(true)
      await root.closeJob('b')
      await root.dropJob('b')
      expect(await (await root.openJob('b')).exists('c', 1)).toBe(false)
      expect(await codeOf(root.dropJob('../b'))).toBe('kv/invalid-argument')
    })

    test('[KJ6] jobs are found by id, and listed with their sizes', async () => {
      const root = await openRoot()
      expect(root.hasJob('b')).toBe(false)
      expect(() => root.job('b')).toThrow('no open job "b"')
      const job = await root.openJob('b')
      expect(root.job('b')).toBe(job)
      expect(root.hasJob('b')).toBe(true)
      await root.openJob('a')
      await job.persistPutAcked('c', 1, new Uint8Array(100_000))
      const jobs = await root.jobs()
      expect(jobs.map(({ id, isOpen }) => ({ id, isOpen }))).toEqual([
        { id: 'a', isOpen: true },
        { id: 'b', isOpen: true },
      ])
      expect(jobs[1]?.bytes).toBeGreaterThan(100_000)
      await root.closeJob('b')
      const later = await root.jobs()
      expect(later.map(({ id }) => id)).toEqual(isKept ? ['a', 'b'] : ['a'])
      if (isKept) expect(later[1]).toMatchObject({ id: 'b', isOpen: false })
    })

    test('[KJ7] job ids cannot be paths', async () => {
      const root = await openRoot()
      const refused = ['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'a b', 'ä', 'a\0', 'a:b']
      for (const id of [...refused, 'x'.repeat(JOB_ID_LENGTH_MAX + 1), 5 as never]) {
        expect(await codeOf(root.openJob(id))).toBe('kv/invalid-argument')
      }
      expect(await root.jobs()).toEqual([])
      const longest = 'x'.repeat(JOB_ID_LENGTH_MAX)
      for (const id of ['a.b-c_D9', longest])
        await (await root.openJob(id)).persistPutAcked('c', 1, 1)
      expect((await root.jobs()).map(({ id }) => id)).toEqual(['a.b-c_D9', longest])
    })

    test('[KJ8] persist takes none, one or many operations, done in order; all or none', async () => {
      const job = await openJob()
      await job.persist([])
      expect(await job.persistAcked([])).toEqual([])
      await job.persist({ kind: 'put', category: 'c', key: 1, payload: 'one' })
      await job.persist([
        { kind: 'put', category: 'c', key: 2, payload: 'two' },
        { kind: 'delete', category: 'c', key: 1 },
        { kind: 'put', category: 'd', key: 3, payload: 'three' },
      ])
      expect(await job.count('c')).toBe(1)
      expect(await job.exists('d', 3)).toBe(true)
      expect(
        await job.persistAcked([
          { kind: 'deletePrefix', category: 'c', key: [] },
          { kind: 'delete', category: 'c', key: 2 },
        ]),
      ).toEqual([1, 0])
      // Refused as a whole, before anything of it is queued.
      const wrong = {
        kind: 'put',
        category: 'c',
        key: { no: 'part' } as never,
        payload: 1,
      } as const
      const fine = { kind: 'put', category: 'c', key: 9, payload: 1 } as const
      expect(await codeOf(job.persist([fine, wrong]))).toBe('kv/invalid-argument')
      expect(await codeOf(job.persist({ kind: 'no' } as never))).toBe('kv/invalid-argument')
      expect(await job.count('c')).toBe(0)
    })

    test('[KJ9] what is asked is done in the order in which it is asked', async () => {
      const job = await openJob()
      const seen: Promise<unknown>[] = []
      for (let n = 0; n < 300; n++) {
        void job.persistPut('c', 'key', n)
        seen.push(job.get('c', 'key'))
        if (n % 3 === 0) void job.persistDelete('c', 'key')
        seen.push(job.exists('c', 'key'))
      }
      const answers = await Promise.all(seen)
      for (let n = 0; n < 300; n++) {
        expect(answers[2 * n]).toEqual(encodeKey(n))
        expect(answers[2 * n + 1]).toBe(n % 3 !== 0)
      }
    })

    test('[KJ10] acknowledged writes resolve when they are stored', async () => {
      const job = await openJob()
      await job.persistPutAcked('c', 1, 'v')
      await job.persistEncodedAcked('c', 2, ['v', 2])
      expect(await job.count('c')).toBe(2)
      expect(await job.deleteAcked('c', 1)).toBe(true)
      expect(await job.deleteAcked('c', 1)).toBe(false)
      expect(await job.persistDeletePrefixAcked('c', [])).toBe(1)
      void job.persistPut('c', 1, 'v')
      await job.flush()
      expect(await job.count('c')).toBe(1)
    })

    test('[KJ11] put, delete, delete by prefix, encode; get, exists, scan, count', async () => {
      const job = await openJob()
      await job.persistPut('c', ['a', 1], bytes(1))
      await job.persistPut('c', ['a', 1], bytes(11))
      await job.persistPut('c', ['a', 2], bytes(2))
      await job.persistPut('c', ['ab', 1], bytes(3))
      await job.persistEncoded('c', ['b', 1], bytes(4))
      await job.persistPut('other', ['a', 1], bytes(5))
      expect(await job.get('c', ['a', 1])).toEqual(bytes(11))
      expect(await job.get('c', ['b', 1])).toEqual(bytes(0, 1, 4))
      expect(await job.get('c', ['z', 1])).toBeUndefined()
      expect(await job.exists('c', ['a', 2])).toBe(true)
      expect(await job.exists('c', ['a', 3])).toBe(false)
      // Strings by length first: "b" before "ab".
      const keys = [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['ab', 1],
      ].map((parts) => encodeKey(parts))
      const keysOf = (rows: readonly KvRow[]): Uint8Array[] => rows.map(({ key }) => key)
      expect(keysOf(await job.scan('c'))).toEqual(keys)
      expect(keysOf(await job.scan('c', {}, { reverse: true }))).toEqual(keys.toReversed())
      expect(await job.scanPrefix('c', 'a')).toEqual([
        { key: keys[0], payload: bytes(11) },
        { key: keys[1], payload: bytes(2) },
      ])
      expect(keysOf(await job.scanPrefix('c', 'a', { reverse: true, limit: 1 }))).toEqual([keys[1]])
      const range = { start: ['a', 2], stop: ['ab', 1] } as const
      expect(keysOf(await job.scan('c', range))).toEqual([keys[1], keys[2]])
      expect(keysOf(await job.scan('c', range, { after: ['a', 2] }))).toEqual([keys[2]])
      expect(await job.count('c')).toBe(4)
      expect(await job.count('c', range)).toBe(2)
      expect(await job.count('c', { start: 'b', stop: 'a' })).toBe(0)
      expect(await codeOf(job.scan('c', {}, { limit: -1 }))).toBe('kv/invalid-argument')
      const strange = { limit: () => 1, other: () => undefined } as never
      expect(await codeOf(job.scan('c', {}, strange))).toBe('kv/invalid-argument')
      await job.persistDelete('c', ['a', 2])
      expect(await job.exists('c', ['a', 2])).toBe(false)
      await job.persistDeletePrefix('c', 'a')
      expect(keysOf(await job.scan('c'))).toEqual([keys[2], keys[3]])
      expect(await job.count('other')).toBe(1)
    })

    test('[KJ11] what is no key is kv/invalid-argument everywhere, and nothing is stored: components too long, numbers out of range, NaN, other things', async () => {
      const job = await openJob()
      const wrongs: readonly KeyInput[] = [
        'x'.repeat(65_536),
        [new Uint8Array(65_536)],
        new Uint8Array(64 * 1024 * 1024 + 1),
        2 ** 53,
        2n ** 63n,
        k.int8(128),
        k.uint16(-1),
        Number.NaN,
        1.5,
        k.float64(Number.NaN),
        '\ud800',
        null as never,
        { no: 'part' } as never,
        () => undefined as never,
      ].map((wrong) => wrong as KeyInput)
      for (const wrong of wrongs) {
        const outcomes = [
          job.persistPut('c', wrong, 'v'),
          job.persistPutAcked(wrong, 1, 'v'),
          job.persistPut('c', 1, wrong),
          job.persistEncodedAcked('c', 1, wrong),
          job.persistDelete('c', wrong),
          job.deleteAcked('c', wrong),
          job.persistDeletePrefixAcked('c', wrong),
          job.persistAcked([
            { kind: 'put', category: 'c', key: 1, payload: 1 },
            { kind: 'delete', category: 'c', key: wrong },
          ]),
          job.get('c', wrong),
          job.exists(wrong, 1),
          job.scan('c', { start: wrong }),
          job.scanPrefix('c', wrong),
          job.count('c', { stop: wrong }),
          collect(job.iterate('c', {}, { after: wrong })),
        ].map(codeOf)
        expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['kv/invalid-argument']))
        expect(() => job.watch('c', wrong, () => undefined)).toThrow()
        expect(() => job.iteratePrefix('c', wrong)).toThrow()
      }
      expect(await job.count('c')).toBe(0)
      await job.persistPutAcked('c', 'x'.repeat(65_535), 'v')
      expect(await job.count('c')).toBe(1)
    })

    test('[KJ12] bytes are keys as they are, and may be changed once they are given', async () => {
      const job = await openJob()
      const backing = new Uint8Array(64).fill(7)
      const key = backing.subarray(10, 12)
      const payload = backing.subarray(20, 24)
      const stored = job.persistPutAcked(encodeKey('c'), key, payload)
      backing.fill(9)
      await stored
      expect(await job.scan('c')).toEqual([{ key: bytes(7, 7), payload: bytes(7, 7, 7, 7) }])
      await job.persistPut('c', k.uint16(5), 'v')
      expect(await job.get('c', bytes(0, 0, 0, 0, 0, 0, 0, 5))).toEqual(encodeKey('v'))
    })

    test('[KJ13] empty keys, payloads, categories and prefixes work', async () => {
      const job = await openJob()
      await job.persistPutAcked(EMPTY, EMPTY, EMPTY)
      await job.persistPutAcked(EMPTY, bytes(0xff), EMPTY)
      expect(await job.get(EMPTY, EMPTY)).toEqual(EMPTY)
      expect(await job.scanPrefix(EMPTY, EMPTY)).toHaveLength(2)
      expect(await job.scanPrefix(EMPTY, bytes(0xff))).toHaveLength(1)
      expect(await job.count(EMPTY, { start: EMPTY, stop: EMPTY })).toBe(2)
      expect(await job.deleteAcked(EMPTY, EMPTY)).toBe(true)
      expect(await job.persistDeletePrefixAcked(EMPTY, EMPTY)).toBe(1)
    })

    test('[KJ14] by id: all that a job does; an id that is not open is not found, writes too', async () => {
      const root = await openRoot()
      await root.openJob('j')
      await root.persist('j', { kind: 'put', category: 'c', key: 1, payload: 'v' })
      await root.persistPut('j', 'c', 2, 'v')
      await root.persistEncoded('j', 'c', 3, 'v')
      await root.persistPutAcked('j', 'c', 4, 'v')
      await root.persistEncodedAcked('j', 'c', 5, 'v')
      await root.persistAcked('j', [{ kind: 'put', category: 'c', key: 6, payload: 'v' }])
      await root.persistDelete('j', 'c', 1)
      await root.flush('j')
      expect(await root.deleteAcked('j', 'c', 2)).toBe(true)
      expect(await root.get('j', 'c', 3)).toEqual(encodeKey('v'))
      expect(await root.exists('j', 'c', 1)).toBe(false)
      expect(await root.scan('j', 'c', {}, { limit: 2 })).toHaveLength(2)
      expect(await root.scanPrefix('j', 'c', 4)).toHaveLength(1)
      expect(await root.count('j', 'c')).toBe(4)
      expect(await collect(root.iterate('j', 'c'))).toHaveLength(4)
      expect(await collect(root.iteratePrefix('j', 'c', 5))).toHaveLength(1)
      root.watch('j', 'c', [], () => undefined)()
      expect(await root.persistDeletePrefixAcked('j', 'c', 6)).toBe(1)
      await root.persistDeletePrefix('j', 'c', [])
      expect(await root.count('j', 'c')).toBe(0)

      const notFound = [
        root.get('no', 'c', 1),
        root.exists('no', 'c', 1),
        root.scan('no', 'c'),
        root.scanPrefix('no', 'c', 1),
        root.count('no', 'c'),
        root.deleteAcked('no', 'c', 1),
        root.flush('no'),
        root.persist('no', []),
        root.persistAcked('no', []),
        root.persistPut('no', 'c', 1, 'v'),
        root.persistPutAcked('no', 'c', 1, 'v'),
        root.persistEncoded('no', 'c', 1, 'v'),
        root.persistEncodedAcked('no', 'c', 1, 'v'),
        root.persistDelete('no', 'c', 1),
        root.persistDeletePrefix('no', 'c', 1),
        root.persistDeletePrefixAcked('no', 'c', 1),
      ].map(codeOf)
      expect(new Set(await Promise.all(notFound))).toEqual(new Set(['kv/job-not-found']))
      expect(() => root.iterate('no', 'c')).toThrow('no open job')
      expect(() => root.iteratePrefix('no', 'c', 1)).toThrow('no open job')
      expect(() => root.watch('no', 'c', [], () => undefined)).toThrow('no open job')
    })

    test('[KJ15] an iteration is the whole range, page by page, from either end', async () => {
      const job = await openJob()
      const operations = Array.from({ length: 1_000 }, (_, n) => {
        return { kind: 'put', category: 'c', key: n, payload: n } as const
      })
      await job.persist(operations)
      const all = await job.scan('c')
      expect(all).toHaveLength(1_000)
      expect(all.every(({ key }, n) => compareKeys(key, encodeKey(n)) === 0)).toBe(true)
      expect(await collect(job.iterate('c'))).toEqual(all)
      expect(await collect(job.iterate('c', {}, { reverse: true, pageRows: 7 }))).toEqual(
        all.toReversed(),
      )
      expect(await collect(job.iterate('c', { start: 10, stop: 30 }, { pageRows: 5 }))).toEqual(
        all.slice(10, 30),
      )
      expect(await collect(job.iterate('c', {}, { after: 989 }))).toEqual(all.slice(990))
      expect(await collect(job.iteratePrefix('c', 5, { pageRows: 1 }))).toEqual([all[5]])
      // What is put behind the last entry read is seen.
      let count = 0
      for await (const _ of job.iterate('c', { start: 900 }, { pageRows: 10 })) {
        if (count++ === 0) await job.persistPut('c', 1_000, 'late')
      }
      expect(count).toBe(101)
      // Large entries make small pages: bounded memory whatever the number of rows.
      const large = new Uint8Array(600_000)
      for (const n of [1, 2, 3, 4, 5]) await job.persistPut('large', n, large)
      expect(await collect(job.iterate('large'))).toHaveLength(5)
    })

    test('[KJ16] a watch tells what changes under its prefix, before the write is acknowledged', async () => {
      const job = await openJob()
      const told: (readonly JobChange[])[] = []
      await job.persistPutAcked('c', ['a', 0], 'before')
      const stop = job.watch('c', 'a', (changes) => told.push(changes))
      await job.persistAcked([
        { kind: 'put', category: 'c', key: ['a', 1], payload: 'v' },
        { kind: 'put', category: 'c', key: ['b', 1], payload: 'v' },
        { kind: 'put', category: 'd', key: ['a', 1], payload: 'v' },
        { kind: 'delete', category: 'c', key: ['a', 0] },
        { kind: 'delete', category: 'c', key: ['a', 7] },
      ])
      expect(told.splice(0)).toEqual([
        [
          { kind: 'put', key: encodeKey('a', 1) },
          { kind: 'delete', key: encodeKey('a', 0) },
        ],
      ])
      await job.persistDeletePrefixAcked('c', 'b')
      await job.persistDeletePrefixAcked('c', ['a', 9])
      expect(told).toEqual([])
      await job.persistDeletePrefixAcked('c', [])
      expect(told.splice(0)).toEqual([[{ kind: 'deletePrefix', key: encodeKey('a') }]])
      stop()
      stop()
      await job.persistPutAcked('c', ['a', 1], 'v')
      expect(told).toEqual([])
    })

    test('[KJ16] a watcher that throws is a fault, and stops nobody', async () => {
      const job = await openJob()
      const stop = job.watch('c', [], () => {
        throw new Error('mine')
      })
      await job.persistPutAcked('c', 1, 'v')
      stop()
      expect(faults.splice(0)).toMatchObject([{ message: 'mine' }])
    })

    test('[KJ28] an aborted scan or iteration ends with call/aborted, and the job goes on', async () => {
      const job = await openJob()
      await job.persist(
        [1, 2, 3].map((key) => ({ kind: 'put', category: 'c', key, payload: 'v' }) as const),
      )
      const abort = new AbortController()
      const { signal } = abort
      const rows = job.iterate('c', {}, { signal })[Symbol.asyncIterator]()
      expect((await rows.next()).value).toMatchObject({ key: encodeKey(1) })
      const waiting = [job.scan('c', {}, { signal }), job.scanPrefix('c', [], { signal })].map(
        codeOf,
      )
      abort.abort('enough')
      expect(await Promise.all(waiting)).toEqual(['call/aborted', 'call/aborted'])
      const ended = rows.next()
      await expect(ended).rejects.toMatchObject({ code: 'call/aborted', cause: 'enough' })
      expect(await codeOf(job.scan('c', {}, { signal }))).toBe('call/aborted')
      expect(await job.scan('c', {}, { signal: new AbortController().signal })).toHaveLength(3)
    })

    test('[KJ8] the message log: append and evict in one batch, load in order of lamport and id, rows that cannot be read left out, a damaged clock is an error, drop', async () => {
      const job = await openJob()
      const message = (lamport: number, digit: string): Message => ({
        lamport,
        id: `${digit.repeat(8)}-0000-7000-8000-000000000000`,
        body: `message ${lamport}`,
      })
      expect(await clockOf(job, 'a')).toBe(0)
      // Out of order, two of one time, and another channel.
      for (const [lamport, digit] of [
        [3, '1'],
        [1, '2'],
        [2, '4'],
        [2, '3'],
      ] as const) {
        await append(job, 'a', message(lamport, digit), 3)
        await append(job, 'ab', message(lamport, digit), 10)
      }
      expect(await load(job, 'a')).toEqual([message(2, '3'), message(2, '4'), message(3, '1')])
      expect((await load(job, 'ab')).map(({ lamport }) => lamport)).toEqual([1, 2, 2, 3])
      expect(await clockOf(job, 'a')).toBe(2)
      await job.persistPut('log', encodeKey('a', 9, k.uint8(1)), 'no message')
      expect(await load(job, 'a')).toHaveLength(3)
      await job.persistPut('meta', 'a', new Uint8Array([1]))
      expect(await codeOf(clockOf(job, 'a'))).toBe('kv/invalid-argument')
      await drop(job, 'a')
      expect(await load(job, 'a')).toEqual([])
      expect(await clockOf(job, 'a')).toBe(0)
      expect(await load(job, 'ab')).toHaveLength(4)
      await drop(job, 'ab')
    })

    const { kept } = harness
    if (kept !== undefined) {
      test('[KJ19] a file of another user_version, of something else or damaged is refused with its code and loses nothing', async () => {
        const path = harness.newRoot()
        const root = await openRoot(path)
        const job = await root.openJob('job')
        const payload = new Uint8Array(1_000).fill(7)
        await job.persist(
          Array.from({ length: 50 }, (_, key) => {
            return { kind: 'put', category: 'c', key, payload } as const
          }),
        )
        await root.closeJob('job')
        const before: { bytes: Uint8Array } = { bytes: EMPTY }
        const spoil = (edit: (bytes: Uint8Array) => void): Promise<void> =>
          kept.change(path, 'job', (file) => {
            // Not `slice`: that of a Node Buffer is a view.
            before.bytes = new Uint8Array(file)
            edit(file)
          })
        const restore = (): Promise<void> =>
          kept.change(path, 'job', (file) => file.set(before.bytes))
        const refusal = (): Promise<unknown> =>
          root.openJob('job').then(undefined, (error: unknown) => error)

        // The last byte of user_version, of four from 60 on.
        await spoil((file) => file.fill(9, 63, 64))
        expect(await refusal()).toMatchObject({
          code: 'kv/backend',
          message: 'incompatible persistency user_version: got 9, expected 1',
        })
        await restore()
        await spoil((file) => file.fill(65, 0, 100))
        expect(await refusal()).toMatchObject({
          code: 'kv/backend',
          details: { backendCode: 26, code: 'storage/not-a-database' },
        })
        expect(root.hasJob('job')).toBe(false)
        await restore()
        // Pages in the middle: it opens, and says what it cannot read.
        await spoil((file) => file.fill(255, 4 * 4096))
        await root.openJob('job')
        const unread = await root.scan('job', 'c').then(undefined, (error: unknown) => error)
        expect(unread).toMatchObject({
          code: 'kv/backend',
          details: { backendCode: 11, code: 'storage/corrupt' },
        })
        await root.closeJob('job')
        await restore()
        const again = await root.openJob('job')
        expect(await again.scan('c', {}, { limit: 1 })).toEqual([{ key: encodeKey(0), payload }])
        expect(await again.count('c')).toBe(50)
        // What cannot be opened can be dropped.
        await root.closeJob('job')
        await spoil((file) => file.fill(65, 0, 100))
        await root.dropJob('job')
        expect(await root.jobs()).toEqual([])
      })
    }

    if (kept?.second === 'is refused') {
      test('[KJ17] a second owner is refused until the first has closed', async () => {
        const path = harness.newRoot()
        const root = await openRoot(path)
        await root.openJob('job')
        const other = await openRoot(path)
        expect(await codeOf(other.openJob('job'))).toBe('storage/locked')
        expect(await codeOf(other.dropJob('job'))).toBe('storage/locked')
        expect(other.hasJob('job')).toBe(false)
        await root.persistPutAcked('job', 'c', 1, 'v')
        await root.closeJob('job')
        expect(await (await other.openJob('job')).exists('c', 1)).toBe(true)
      })
    } else if (kept === undefined) {
      test('[KJ17] in memory every owner has a job of its own', async () => {
        const path = harness.newRoot()
        const [one, other] = [await openRoot(path), await openRoot(path)]
        const jobs = [await one.openJob('job'), await other.openJob('job')] as const
        await jobs[0].persistPutAcked('c', 1, 'v')
        expect(await jobs[1].exists('c', 1)).toBe(false)
      })
    }

    test('[KJ22] who awaits persist is slowed down to what is stored', async () => {
      const job = await openJob()
      await job.flush()
      let queuedCount = 0
      const put = (key: number, payload: Uint8Array): Promise<number> =>
        job.persistPut('c', key, payload).then(() => ++queuedCount)
      const small = put(0, EMPTY)
      // No message arrives between microtasks: what is resolved by then has waited for nothing.
      const microtasks = async (): Promise<void> => {
        for (let n = 0; n < 20; n++) await Promise.resolve()
      }
      await microtasks()
      expect(queuedCount).toBe(1)
      const large = put(1, new Uint8Array(QUEUED_BYTES_MAX))
      const next = put(2, EMPTY)
      await microtasks()
      expect(queuedCount).toBe(1)
      await Promise.all([small, large, next])
      expect(await job.count('c')).toBe(3)
    })
  })
}
