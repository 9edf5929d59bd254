/** The floor of key-value jobs: the same table through the bare driver, in a worker. */
import { type Driver, inTransaction } from '@inner-universe/sqlite'
import { loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { expose } from 'comlink'

const sqlite = loadSqlite()
let driver: Driver | undefined

const bareKv = {
  async open(directory: string): Promise<void> {
    const storage = { kind: 'opfs', directory } as const
    driver = await openWasmDatabase({ sqlite, storage, durability: 'power' })
    driver.exec(
      'CREATE TABLE kv (category BLOB, key BLOB, payload BLOB, PRIMARY KEY (category, key)) WITHOUT ROWID',
    )
  },
  /** Puts one entry in a transaction of its own. */
  put(category: Uint8Array, key: Uint8Array, payload: Uint8Array): void {
    driver?.prepare('INSERT OR REPLACE INTO kv VALUES (?1, ?2, ?3)').run([category, key, payload])
  },
  /** Milliseconds for entries that are there already, so many to a transaction. */
  putAll(category: Uint8Array, keys: readonly Uint8Array[], payload: Uint8Array, group: number) {
    const open = driver as Driver
    const started = performance.now()
    for (let at = 0; at < keys.length; at += group) {
      inTransaction(open, () => {
        const put = open.prepare('INSERT OR REPLACE INTO kv VALUES (?1, ?2, ?3)')
        for (const key of keys.slice(at, at + group)) put.run([category, key, payload])
        return undefined
      })
    }
    return performance.now() - started
  },
}

/** What the page calls. */
export type BareKv = typeof bareKv

expose(bareKv)
