/** The tables of a universe as views read them: by statements of their own, through indexes. */
import {
  type ColumnKind,
  type Condition,
  canonicalJson,
  type QueryValue,
  type Row,
  type StoredValue,
  type TableDefinition,
  type TableQuery,
  UniverseError,
} from '@inner-universe/core'
import { type Driver, quoteIdentifier } from '@inner-universe/sqlite'
import type { Lookup } from '../operator.ts'
import type { Datum } from '../state.ts'
import type { HydrationBound, TableSource } from '../table-source.ts'

/** A table, or a view's rows, in the file. */
export interface StoredTable {
  readonly name: string
  readonly definition: TableDefinition
  /** Quoted name in the file. */
  readonly sql: string
  /** Quoted names of its columns, as `decode` takes them. */
  readonly columnsSql: string
  decode(values: readonly StoredValue[]): Row
}

/** What reading takes. */
export interface TableReading {
  readonly driver: Driver
  query(query: TableQuery): readonly Row[]
  /** Gives an index over columns that no index begins with; its name. */
  addIndex(table: StoredTable, columns: readonly string[]): string
  /** Rows were read to fill a view. */
  onFed(rowCount: number): void
}

/** One table for one view. */
export class StoredTableSource implements TableSource {
  readonly table: string
  readonly primaryKey: string
  bound: HydrationBound = { kind: 'none' }
  readonly #stored: StoredTable
  readonly #reading: TableReading

  constructor(stored: StoredTable, reading: TableReading) {
    this.#stored = stored
    this.#reading = reading
    this.table = stored.name
    this.primaryKey = stored.definition.primaryKey
  }

  page(after: string | undefined, rowsMax: number): readonly Row[] {
    const { sql, columnsSql, decode } = this.#stored
    const key = quoteIdentifier(this.primaryKey)
    const from = `SELECT ${columnsSql} FROM ${sql}`
    const end = `ORDER BY ${key} LIMIT`
    const { driver, onFed } = this.#reading
    const rows =
      after === undefined
        ? driver.prepare(`${from} ${end} ?1`).all([rowsMax])
        : driver.prepare(`${from} WHERE ${key} > ?1 ${end} ?2`).all([after, rowsMax])
    onFed(rows.length)
    return rows.map((values) => decode(values as StoredValue[]))
  }

  lookup(columns: readonly string[], condition?: Condition): Lookup<Row> {
    const index = this.#indexOf(columns) ?? this.#reading.addIndex(this.#stored, columns)
    const description = `${this.table} by ${columns.join(', ')} (${index})`
    const kinds = columns.map((column) => this.#stored.definition.columns[column]?.kind ?? 'text')
    const find =
      condition === undefined
        ? this.#finder(columns, kinds)
        : (parts: readonly unknown[]) => this.#findFitting(columns, parts, condition)
    return {
      description,
      each: (key, onRow) => {
        const parts = key as readonly Datum[]
        if (this.bound.kind === 'none' || parts.some((part) => part === null)) return
        for (const row of find(parts)) if (onRow(row, 1) === false) return
      },
    }
  }

  query(query: TableQuery): readonly Row[] {
    return this.#reading.query(query)
  }

  #finder(
    columns: readonly string[],
    kinds: readonly ColumnKind[],
  ): (parts: readonly unknown[]) => Row[] {
    const { driver } = this.#reading
    const { sql, columnsSql, decode } = this.#stored
    const equal = columns.map((column, at) => `${quoteIdentifier(column)} = ?${at + 1}`)
    const all = driver.prepare(`SELECT ${columnsSql} FROM ${sql} WHERE ${equal.join(' AND ')}`)
    const key = quoteIdentifier(this.primaryKey)
    const fed = driver.prepare(`${all.sql} AND ${key} <= ?${columns.length + 1}`)
    return (parts) => {
      const { bound } = this
      const values = parts.map((part, at) => storedValue(kinds[at] as ColumnKind, part))
      const rows = bound.kind === 'through' ? fed.all([...values, bound.id]) : all.all(values)
      return rows.map((row) => decode(row as StoredValue[]))
    }
  }

  #findFitting(
    columns: readonly string[],
    parts: readonly unknown[],
    condition: Condition,
  ): readonly Row[] {
    const { bound } = this
    const compare = (column: string, operator: 'eq' | 'lte', value: QueryValue): Condition => ({
      kind: 'compare',
      column,
      operator,
      value,
    })
    const of: Condition[] = [
      ...columns.map((column, at) => compare(column, 'eq', parts[at] as QueryValue)),
      condition,
      ...(bound.kind === 'through' ? [compare(this.primaryKey, 'lte', bound.id)] : []),
    ]
    return this.query({ table: this.table, where: { kind: 'and', of }, orderBy: [] })
  }

  /** What answers by these columns: an index that begins with them, in any order. */
  #indexOf(columns: readonly string[]): string | undefined {
    const { definition } = this.#stored
    const wanted = new Set(columns)
    const answers = (list: readonly string[]): boolean =>
      list.length >= wanted.size && list.slice(0, wanted.size).every((name) => wanted.has(name))
    if (answers([definition.primaryKey])) return 'primary key'
    const declared = definition.indexes.find((index) => answers(index.columns))
    if (declared !== undefined) return `index ${declared.name}`
    const [only] = columns
    // Every reference has an index.
    if (only !== undefined && wanted.size === 1 && definition.columns[only]?.kind === 'ref') {
      return `references in ${only}`
    }
    return undefined
  }
}

/** A value as a column of that kind has it. @throws UniverseError `table/invalid-value`. */
export function storedValue(kind: ColumnKind, value: unknown): StoredValue {
  if (value === null || value === undefined) return null
  switch (kind) {
    case 'bool':
      return value ? 1 : 0
    case 'json':
    case 'array':
    case 'object':
    case 'set':
      return canonicalJson(value)
    default:
      if (typeof value !== 'object' || value instanceof Uint8Array) return value as StoredValue
      throw new UniverseError(
        'table/invalid-value',
        `a column of kind ${kind} cannot hold an object`,
      )
  }
}
