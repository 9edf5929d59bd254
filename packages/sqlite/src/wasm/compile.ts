import { sqliteError } from '../sqlite-error.ts'
import { readText } from './column.ts'
import type { WasmConnection } from './connection.ts'
import type { Pointer, Sqlite } from './sqlite-module.ts'

/** `SQLITE_PREPARE_PERSISTENT`: the statement is kept, so it is not put into lookaside memory. */
const PERSISTENT = 1

/** Compiles the first statement of `sql`; `tail` is what follows it, and 0 means there is none. */
export function compile(
  connection: WasmConnection,
  sql: string,
): { readonly statement: Pointer; readonly tail: string } {
  const { module } = connection
  const text = allocateText(module, sql)
  try {
    const out = text.at + text.byteCount + (4 - ((text.at + text.byteCount) % 4))
    let resultCode: number
    try {
      resultCode = module.sqlite3_prepare_v3(
        connection.handle,
        text.at,
        text.byteCount,
        PERSISTENT,
        out,
        out + 4,
      )
    } catch (error) {
      throw connection.break(error)
    }
    connection.check(resultCode, sql)
    const statement = module.HEAP32[out >> 2] as number
    const tailAt = module.HEAP32[(out + 4) >> 2] as number
    const end = text.at + text.byteCount - 1
    return { statement, tail: tailAt < end ? readText(module.HEAPU8, tailAt, end - tailAt) : '' }
  } finally {
    if (connection.isOpen) module.free(text.at)
  }
}

/** Writes `text` with its terminating zero into fresh memory, with 16 bytes to spare after it. */
export function allocateText(
  module: Sqlite,
  text: string,
): { readonly at: Pointer; readonly byteCount: number } {
  const bytes = encoder.encode(text)
  const at = module.malloc(bytes.length + 1 + 16)
  if (at === 0) throw sqliteError({ resultCode: 7, message: 'out of memory' })
  module.HEAPU8.set(bytes, at)
  module.HEAPU8[at + bytes.length] = 0
  return { at, byteCount: bytes.length + 1 }
}

const encoder = new TextEncoder()
