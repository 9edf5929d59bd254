import type { SqlValue } from '../driver.ts'
import { parameterInvalid } from '../parameters.ts'
import { sqliteError } from '../sqlite-error.ts'
import type { WasmConnection } from './connection.ts'
import { type Pointer, SQLITE_OK } from './sqlite-module.ts'

/** `SQLITE_STATIC`: SQLite reads the bytes where they are. They must stay until the next bind. */
const STATIC = 0

/**
 * Longest text encoded char by char; above it a call of the encoder, 350 ns in Chromium however short
 * the text, is the smaller cost.
 */
const SHORT_TEXT_CHARS = 200

/** A buffer larger than this is freed after the execution that needed it. */
const KEPT_BYTES_MAX = 65_536

/**
 * Binds a statement's parameters from one piece of wasm memory that the statement owns.
 *
 * Text is encoded straight into it and bound in place, so a bind costs no allocation.
 */
export class ParameterBuffer {
  readonly #connection: WasmConnection
  readonly #sql: string
  #at: Pointer = 0
  #capacity = 0

  constructor(connection: WasmConnection, sql: string) {
    this.#connection = connection
    this.#sql = sql
  }

  /** Binds every parameter; those not given are NULL. Invariant: `statement` is reset. */
  bind(statement: Pointer, params: readonly SqlValue[]): void {
    const { module } = this.#connection
    const parameterCount = module.sqlite3_bind_parameter_count(statement)
    if (params.length > parameterCount) {
      throw sqliteError({
        resultCode: 25,
        message: `${params.length} parameters are given where ${parameterCount} are taken`,
        sql: this.#sql,
      })
    }
    // Before the first address is taken: growing moves the buffer.
    this.#reserve(params)
    let at = this.#at
    for (let index = 0; index < parameterCount; index++) {
      const value = index < params.length ? (params[index] as SqlValue) : null
      const position = index + 1
      let resultCode: number
      if (typeof value === 'string') {
        const byteCount = this.#write(value, at)
        resultCode = module.sqlite3_bind_text(statement, position, at, byteCount, STATIC)
        at += byteCount
      } else if (typeof value === 'number') {
        resultCode = this.#bindNumber(statement, position, value)
      } else if (value === null) {
        resultCode = module.sqlite3_bind_null(statement, position)
      } else if (typeof value === 'bigint') {
        const low = Number(BigInt.asIntN(32, value))
        const high = Number(BigInt.asIntN(32, value >> 32n))
        resultCode = module.sqlite3_bind_int64(statement, position, low, high)
      } else {
        module.HEAPU8.set(value, at)
        resultCode = module.sqlite3_bind_blob(statement, position, at, value.length, STATIC)
        at += value.length
      }
      if (resultCode !== SQLITE_OK) throw this.#connection.failure(resultCode, this.#sql)
    }
  }

  /** Gives an unusually large buffer back. The statement must be reset. */
  shrink(): void {
    if (this.#capacity > KEPT_BYTES_MAX) this.release()
  }

  release(): void {
    if (this.#at !== 0) this.#connection.module.free(this.#at)
    this.#at = 0
    this.#capacity = 0
  }

  /** Checks every value and makes room for all of them: three bytes a char is the most UTF-8 takes. */
  #reserve(params: readonly SqlValue[]): void {
    let bytes = 8 // never none: an empty text or blob needs an address, or it would be NULL
    for (let index = 0; index < params.length; index++) {
      const value = params[index] as SqlValue
      if (typeof value === 'string') bytes += value.length * 3
      else if (value instanceof Uint8Array) bytes += value.length
      else if (
        value !== null &&
        (typeof value === 'number'
          ? Number.isNaN(value)
          : typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
      ) {
        throw parameterInvalid(value, index, this.#sql)
      }
    }
    if (bytes <= this.#capacity) return
    this.release()
    const capacity = bytes < 256 ? 256 : bytes
    this.#at = this.#connection.module.malloc(capacity)
    if (this.#at === 0)
      throw sqliteError({ resultCode: 7, message: 'out of memory', sql: this.#sql })
    this.#capacity = capacity
  }

  #bindNumber(statement: Pointer, position: number, value: number): number {
    const { module } = this.#connection
    // −0 is 0 here: SQLite itself keeps its sign in some columns and not in others.
    if (value === (value | 0)) return module.sqlite3_bind_int(statement, position, value)
    if (!Number.isSafeInteger(value)) {
      return module.sqlite3_bind_double(statement, position, value)
    }
    return module.sqlite3_bind_int64(statement, position, value | 0, Math.floor(value / 2 ** 32))
  }

  /** Encodes `text` at `at` and returns its bytes. */
  #write(text: string, at: Pointer): number {
    const heap = this.#connection.module.HEAPU8
    if (text.length <= SHORT_TEXT_CHARS) {
      let index = 0
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index)
        if (code > 127) break
        heap[at + index] = code
      }
      if (index === text.length) return index
    }
    return encoder.encodeInto(text, heap.subarray(at, at + text.length * 3)).written
  }
}

const encoder = new TextEncoder()
