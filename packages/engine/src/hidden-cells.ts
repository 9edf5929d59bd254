/**
 * The bytes of a hidden row in `_hidden.cells`. STORAGE.md ST4.
 *
 * JSON text of `{ h, r, o?, c }`: base stamp, overrides in hex, and cells by column *name*, so that a
 * row hidden under an older schema version is still read right. Bytes are `["hex"]`; integers outside
 * ±(2^53 − 1) do not occur in cells. Cells of columns the schema does not have are dropped: columns
 * are never taken away (STORAGE.md MG2).
 */
import { bytesToHex, hexToBytes, type StoredValue } from '@inner-universe/core'
import type { TableSchema } from './schema.ts'

/** A row that queries do not see, with everything merged so far. */
export interface HiddenRow {
  /** In column order; undefined where no write has arrived. */
  readonly values: (StoredValue | undefined)[]
  /** Stamp of the insert that gave it life; hlc 0 when none has arrived. */
  readonly hlc: number
  readonly streamIndex: number
  readonly overrides: Uint8Array | null
}

interface Encoded {
  readonly h: number
  readonly r: number
  readonly o?: string
  readonly c: Record<string, null | number | string | [string]>
}

const text = new TextEncoder()
const bytes = new TextDecoder()

/** Encodes a hidden row. */
export function encodeHiddenCells(table: TableSchema, row: HiddenRow): Uint8Array {
  const c: Encoded['c'] = {}
  for (const column of table.columns) {
    const value = row.values[column.index]
    if (value === undefined) continue
    if (value instanceof Uint8Array) c[column.name] = [bytesToHex(value)]
    else c[column.name] = typeof value === 'bigint' ? Number(value) : value
  }
  const encoded: Encoded = {
    h: row.hlc,
    r: row.streamIndex,
    ...(row.overrides === null ? {} : { o: bytesToHex(row.overrides) }),
    c,
  }
  return text.encode(JSON.stringify(encoded))
}

/** Decodes what {@link encodeHiddenCells} gave. */
export function decodeHiddenCells(table: TableSchema, encoded: Uint8Array): HiddenRow {
  const { h, r, o, c } = JSON.parse(bytes.decode(encoded)) as Encoded
  const values = new Array<StoredValue | undefined>(table.columns.length).fill(undefined)
  for (const column of table.columns) {
    const value = Object.hasOwn(c, column.name) ? c[column.name] : undefined
    values[column.index] = Array.isArray(value) ? bytesOf(value[0]) : value
  }
  return { values, hlc: h, streamIndex: r, overrides: o === undefined ? null : bytesOf(o) }
}

function bytesOf(hex: string): Uint8Array {
  return hexToBytes(hex) ?? new Uint8Array()
}
