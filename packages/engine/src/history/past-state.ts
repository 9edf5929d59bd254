/** The state of a version, read. HISTORY.md HI10. */
import type { QueryValue, Relation, Row, TableQuery, UniverseError } from '@inner-universe/core'
import { tablesRead } from '@inner-universe/sqlite'
import { type BoundSql, queryInvalid } from '../bound-sql.ts'
import type { Past } from '../history-contract.ts'
import { compileCount, compileQuery } from '../query-sql.ts'
import { readColumns } from '../raw-sql.ts'
import type { CompileRelation } from '../relation-sql.ts'
import { type Schema, type TableSchema, tableOf } from '../schema.ts'
import type { SqlResult } from '../sql-result.ts'
import type { Marker } from './markers.ts'
import { pastSql } from './past-sql.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** See {@link Past}. Markers are asked for at every read, as versions may be dropped in between. */
export class PastState implements Past {
  readonly #keeper: VersionKeeper
  readonly #version: string | null
  /** Statements that were found to read nothing but the version. */
  readonly #held = new Set<string>()

  /** @throws UniverseError `history/version-unknown`, `history/not-ready`, `history/damaged`. */
  constructor(keeper: VersionKeeper, version: string | null) {
    this.#keeper = keeper
    this.#version = version
    this.#marker()
  }

  query(query: TableQuery): readonly Row[] {
    const { reader } = this.#keeper.parts.session
    const bound = compileQuery(this.#schema([query.table]), query)
    const codec = reader.codecOf(tableOf(reader.schema, query.table))
    return this.#all(bound).map((values) => codec.decode(values))
  }

  count(query: TableQuery): number {
    const { where, after, limit, offset } = query
    const counts = this.#marker()?.counts
    if (counts !== undefined && (where ?? after ?? limit ?? offset) === undefined) {
      const table = this.#keeper.tables.find(({ name }) => name === query.table)
      if (table !== undefined) return counts[table.name] ?? 0
    }
    const [row] = this.#all(compileCount(this.#schema([query.table]), query))
    return (row?.[0] as number | undefined) ?? 0
  }

  get(table: string, id: string): Row | undefined {
    const { reader } = this.#keeper.parts.session
    const schema = tableOf(reader.schema, table)
    const past = this.#keeper.past.get(schema)
    if (past === undefined) throw noPast(table)
    const marker = this.#marker()
    const row = marker === undefined ? past.now(id) : past.at(marker.marker, id)
    return row && reader.codecOf(schema).decode(row)
  }

  queryRelation(relation: Relation, compile: CompileRelation): readonly Row[] {
    const compiled = compile(this.#schema(this.#keeper.tables.map(({ name }) => name)), relation)
    return this.#all(compiled).map(compiled.decode)
  }

  sql(text: string, params?: readonly QueryValue[]): SqlResult {
    const { driver } = this.#keeper.parts
    const sql = pastSql(text, this.#keeper.tables, (table) => this.#stateSql(table))
    this.#assertHeld(sql)
    const { names, columns, rowCount } = readColumns(driver, sql, params)
    return { columnNames: names, columns, rowCount }
  }

  /** Refuses what reads tables that versions do not hold. Known only by asking SQLite. */
  #assertHeld(sql: string): void {
    if (this.#held.has(sql)) return
    for (const name of tablesRead(this.#keeper.parts.driver, sql)) {
      const table = name.replace(/^_(rows|past|vrows)_/, '')
      const isHeld = this.#keeper.tables.some((one) => one.name === table)
      if (name.startsWith('_') && !isHeld) throw noPast(table)
    }
    this.#held.add(sql)
  }

  /** Undefined: the present is what is read, as it is for a draft. */
  #marker(): Marker | undefined {
    return this.#version === null ? undefined : this.#keeper.markerOf(this.#version)
  }

  #stateSql(table: TableSchema): string {
    const marker = this.#marker()?.marker
    const past = this.#keeper.past.get(table)
    if (past === undefined) throw noPast(table.name)
    if (marker === undefined) return `SELECT ${table.columnsSql} FROM ${table.rowsSql}`
    return past.stateSql(marker, marker === this.#keeper.last)
  }

  /** Tables whose rows are those of the version. */
  #schema(names: readonly string[]): Schema {
    const { schema } = this.#keeper.parts.session.reader
    return new Map(
      names.flatMap((name): [string, TableSchema][] => {
        const table = schema.get(name)
        if (table === undefined) return []
        return [[name, { ...table, rowsSql: `(${this.#stateSql(table)})` }]]
      }),
    )
  }

  #all({ sql, params }: BoundSql) {
    return this.#keeper.parts.driver.prepare(sql).all(params)
  }
}

function noPast(table: string): UniverseError {
  return queryInvalid(`versions do not hold table "${table}"; read the present`)
}
