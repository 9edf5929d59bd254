/** Page half of the scenario `jobs`. */
import { encodeKey, type Job, Persistency } from '@inner-universe/client/jobs'
import { wrap } from 'comlink'
import type { BareKv } from './bare-kv.worker.ts'

const CATEGORY = encodeKey('log')
const PAYLOAD = new Uint8Array(200).fill(7)
const keyOf = (n: number): Uint8Array => encodeKey('channel', n)

const floor = wrap<BareKv>(
  new Worker(new URL('./bare-kv.worker.ts', import.meta.url), { type: 'module' }),
)
const root = Persistency.open('bench', {
  worker: () => new Worker(new URL('./jobs.worker.ts', import.meta.url), { type: 'module' }),
})

/** A job that is closed again afterwards. */
async function withJob<T>(id: string, body: (job: Job) => Promise<T>): Promise<T> {
  const job = await (await root).openJob(id)
  try {
    return await body(job)
  } finally {
    await (await root).closeJob(id)
  }
}

/** Milliseconds of each run, one after another. */
async function timed(count: number, run: (n: number) => Promise<unknown>): Promise<number[]> {
  const samples: number[] = []
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    await run(n)
    samples.push(performance.now() - started)
  }
  return samples
}

/** Called by the Node half. */
export const jobsPage = {
  /** Milliseconds of puts, each awaited until it is durable. */
  acknowledged(count: number): Promise<number[]> {
    return withJob('acknowledged', (job) =>
      timed(count, (n) => job.persistPutAcked(CATEGORY, keyOf(n), PAYLOAD)),
    )
  },

  async acknowledgedFloor(count: number): Promise<number[]> {
    await floor.open('bench-kv-floor')
    return timed(count, (n) => floor.put(CATEGORY, keyOf(n), PAYLOAD))
  },

  /** The usual way in a page: one IndexedDB transaction each, flushed like ours. */
  async acknowledgedIndexedDb(count: number): Promise<number[]> {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bench-kv')
      opening.onupgradeneeded = () => opening.result.createObjectStore('log')
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(opening.error)
    })
    const put = (n: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction('log', 'readwrite', { durability: 'strict' })
        transaction.objectStore('log').put(PAYLOAD, new Uint8Array(keyOf(n)))
        transaction.oncomplete = () => resolve()
        transaction.onerror = () => reject(transaction.error)
      })
    const samples = await timed(count, put)
    database.close()
    return samples
  },

  /** Milliseconds for queued puts and the flush after them, then for reading all of them in pages. */
  queuedAndRead(round: number, count: number): Promise<{ writeMs: number; readMs: number }> {
    return withJob(`queued-${round}`, async (job) => {
      const keys = Array.from({ length: count }, (_, n) => keyOf(n))
      const started = performance.now()
      for (const key of keys) await job.persistPut(CATEGORY, key, PAYLOAD)
      await job.flush()
      const written = performance.now()
      let rowCount = 0
      for await (const { payload } of job.iterate(CATEGORY)) rowCount += payload.length / 200
      const readMs = performance.now() - written
      if (rowCount !== count) throw new Error(`${rowCount} entries of ${count} are there`)
      return { writeMs: written - started, readMs }
    })
  },

  /** Milliseconds in the worker for entries that are there already. */
  async queuedFloor(round: number, count: number, group: number): Promise<number> {
    const keys = Array.from({ length: count }, (_, n) => keyOf(n))
    return floor.putAll(encodeKey('floor', round), keys, PAYLOAD, group)
  },
}
