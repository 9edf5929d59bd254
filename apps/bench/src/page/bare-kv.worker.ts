/** The floor of key-value jobs: the same table through the bare driver, in a worker. */
import { prefixRange } from '@inner-universe/core'
import { type Driver, inTransaction } from '@inner-universe/sqlite'
import { loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { expose } from 'comlink'
import type { KvEntry } from '../kv/contender.ts'

const CATEGORY = new Uint8Array([1])
const PUT = 'INSERT OR REPLACE INTO kv VALUES (?1, ?2, ?3)'
const sqlite = loadSqlite()
let opened: Driver | undefined

function database(): Driver {
  if (opened === undefined) throw new Error('not open')
  return opened
}

const bareKv = {
  async open(directory: string): Promise<void> {
    const storage = { kind: 'opfs', directory } as const
    opened = await openWasmDatabase({ sqlite, storage, durability: 'power' })
    opened.exec(
      'CREATE TABLE kv (category BLOB, key BLOB, payload BLOB, PRIMARY KEY (category, key)) WITHOUT ROWID',
    )
  },
  put(key: Uint8Array, payload: Uint8Array): void {
    database().prepare(PUT).run([CATEGORY, key, payload])
  },
  putAll(entries: readonly KvEntry[]): void {
    inTransaction(database(), () => {
      const put = database().prepare(PUT)
      for (const { key, payload } of entries) put.run([CATEGORY, key, payload])
      return undefined
    })
  },
  get(key: Uint8Array): Uint8Array | undefined {
    const sql = 'SELECT payload FROM kv WHERE category = ?1 AND key = ?2'
    return database().prepare(sql).get([CATEGORY, key])?.[0] as Uint8Array | undefined
  },
  scan(count: number): KvEntry[] {
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
  deletePrefix(prefix: Uint8Array): void {
    const { start, stop } = prefixRange(prefix)
    const sql = 'DELETE FROM kv WHERE category = ?1 AND key >= ?2 AND key < ?3'
    database().prepare(sql).run([CATEGORY, start, stop])
  },
  close(): void {
    database().close()
  },
}

/** What the page calls. */
export type BareKv = typeof bareKv

expose(bareKv)
