/** The ledger as a key-value job that tabs share: a call is one batch of entries. */
import { decodeKey, isUniverseError, k, Persistency } from '@inner-universe/client/jobs'
import { partCountOf } from './ledger.ts'
import type { Written } from './ledger-state.ts'

/** Entries of one part: a batch then takes a while before its commit, in which kills fall. */
const COPIES = 20

/** Opens the job. */
export async function openJobLedger(): Promise<Written> {
  const root = await Persistency.open('kill', {
    worker: () =>
      new Worker(new URL('../page/jobs.worker.ts', import.meta.url), { type: 'module' }),
  })
  const job = await root.openJob('ledger')
  return {
    async append(call) {
      const parts = Array.from({ length: partCountOf(call) }, (_, part) =>
        Array.from({ length: COPIES }, (_, copy) => {
          return { kind: 'put', category: 'part', key: [call, part, copy], payload: call } as const
        }),
      )
      try {
        await job.persistAcked(parts.flat())
        return true
      } catch (error) {
        // The tab that led was killed: whether this was written nobody knows.
        if (isUniverseError(error, 'kv/closed')) return false
        throw error
      }
    },
    async state() {
      const copiesOf = new Map<string, number[]>()
      for await (const { key } of job.iterate('part')) {
        const [call, part] = decodeKey(key, k.string, k.int, k.int)
        const copies = copiesOf.get(call) ?? []
        copiesOf.set(call, copies)
        copies[part] = (copies[part] ?? 0) + 1
      }
      const calls = [...copiesOf].map(([call, copies]) => {
        const whole = copies.filter((count) => count === COPIES).length
        return [call, whole, whole] as const
      })
      return { calls, total: calls.length, faults: [] }
    },
  }
}
