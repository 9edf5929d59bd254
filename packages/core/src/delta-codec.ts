/** Reads segments of the delta log; segment-writer.ts writes them. */
import type { ByteReader } from './byte-reader.ts'
import type { QueryValue } from './condition.ts'
import type { Cells, Delta, RowOperation, StoredValue } from './delta.ts'
import { isHlc, type Stamp } from './hlc.ts'
import { type StreamId, streamIdFromBytes } from './id.ts'
import { ID_BYTES, KEY_BYTES_MAX, NAME_BYTES_MAX } from './limits.ts'
import {
  CELL_KNOWN_ID,
  CELL_NEW_ID,
  CELL_OLD_ID,
  ID_KNOWN,
  openSegment,
  readSegmentHeader,
  type SegmentHeader,
} from './segment-format.ts'
import { unpackUuid } from './uuid.ts'
import { decodeValue } from './value-decoder.ts'

/** A decoded segment. */
export interface Segment extends SegmentHeader {
  readonly deltas: readonly Delta[]
}

/** Kinds of operation by their number. */
export const OPERATION_KINDS = ['insert', 'update', 'delete', 'increment', 'add', 'remove'] as const

const NAME = /^[a-z][a-z0-9_]*$/i

/**
 * Reads a segment whole. Nothing is trusted; the strings and arrays given back are the caller's.
 *
 * Cost: about 1 µs per operation.
 *
 * @throws UniverseError `engine/delta-invalid` for bytes that are not a segment: another format, an
 * end too soon or too late, a number that nothing has, a name that no module can have, values that no
 * cell can hold, an hlc beyond 53 bits.
 */
export function decodeSegment(bytes: Uint8Array): Segment {
  const reader = openSegment(bytes)
  const header = readSegmentHeader(reader)
  const deltas = new BodyReader(reader, header).read()
  reader.expectEnd()
  return { ...header, deltas }
}

interface TableNames {
  readonly name: string
  readonly columns: string[]
  readonly shapes: (readonly string[])[]
}

class BodyReader {
  readonly #reader: ByteReader
  readonly #header: SegmentHeader
  readonly #reducers: string[] = []
  readonly #tables: TableNames[] = []
  readonly #tableNames = new Set<string>()
  readonly #ids: string[] = []
  readonly #streams: StreamId[]
  readonly #lastUuid = new Uint8Array(ID_BYTES)

  constructor(reader: ByteReader, header: SegmentHeader) {
    this.#reader = reader
    this.#header = header
    this.#streams = [header.stream]
  }

  read(): Delta[] {
    const { stream, schemaVersion, firstSeq, deltaCount } = this.#header
    const reader = this.#reader
    const deltas: Delta[] = []
    let hlc = reader.readVarint()
    if (hlc === 0) reader.fail('hlc 0')
    for (let index = 0; index < deltaCount; index++) {
      if (index > 0) {
        const step = reader.readVarint()
        if (step === 0) reader.fail('an hlc that does not rise')
        hlc += step
        if (!isHlc(hlc)) reader.fail('an hlc of more than 53 bits')
      }
      const reducer = this.#readName(this.#reducers)
      const countAndArgs = reader.readVarint()
      const args = countAndArgs % 2 === 0 ? undefined : this.#readArgs()
      const operations: RowOperation[] = []
      for (let rest = Math.floor(countAndArgs / 2); rest > 0; rest--) {
        operations.push(this.#readOperation(hlc))
      }
      const delta = { stream, seq: firstSeq + index, hlc, schemaVersion, reducer, operations }
      deltas.push(args === undefined ? delta : { ...delta, args })
    }
    return deltas
  }

  #readArgs(): QueryValue {
    const args = decodeValue(this.#reader)
    return typeof args === 'bigint' ? this.#reader.fail('a bigint as arguments') : args
  }

  #readOperation(hlc: number): RowOperation {
    const reader = this.#reader
    const tag = reader.readVarint()
    const kind = OPERATION_KINDS[tag % 8]
    if (kind === undefined) return reader.fail(`operation kind ${tag % 8}`)
    const table = this.#readTable(Math.floor(tag / 8))
    const { name } = table
    const id = this.#readId()
    switch (kind) {
      case 'insert':
      case 'update':
        return { kind, table: name, id, cells: this.#readCells(table) }
      case 'delete':
        return { kind, table: name, id }
      case 'increment': {
        const column = this.#readColumn(table)
        return { kind, table: name, id, column, by: reader.readZigzag() }
      }
      case 'add': {
        const column = this.#readColumn(table)
        const elements: string[] = []
        for (let rest = reader.readVarint(); rest > 0; rest--) elements.push(this.#readElement())
        return { kind, table: name, id, column, elements }
      }
      case 'remove': {
        const column = this.#readColumn(table)
        const elements: { element: string; dots: Stamp[] }[] = []
        for (let rest = reader.readVarint(); rest > 0; rest--) {
          const element = this.#readElement()
          const dots: Stamp[] = []
          for (let more = reader.readVarint(); more > 0; more--) dots.push(this.#readDot(hlc))
          elements.push({ element, dots })
        }
        return { kind, table: name, id, column, elements }
      }
    }
  }

  #readTable(number: number): TableNames {
    if (number > 0) return this.#known(this.#tables, number, 'table')
    const name = this.#readNewName()
    if (this.#tableNames.has(name)) this.#reader.fail('a table announced twice')
    this.#tableNames.add(name)
    const table: TableNames = { name, columns: [], shapes: [] }
    this.#tables.push(table)
    return table
  }

  #readColumn(table: TableNames): string {
    const number = this.#reader.readVarint()
    if (number > 0) return this.#known(table.columns, number, 'column')
    const name = this.#readNewName()
    table.columns.push(name)
    return name
  }

  #readCells(table: TableNames): Cells {
    const number = this.#reader.readVarint()
    const shape = number > 0 ? this.#known(table.shapes, number, 'shape') : this.#readShape(table)
    const cells: Record<string, StoredValue> = {}
    for (let index = 0; index < shape.length; index++) {
      cells[shape[index] as string] = this.#readCell()
    }
    return cells
  }

  #readShape(table: TableNames): readonly string[] {
    const columns = new Set<string>()
    for (let rest = this.#reader.readVarint(); rest > 0; rest--) {
      const column = this.#readColumn(table)
      if (columns.has(column)) this.#reader.fail('a column twice in one shape')
      columns.add(column)
    }
    const shape = [...columns]
    table.shapes.push(shape)
    return shape
  }

