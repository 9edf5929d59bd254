import type { SqlValue } from '../driver.ts'
import type { Pointer, SqliteModule } from './sqlite-module.ts'

/** Longest text decoded byte by byte; above it setting up the decoder is the smaller cost. */
const SHORT_TEXT_BYTES = 48

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Copies one column of the current row off the wasm heap. */
export function readValue(module: SqliteModule, statement: Pointer, index: number): SqlValue {
  switch (module._sqlite3_column_type(statement, index)) {
    case 1: {
      // As a double first: one call, exact for every safe integer.
      const value = module._sqlite3_column_double(statement, index)
      return Number.isSafeInteger(value) ? value : readBigint(module, statement, index)
    }
    case 2:
      return module._sqlite3_column_double(statement, index)
    case 3: {
      const at = module._sqlite3_column_text(statement, index)
      return readText(module.HEAPU8, at, module._sqlite3_column_bytes(statement, index))
    }
    case 4: {
      const at = module._sqlite3_column_blob(statement, index)
      return module.HEAPU8.slice(at, at + module._sqlite3_column_bytes(statement, index))
    }
    default:
      return null
  }
}

/** Text of `byteCount` bytes at `at`; what is not UTF-8 in it becomes U+FFFD. */
export function readText(heap: Uint8Array<ArrayBuffer>, at: Pointer, byteCount: number): string {
  const end = at + byteCount
  if (byteCount <= SHORT_TEXT_BYTES) {
    let text = ''
    for (let position = at; position < end; position++) {
      const byte = heap[position] as number
      if (byte > 127) return decoder.decode(heap.subarray(at, end))
      text += String.fromCharCode(byte)
    }
    return text
  }
  return decoder.decode(heap.subarray(at, end))
}

function readBigint(module: SqliteModule, statement: Pointer, index: number): bigint {
  const low = module._sqlite3_column_int64(statement, index)
  const high = module.getTempRet0()
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}
