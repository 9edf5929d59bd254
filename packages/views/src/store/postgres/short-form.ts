import { sha256 } from '@inner-universe/core'

/** Longest key in an index, in bytes. An index entry of Postgres holds 2704, of key, order and row. */
export const KEY_SHORT_MAX = 500

/** Longest row, and longest beginning of an order, in an index, in bytes. */
export const ROW_SHORT_MAX = 900

/** First byte of a hash that stands for what is too long: no value begins with it. */
const HASHED = 0xff

/** What stands in the index, and the whole where that is only its hash. */
export interface ShortForm {
  readonly short: Uint8Array
  readonly long: Uint8Array | null
}

/** A key or row as it stands in an index: itself, or its hash after a mark. */
export function shortForm(bytes: Uint8Array, bytesMax: number): ShortForm {
  if (bytes.length <= bytesMax) return { short: bytes, long: null }
  const short = new Uint8Array(33)
  short[0] = HASHED
  short.set(sha256(bytes), 1)
  return { short, long: bytes }
}

/** An order as it stands in an index: its beginning, which sorts as the whole does but for ties. */
export function shortOrder(bytes: Uint8Array): ShortForm {
  if (bytes.length <= ROW_SHORT_MAX) return { short: bytes, long: null }
  return { short: bytes.subarray(0, ROW_SHORT_MAX), long: bytes }
}
