/** Page half of the scenario `jobs`. */
import { Persistency } from '@inner-universe/client/jobs'
import { prefixRange } from '@inner-universe/core'
import { wrap } from 'comlink'
import { Dexie, type Table } from 'dexie'
import { type BareKv, bareContenderOf } from '../kv/bare-kv.ts'
import { type KvContender, type KvMeasure, measureKv } from '../kv/contender.ts'
import { jobContenderOf } from '../kv/job-contender.ts'

const root = Persistency.open('bench', {
  worker: () => new Worker(new URL('./jobs.worker.ts', import.meta.url), { type: 'module' }),
})

const openers = {
  async bare(place: string): Promise<KvContender> {
    const worker = new Worker(new URL('./bare-kv.worker.ts', import.meta.url), { type: 'module' })
    const bare = wrap<BareKv>(worker)
    await bare.open(`bench-bare-${place}`)
    return bareContenderOf('bare driver in a worker', bare, async () => worker.terminate())
  },

  async job(place: string): Promise<KvContender> {
    const jobs = await root
    return jobContenderOf(await jobs.openJob(place), () => jobs.closeJob(place))
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
  /** Puts stores through the workload, each in a place of its own. */
  async measure(names: readonly KvName[], count: number): Promise<KvMeasure[]> {
    const contenders: KvContender[] = []
    for (const name of names) contenders.push(await openers[name](`${name}-${count}`))
    const measures = await measureKv(contenders, count)
    return measures.map(({ contender: { name }, ...measure }) => ({
      ...measure,
      contender: { name },
    }))
  },
}
