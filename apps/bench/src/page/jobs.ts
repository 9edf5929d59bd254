/** Page half of the scenario `jobs`. */
import { Persistency } from '@inner-universe/client/jobs'
import { prefixRange } from '@inner-universe/core'
import { wrap } from 'comlink'
import { Dexie, type Table } from 'dexie'
import { type KvContender, type KvEntry, type KvMeasure, measureKv } from '../kv/contender.ts'
import type { BareKv } from './bare-kv.worker.ts'

const CATEGORY = new Uint8Array([1])
const root = Persistency.open('bench', {
  worker: () => new Worker(new URL('./jobs.worker.ts', import.meta.url), { type: 'module' }),
})

const openers = {
  async bare(place: string): Promise<KvContender> {
    const worker = new Worker(new URL('./bare-kv.worker.ts', import.meta.url), { type: 'module' })
    const bare = wrap<BareKv>(worker)
    await bare.open(`bench-bare-${place}`)
    return {
      name: 'bare driver in a worker',
      put: ({ key, payload }) => bare.put(key, payload),
      async fill(batches) {
        for (const batch of batches) await bare.putAll(batch)
      },
      get: (key) => bare.get(key),
      scan: async (count) => (await bare.scan(count)).length,
      deletePrefix: (prefix) => bare.deletePrefix(prefix),
      async close() {
        await bare.close()
        worker.terminate()
      },
    }
  },

  async job(place: string): Promise<KvContender> {
    const jobs = await root
    const job = await jobs.openJob(place)
    const putOf = ({ key, payload }: KvEntry) =>
      ({ kind: 'put', category: CATEGORY, key, payload }) as const
    return {
      name: 'job',
      put: ({ key, payload }) => job.persistPutAcked(CATEGORY, key, payload),
      async fill(batches) {
        for (const batch of batches) await job.persist(batch.map(putOf))
        await job.flush()
      },
      get: (key) => job.get(CATEGORY, key),
      scan: async (count) => (await job.scan(CATEGORY, {}, { limit: count })).length,
      deletePrefix: (prefix) => job.persistDeletePrefixAcked(CATEGORY, prefix),
      close: () => jobs.closeJob(place),
    }
  },

  async dexie(place: string): Promise<KvContender> {
    const database = new Dexie(`bench-${place}`, { chromeTransactionDurability: 'strict' })
    database.version(1).stores({ entry: '' })
    const entries: Table<Uint8Array, ArrayBuffer> = database.table('entry')
    const keyOf = (key: Uint8Array): ArrayBuffer => key.slice().buffer
    return {
      name: 'Dexie',
      put: ({ key, payload }) => entries.put(payload, keyOf(key)),
      async fill(batches) {
        for (const batch of batches) {
          await entries.bulkPut(
            batch.map(({ payload }) => payload),
            batch.map(({ key }) => keyOf(key)),
          )
        }
      },
      get: (key) => entries.get(keyOf(key)),
      scan: async (count) => (await entries.limit(count).toArray()).length,
      deletePrefix(prefix) {
        const { start, stop } = prefixRange(prefix)
        return entries.where(':id').between(keyOf(start), keyOf(stop)).delete()
      },
      close: () => database.delete(),
    }
  },
} as const

/** A store that the page can measure. */
export type KvName = keyof typeof openers

/** Called by the Node half. */
export const jobsPage = {
  /** Puts one store through the workload, in a place of its own. */
  async measure(name: KvName, count: number): Promise<[name: string, measure: KvMeasure]> {
    const contender = await openers[name](`${name}-${count}`)
    return [contender.name, await measureKv(contender, count)]
  },
}
