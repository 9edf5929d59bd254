/**
 * Rows of a version's content as bytes: what a row of `history_chunk` holds. engine/HISTORY.md HI8.
 *
 *     format, number of tables, then for each table, in the order of their names:
 *       name, number of columns, their names, number of rows, then for each row, in the order of ids:
 *         id, 0 (the state has no such row) or 1 and one value per column
 *
 * Numbers are varints, values those of CODEC.md VC1–VC9 in their stored form. Columns are named, as a
 * reader may have more of them than the writer had.
 */
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { StoredValue } from './delta.ts'
import { UniverseError } from './error.ts'
import { KEY_BYTES_MAX, NAME_BYTES_MAX } from './limits.ts'
import { encodeValue } from './value-codec.ts'
import { decodeValue } from './value-decoder.ts'

/** A row of a content: stored values in the order of the table's columns; undefined: there is none. */
export interface ContentRow {
  readonly id: string
  readonly values: readonly StoredValue[] | undefined
}

/** Rows of one table in a content. */
export interface ContentTable {
  readonly table: string
  /** Without the primary key, which is the id. */
  readonly columns: readonly string[]
  /** By id, in the order of code points, each once. */
  readonly rows: readonly ContentRow[]
}

const FORMAT = 1
const ABSENT = 0
const PRESENT = 1

/** Counts that would allocate before they are disproved. */
const COUNT_MAX = 1_000_000

/** Bytes of some rows. */
export function encodeContent(tables: readonly ContentTable[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writer.writeVarint(FORMAT)
  writer.writeVarint(tables.length)
  for (const { table, columns, rows } of tables) {
    writer.writeText(table)
    writer.writeVarint(columns.length)
    for (const column of columns) writer.writeText(column)
    writer.writeVarint(rows.length)
    for (const { id, values } of rows) {
      writer.writeText(id)
      writer.writeByte(values === undefined ? ABSENT : PRESENT)
      for (const value of values ?? []) encodeValue(writer, value)
    }
  }
  return writer.finish()
}

/** @throws UniverseError `history/damaged` for anything that {@link encodeContent} does not give. */
export function decodeContent(bytes: Uint8Array): readonly ContentTable[] {
  const reader = new ByteReader(bytes, 'history/damaged')
  const format = reader.readVarint()
  if (format !== FORMAT) refuse(`rows are of format ${format}, this release reads ${FORMAT}`)
  const tables: ContentTable[] = []
  for (let left = reader.readVarintUpTo(COUNT_MAX, 'tables'); left > 0; left--) {
    const table = reader.readText(NAME_BYTES_MAX)
    const columns: string[] = []
    for (let more = reader.readVarintUpTo(COUNT_MAX, 'columns'); more > 0; more--) {
      columns.push(reader.readText(NAME_BYTES_MAX))
    }
    const rows: ContentRow[] = []
    for (let more = reader.readVarintUpTo(COUNT_MAX, 'rows'); more > 0; more--) {
      rows.push(readRow(reader, columns.length))
    }
    tables.push({ table, columns, rows })
  }
  if (reader.remaining > 0) refuse(`${reader.remaining} bytes follow the rows`)
  return tables
}

function readRow(reader: ByteReader, columnCount: number): ContentRow {
  const id = reader.readText(KEY_BYTES_MAX)
  const there = reader.readByte()
  if (there === ABSENT) return { id, values: undefined }
  if (there !== PRESENT) refuse(`a row begins with ${there}`)
  const values: StoredValue[] = []
  for (let index = 0; index < columnCount; index++) {
    const value = decodeValue(reader)
    if (!isStored(value)) refuse('a value is not of the stored form')
    values.push(value)
  }
  return { id, values }
}

function isStored(value: unknown): value is StoredValue {
  if (value === null || value instanceof Uint8Array) return true
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
}

function refuse(why: string): never {
  throw new UniverseError('history/damaged', `the content of a version is damaged: ${why}`)
}
