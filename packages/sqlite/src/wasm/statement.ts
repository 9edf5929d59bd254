import { assert } from '@inner-universe/core'
import type { SqlColumns, SqlRow, SqlValue } from '../driver.ts'
import { sqlInvalid } from '../sqlite-error.ts'
import { isBlankSql, type StatementKind, statementKind } from '../statement-kind.ts'
import { readTerminatedText, readValue } from './column.ts'
import { compile } from './compile.ts'
import type { CompiledStatement, WasmConnection } from './connection.ts'
import { isTooDeep } from './expression-depth.ts'
import { ParameterBuffer } from './parameter-buffer.ts'
import { type Pointer, SQLITE_DONE, SQLITE_ROW } from './sqlite-module.ts'

/** A statement over the module's exports, driven without a promise or an object per step. */
export class WasmStatement implements CompiledStatement {
  readonly sql: string
  readonly #connection: WasmConnection
  readonly #kind: StatementKind
  readonly #parameters: ParameterBuffer
  readonly #onTail: ((tail: string) => void) | undefined
  #handle: Pointer = 0
  #schemaGeneration = -1
  #columnNames: readonly string[] = []
  #isReadOnly = false
  #isBusy = false
  #lastRun = 0

  /**
   * Compiles `sql`, which holds one statement; or the first of several, where `onTail` takes what
   * follows it.
   */
  constructor(connection: WasmConnection, sql: string, onTail?: (tail: string) => void) {
    this.sql = sql
    this.#connection = connection
    this.#onTail = onTail
    this.#kind = statementKind(sql)
    this.#parameters = new ParameterBuffer(connection, sql)
    this.#renew()
  }

  get columnNames(): readonly string[] {
    this.#renew()
    return this.#columnNames
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  get lastRun(): number {
    return this.#lastRun
  }

  release(): void {
    if (this.#handle !== 0) this.#connection.module.sqlite3_finalize(this.#handle)
    this.#handle = 0
    this.#parameters.release()
    this.#connection.compiled.delete(this)
  }

  run(params: readonly SqlValue[] = NO_PARAMETERS): number {
    this.#begin(params)
    try {
      while (this.#step());
      const isChange = this.#kind === 'change' || (this.#kind === 'with' && !this.#isReadOnly)
      return isChange ? this.#connection.module.sqlite3_changes(this.#connection.handle) : 0
    } finally {
      this.#end()
    }
  }

  get(params: readonly SqlValue[] = NO_PARAMETERS): SqlRow | undefined {
    this.#begin(params)
    try {
      return this.#step() ? this.#row() : undefined
    } finally {
      this.#end()
    }
  }

  all(params: readonly SqlValue[] = NO_PARAMETERS): SqlRow[] {
    this.#begin(params)
    try {
      const rows: SqlRow[] = []
      while (this.#step()) rows.push(this.#row())
      return rows
    } finally {
      this.#end()
    }
  }

  each(params: readonly SqlValue[], onRow: (row: SqlRow) => undefined | boolean): void {
    this.#begin(params)
    try {
      while (this.#step() && onRow(this.#row()) !== false);
    } finally {
      this.#end()
    }
  }

  columns(params: readonly SqlValue[] = NO_PARAMETERS): SqlColumns {
    this.#begin(params)
    try {
      const { module } = this.#connection
      const names = this.#columnNames
      const columns: SqlValue[][] = names.map(() => [])
      let rowCount = 0
      for (; this.#step(); rowCount++) {
        for (let index = 0; index < columns.length; index++) {
          columns[index]?.push(readValue(module, this.#handle, index))
        }
      }
      return { names, columns, rowCount }
    } finally {
      this.#end()
    }
  }

  #begin(params: readonly SqlValue[]): void {
    assert(!this.#isBusy, `a statement is finished before it runs again: ${this.sql}`)
    this.#renew()
    this.#parameters.bind(this.#handle, params)
    this.#isBusy = true
    this.#lastRun = ++this.#connection.clock
  }

  /** True when there is a row, false at the end. */
  #step(): boolean {
    const connection = this.#connection
    // A callback on the row before may have closed the database, and everything with it.
    if (this.#handle === 0) connection.assertOpen()
    connection.isInterruptible = this.#isReadOnly
    let resultCode: number
    try {
      resultCode = connection.module.sqlite3_step(this.#handle)
    } catch (error) {
      throw connection.break(error)
    }
    if (resultCode === SQLITE_ROW) return true
    if (resultCode === SQLITE_DONE) return false
    throw connection.failure(resultCode, this.sql)
  }

  #end(): void {
    this.#isBusy = false
    const connection = this.#connection
    if (connection.isOpen) {
      // The result code is the one the failed step gave already.
      connection.module.sqlite3_reset(this.#handle)
      this.#parameters.shrink()
    }
    if (this.#isReadOnly) return
    if (this.#kind === 'transaction') {
      // A rollback may take a schema change back.
      if (/rollback/i.test(this.sql)) connection.schemaGeneration++
    } else {
      connection.writeGeneration++
      if (this.#kind === 'schema') connection.schemaGeneration++
    }
  }

  #row(): SqlRow {
    const { module } = this.#connection
    const row: SqlRow = []
    for (let index = 0; index < this.#columnNames.length; index++) {
      row.push(readValue(module, this.#handle, index))
    }
    return row
  }

  /** Compiles where nothing is compiled, or a change of schema made the columns stale. */
  #renew(): void {
    const connection = this.#connection
    connection.assertOpen()
    if (this.#handle !== 0) {
      if (this.#schemaGeneration === connection.schemaGeneration || this.#isBusy) return
      this.release()
    }
    if (this.#onTail === undefined && isTooDeep(this.sql))
      throw sqlInvalid('the expression is nested too deep', this.sql)
    const { statement, tail } = compile(connection, this.sql)
    if (statement === 0) throw sqlInvalid('there is no statement', this.sql)
    if (this.#onTail !== undefined) {
      this.#onTail(tail)
    } else if (!isBlankSql(tail, 0)) {
      connection.module.sqlite3_finalize(statement)
      throw sqlInvalid('there is more than one statement', this.sql)
    }
    const { module } = connection
    this.#handle = statement
    this.#schemaGeneration = connection.schemaGeneration
    this.#isReadOnly =
      this.#kind === 'query' ||
      (this.#kind === 'with' && module.sqlite3_stmt_readonly(statement) !== 0)
    const names: string[] = []
    const columnCount = module.sqlite3_column_count(statement)
    for (let index = 0; index < columnCount; index++) {
      names.push(readTerminatedText(module.HEAPU8, module.sqlite3_column_name(statement, index)))
    }
    this.#columnNames = names
    connection.compiled.add(this)
    connection.limitCompiled()
  }
}

const NO_PARAMETERS: readonly SqlValue[] = []