  #readCell(): StoredValue {
    const reader = this.#reader
    const tag = reader.peekByte() ?? 0
    if (tag >= CELL_NEW_ID && tag <= CELL_OLD_ID) {
      reader.readByte()
      if (tag < CELL_KNOWN_ID) return this.#readNewUuid(tag - CELL_NEW_ID)
      return this.#knownId(tag < CELL_OLD_ID ? tag - CELL_KNOWN_ID : reader.readVarint())
    }
    const value = decodeValue(reader)
    if (typeof value === 'boolean') return reader.fail('a boolean as a cell')
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      return reader.fail('JSON as a cell')
    }
    return value
  }

  #readId(): string {
    const tag = this.#reader.readVarint()
    if (tag >= ID_KNOWN) return this.#knownId(tag - ID_KNOWN)
    if (tag > 0) return this.#readNewUuid(tag - 1)
    const id = this.#reader.readText(KEY_BYTES_MAX)
    this.#ids.push(id)
    return id
  }

  #readNewUuid(shared: number): string {
    this.#lastUuid.set(this.#reader.readRaw(ID_BYTES - shared), shared)
    const id = unpackUuid(this.#lastUuid)
    this.#ids.push(id)
    return id
  }

  #knownId(ago: number): string {
    return this.#known(this.#ids, this.#ids.length - ago, 'id')
  }

  #readElement(): string {
    const value = decodeValue(this.#reader)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return JSON.stringify(value)
    }
    return this.#reader.fail('a set element that is no text, number or boolean')
  }

  #readDot(hlc: number): Stamp {
    const reader = this.#reader
    const number = reader.readVarint()
    let stream: StreamId
    if (number > 0) {
      stream = this.#known(this.#streams, number, 'stream')
    } else {
      stream = streamIdFromBytes(reader.readRaw(ID_BYTES))
      this.#streams.push(stream)
    }
    const dot = { hlc: hlc - reader.readZigzag(), stream }
    return isHlc(dot.hlc) ? dot : reader.fail('an hlc of more than 53 bits')
  }

  #readName(names: string[]): string {
    const number = this.#reader.readVarint()
    if (number > 0) return this.#known(names, number, 'name')
    const name = this.#reader.readText(NAME_BYTES_MAX)
    names.push(name)
    return name
  }

  #readNewName(): string {
    const name = this.#reader.readText(NAME_BYTES_MAX)
    return NAME.test(name) ? name : this.#reader.fail('a name that no module can have')
  }

  #known<T>(list: readonly T[], number: number, what: string): T {
    const item = list[number - 1]
    return item === undefined ? this.#reader.fail(`${what} ${number}, which there is not`) : item
  }
}
