import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { assert, UniverseError } from '@inner-universe/core'
import type { SqlColumns, SqlRow, SqlValue, Statement } from '../driver.ts'
import { parameterInvalid } from '../parameters.ts'
import { driverClosed, sqlInvalid, sqliteError } from '../sqlite-error.ts'
import { isBlankSql, type StatementKind, statementKind } from '../statement-kind.ts'

/** What the statements of one driver share. */
export interface NodeConnection {
  readonly database: DatabaseSync
  /** Moves when a statement's columns may have changed: compiled statements are then stale. */
  schemaGeneration: number
  /** Moves when the file may have changed. */
  writeGeneration: number
  isExpired: (() => boolean) | undefined
}

/** A `node:sqlite` statement behind the {@link Statement} contract. */
export class NodeStatement implements Statement {
  readonly sql: string
  readonly #connection: NodeConnection
  readonly #kind: StatementKind
  #compiled: StatementSync
  #compiledGeneration: number
  #columnNames: readonly string[] | undefined
  #isReadOnly: boolean | undefined
  /** Integers arrive as bigint. Twice the cost of a row, so only after one was out of range. */
  #isWide = false
  #isBusy = false

  constructor(connection: NodeConnection, sql: string) {
    this.sql = sql
    this.#connection = connection
    this.#kind = statementKind(sql)
    this.#compiled = this.#compile()
    this.#compiledGeneration = connection.schemaGeneration
  }

  get columnNames(): readonly string[] {
    this.#renew()
    this.#columnNames ??= guard(this.sql, () => this.#compiled.columns().map(({ name }) => name))
    return this.#columnNames
  }

  get isReadOnly(): boolean {
    this.#isReadOnly ??= this.#kind === 'query' || (this.#kind === 'with' && !this.#writes())
    return this.#isReadOnly
  }

