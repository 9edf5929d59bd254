/** A job of ours as a contender, wherever it runs. */
import type { Job } from '@inner-universe/client/jobs'
import type { KvContender, KvEntry } from './contender.ts'

const CATEGORY = new Uint8Array([1])

/** A job that is open and empty. */
export function jobContenderOf(job: Job, close: () => Promise<unknown>): KvContender {
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
    close,
  }
}
