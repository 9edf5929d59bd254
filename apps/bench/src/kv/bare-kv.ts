/** The floor of key-value jobs: the same table through the bare driver. */
import { prefixRange } from '@inner-universe/core'
import { type Driver, inTransaction } from '@inner-universe/sqlite'
import type { KvContender, KvEntry } from './contender.ts'

const CATEGORY = new Uint8Array([1])
const PUT = 'INSERT OR REPLACE INTO kv VALUES (?1, ?2, ?3)'

/** What runs in the thread that owns the database. */
export interface BareKv {
  open(place: string): Promise<void>
  put(key: Uint8Array, payload: Uint8Array): void
  putAll(entries: readonly KvEntry[]): void
  get(key: Uint8Array): Uint8Array | undefined
  scan(count: number): KvEntry[]
  deletePrefix(prefix: Uint8Array): void
  close(): void
}

/** The table over a driver that is opened when it is asked for. */
export function bareKv(openDriver: (place: string) => Driver | Promise<Driver>): BareKv {
  let opened: Driver | undefined
  const database = (): Driver => {
    if (opened === undefined) throw new Error('not open')
    return opened
  }
  return {
    async open(place) {
      opened = await openDriver(place)
      opened.exec(
        'CREATE TABLE kv (category BLOB, key BLOB, payload BLOB, PRIMARY KEY (category, key)) WITHOUT ROWID',
      )
    },
    put(key, payload) {
      database().prepare(PUT).run([CATEGORY, key, payload])
    },
    putAll(entries) {
      inTransaction(database(), () => {
        const put = database().prepare(PUT)
        for (const { key, payload } of entries) put.run([CATEGORY, key, payload])
        return undefined
      })
    },
    get(key) {
      const sql = 'SELECT payload FROM kv WHERE category = ?1 AND key = ?2'
      return database().prepare(sql).get([CATEGORY, key])?.[0] as Uint8Array | undefined
    },
    scan(count) {
      const rows: KvEntry[] = []
      const sql = 'SELECT key, payload FROM kv WHERE category = ?1 ORDER BY key LIMIT ?2'
      database()
        .prepare(sql)
        .each([CATEGORY, count], ([key, payload]) => {
          rows.push({ key, payload } as KvEntry)
          return undefined
        })
      return rows
    },
    deletePrefix(prefix) {
      const { start, stop } = prefixRange(prefix)
      const sql = 'DELETE FROM kv WHERE category = ?1 AND key >= ?2 AND key < ?3'
      database().prepare(sql).run([CATEGORY, start, stop])
    },
    close() {
      database().close()
    },
  }
}

/** The same methods from another thread. */
type RemoteKv = {
  readonly [K in keyof BareKv]: (
    ...args: Parameters<BareKv[K]>
  ) => Promise<Awaited<ReturnType<BareKv[K]>>>
}

/** The bare driver in a thread of its own as a contender. */
export function bareContenderOf(
  name: string,
  bare: RemoteKv,
  end: () => Promise<unknown>,
): KvContender {
  return {
    name,
    put: ({ key, payload }) => bare.put(key, payload),
    async fill(batches) {
      for (const batch of batches) await bare.putAll(batch)
    },
    get: (key) => bare.get(key),
    scan: async (count) => (await bare.scan(count)).length,
    deletePrefix: (prefix) => bare.deletePrefix(prefix),
    async close() {
      await bare.close()
      await end()
    },
  }
}
