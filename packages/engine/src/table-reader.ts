/** Reads of one table, decoded: what the engine's queries and a reducer's share. */
import { assert, type Row, type TableQuery } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { BoundSql } from './bound-sql.ts'
import { compileCount, compileQuery } from './query-sql.ts'
import type { CompiledRelation } from './relation-sql.ts'
import type { RowCodec } from './row-codec.ts'
import type { RowStore } from './row-store.ts'
import { type Schema, type TableSchema, tableOf } from './schema.ts'

/** Runs typed queries on the visible rows, uncommitted ones of the open transaction included. */
export class TableReader {
  readonly schema: Schema
  readonly codecs: ReadonlyMap<TableSchema, RowCodec>
  readonly #driver: Driver
  readonly #rows: RowStore
  /** Tables, and views once there are any. */
  #readable: Schema

  constructor(
    driver: Driver,
    schema: Schema,
    codecs: ReadonlyMap<TableSchema, RowCodec>,
    rows: RowStore,
  ) {
    this.#driver = driver
    this.schema = schema
    this.codecs = codecs
    this.#rows = rows
    this.#readable = schema
  }

  /** Lets declared views be read like tables, from now on. */
  addViews(views: Schema): void {
    this.#readable = new Map([...this.schema, ...views])
  }

  /** @throws UniverseError `query/invalid`, `query/invalid-cursor`. */
  query(query: TableQuery): Row[] {
    const bound = compileQuery(this.#readable, query)
    const codec = this.codecOf(tableOf(this.#readable, query.table))
    return this.#all(bound).map((values) => codec.decode(values))
  }

  /** @throws UniverseError `query/invalid`, `query/invalid-cursor`. */
  count(query: TableQuery): number {
    const [row] = this.#all(compileCount(this.#readable, query))
    return (row?.[0] as number | undefined) ?? 0
  }

  /** @throws UniverseError `query/invalid`, `query/invalid-cursor`. */
  queryCompiled(
    compile: (schema: Schema) => CompiledRelation,
    assertReady: (tables: Iterable<string>) => void,
  ): Row[] {
    const compiled = compile(this.#readable)
    assertReady(compiled.tables)
    return this.#all(compiled).map(compiled.decode)
  }

  /** The row of a primary key. Cost: one index seek. */
  get(table: TableSchema, id: string): Row | undefined {
    const row = this.#rows.get(table, id)
    return row && this.codecOf(table).decode(row.values)
  }

  codecOf(table: TableSchema): RowCodec {
    const codec = this.codecs.get(table)
    assert(codec !== undefined, `table "${table.name}" is of the schema at work`)
    return codec
  }

  #all({ sql, params }: BoundSql) {
    return this.#driver.prepare(sql).all(params)
  }
}
