/** The floor of key-value jobs in a page, in a worker. */
import { loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { expose } from 'comlink'
import { bareKv } from '../kv/bare-kv.ts'

const sqlite = loadSqlite()

expose(
  bareKv((directory) =>
    openWasmDatabase({ sqlite, storage: { kind: 'opfs', directory }, durability: 'power' }),
  ),
)
