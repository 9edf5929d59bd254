/** All that a worker always has, for its parts to name: see `rpc/loaded.ts`. */
import { isPrepared, openPrepared } from '@inner-universe/engine'
import {
  deleteOpfsDatabase,
  importOpfsDatabase,
  loadSqlite,
  openWasmDatabase,
  readOpfsDatabase,
} from '@inner-universe/sqlite/wasm'
import { Host } from './host.ts'
import { Introductions } from './introductions.ts'
import { memoryStaging } from './memory-staging.ts'

/** What all else is reached from. */
export const ALWAYS: readonly unknown[] = [
  Host,
  Introductions,
  deleteOpfsDatabase,
  importOpfsDatabase,
  isPrepared,
  loadSqlite,
  memoryStaging,
  openPrepared,
  openWasmDatabase,
  readOpfsDatabase,
]