  run(params: readonly SqlValue[] = []): number {
    if (this.isReadOnly) {
      this.each(params, () => undefined)
      return 0
    }
    return this.#execute(() => {
      const { changes } = this.#compiled.run(...this.#bindable(params))
      return this.#kind === 'change' || this.#kind === 'with' ? Number(changes) : 0
    })
  }

  get(params: readonly SqlValue[] = []): SqlRow | undefined {
    const row = this.#read(
      (values) => this.#compiled.get(...values) as unknown as SqlRow | undefined,
      params,
    )
    if (this.isReadOnly && this.#connection.isExpired?.()) throw timedOut(this.sql)
    return row
  }

  all(params: readonly SqlValue[] = []): SqlRow[] {
    if (this.#connection.isExpired !== undefined && this.isReadOnly) {
      const rows: SqlRow[] = []
      this.each(params, (row) => {
        rows.push(row)
      })
      return rows
    }
    return this.#read((values) => this.#compiled.all(...values) as unknown as SqlRow[], params)
  }

  each(params: readonly SqlValue[], onRow: (row: SqlRow) => undefined | boolean): void {
    this.#execute(() => {
      const isExpired = this.isReadOnly ? this.#connection.isExpired : undefined
      // Rows already handed out cannot be taken back, so an integer out of range must not throw.
      this.#setWide(true)
      const rows = this.#compiled.iterate(...this.#bindable(params)) as unknown as Iterable<SqlRow>
      for (const row of rows) {
        if (isExpired?.()) throw timedOut(this.sql)
        if (onRow(narrow(row)) === false) break
      }
    })
  }

  columns(params: readonly SqlValue[] = []): SqlColumns {
    const rows = this.all(params)
    const names = this.columnNames
    return {
      names,
      columns: names.map((_, column) => rows.map((row) => row[column] as SqlValue)),
      rowCount: rows.length,
    }
  }

  /** One row or all of them: tried with plain numbers, again with bigints if one does not fit. */
  #read<T extends SqlRow | SqlRow[] | undefined>(
    step: (values: SQLInputValue[]) => T,
    params: readonly SqlValue[],
  ): T {
    return this.#execute(() => {
      const values = this.#bindable(params)
      // A statement that writes must not run twice: it reads with bigints from the start.
      if (!this.isReadOnly) this.#setWide(true)
      let result: T
      try {
        result = step(values)
      } catch (error) {
        if (this.#isWide || (error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error
        this.#setWide(true)
        result = step(values)
      }
      if (this.#isWide && result !== undefined) {
        if (Array.isArray(result[0])) for (const row of result as SqlRow[]) narrow(row)
        else narrow(result as SqlRow)
      }
      return result
    })
  }

  #execute<T>(body: () => T): T {
    assert(!this.#isBusy, `a statement is finished before it runs again: ${this.sql}`)
    this.#renew()
    this.#isBusy = true
    try {
      return guard(this.sql, body)
    } finally {
      this.#isBusy = false
      this.#noteEffect()
    }
  }

  #renew(): void {
    if (!this.#connection.database.isOpen) throw driverClosed()
    if (this.#compiledGeneration === this.#connection.schemaGeneration) return
    this.#compiled = this.#compile()
    this.#compiledGeneration = this.#connection.schemaGeneration
    this.#columnNames = undefined
    this.#isWide = false
  }

  #compile(): StatementSync {
    if (!this.#connection.database.isOpen) throw driverClosed()
    if (isBlankSql(this.sql, 0)) throw sqlInvalid('there is no statement', this.sql)
    const compiled = guard(this.sql, () => this.#connection.database.prepare(this.sql))
    // `sourceSQL` is the part SQLite compiled; node:sqlite drops the rest without a word.
    if (!isBlankSql(this.sql, compiled.sourceSQL.length)) {
      throw sqlInvalid('there is more than one statement', this.sql)
    }
    return compiled
  }

  /** Asks the bytecode, which is how SQLite itself answers `sqlite3_stmt_readonly`. */
  #writes(): boolean {
    const program = guard(this.sql, () =>
      this.#connection.database.prepare(`EXPLAIN ${this.sql}`).all(),
    )
    return (program as unknown as SqlRow[]).some((row) => row[1] === 'Transaction' && row[3] !== 0)
  }

  #setWide(isWide: boolean): void {
    if (this.#isWide === isWide) return
    this.#compiled.setReadBigInts(isWide)
    this.#isWide = isWide
  }

  #noteEffect(): void {
    if (this.isReadOnly || this.#kind === 'transaction') {
      // A rollback may take a schema change back.
      if (this.#kind === 'transaction' && /rollback/i.test(this.sql)) {
        this.#connection.schemaGeneration++
      }
      return
    }
    this.#connection.writeGeneration++
    if (this.#kind === 'schema') this.#connection.schemaGeneration++
  }

  /** node:sqlite binds every number as REAL: integers are given as bigint to stay integers. */
  #bindable(params: readonly SqlValue[]): SQLInputValue[] {
    const values: SQLInputValue[] = new Array(params.length)
    for (let index = 0; index < params.length; index++) {
      const value = params[index] as SqlValue
      if (typeof value === 'number') {
        if (Number.isSafeInteger(value)) values[index] = BigInt(value)
        else if (Number.isNaN(value)) throw parameterInvalid(value, index, this.sql)
        else values[index] = value
      } else if (typeof value === 'bigint') {
        if (BigInt.asIntN(64, value) !== value) throw parameterInvalid(value, index, this.sql)
        values[index] = value
      } else if (value === null || typeof value === 'string' || value instanceof Uint8Array) {
        values[index] = value
      } else {
        throw parameterInvalid(value, index, this.sql)
      }
    }
    return values
  }
}

/** Runs `body`, turning what node:sqlite throws into a {@link UniverseError}. */
export function guard<T>(sql: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    const { code, errcode, message } = error as { code?: string; errcode?: number; message: string }
    if (code === 'ERR_SQLITE_ERROR') {
      throw sqliteError({ resultCode: errcode ?? 1, message, sql, cause: error })
    }
    if (code === 'ERR_INVALID_STATE' && /not open|finalized/.test(message)) throw driverClosed()
    throw error
  }
}

/** Turns the integers of a row that fit into numbers, in place. */
function narrow(row: SqlRow): SqlRow {
  for (let index = 0; index < row.length; index++) {
    const value = row[index]
    if (typeof value === 'bigint') {
      const number = Number(value)
      if (Number.isSafeInteger(number)) row[index] = number
    }
  }
  return row
}

function timedOut(sql: string): UniverseError {
  return new UniverseError(
    'sql/timed-out',
    'the query ran past its time limit; add an index or a limit, or raise the time limit',
    { details: { sql } },
  )
}
