/**
 * Rows as they lie in the file: visible ones with their clocks, hidden ones, tombstones, shadows.
 * STORAGE.md ST2–ST6.
 *
 * No rules live here: what becomes of a row is decided by the write path (`table.ts`) for local calls
 * and by `apply.ts` and `visibility.ts` for deltas from elsewhere. Nothing here records changes.
 */
import type { LocalStamp, StoredValue } from '@inner-universe/core'
import type { Driver, SqlRow, Statement } from '@inner-universe/sqlite'
import { decodeHiddenCells, encodeHiddenCells, type HiddenRow } from './hidden-cells.ts'
import { type ColumnSchema, quoteName, type Reference, type TableSchema } from './schema.ts'

/** A row that queries see. `values` are in column order and belong to the caller. */
export interface VisibleRow {
  /** `_n`: its rowid, stable while it is visible. */
  readonly n: number
  readonly values: StoredValue[]
  /** Stamp of the insert that gave it life; hlc 0 in local tables. */
  readonly hlc: number
  readonly streamIndex: number
  /** Clocks of the columns that differ from the base stamp (CODEC.md CO rules), or null. */
  readonly overrides: Uint8Array | null
}

/** One addition to a set column. */
export interface SetDot extends LocalStamp {
  /** Canonical JSON text. */
  readonly element: string
  readonly isRemoved: boolean
}

/**
 * The merged value of a cell that reads NULL: a reference whose target is not visible, or a claim of
 * a value that another row holds.
 */
export interface Shadow {
  readonly table: string
  readonly id: string
  readonly column: string
  readonly value: string
}

/** A value as its column stores it, from the text that `_shadow` and `_claim` keep. */
export function valueOfText({ kind }: ColumnSchema, text: string): StoredValue {
  return kind === 'int' || kind === 'timestamp' ? Number(text) : text
}

/** The statements of one table, prepared when first used. */
interface TableStatements {
  readonly get: Statement
  readonly has: Statement
  readonly insert: Statement
  readonly replace: Statement
  readonly remove: Statement
  /** UPDATE of some columns, keyed by their indexes. */
  readonly patches: Map<string, Statement>
}

/** Reads and writes rows of one open database, inside the transaction the caller has open. */
export class RowStore {
  readonly #driver: Driver
  readonly #statements = new Map<TableSchema, TableStatements>()
  readonly #past = new Map<TableSchema, boolean>()
  #hasShadows: boolean | undefined

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** The visible row of a primary key. Cost: one index seek. */
  get(table: TableSchema, id: string): VisibleRow | undefined {
    const row = this.#of(table).get.get([id])
    return row === undefined ? undefined : visibleRow(table, row)
  }

  /** Whether a row is visible. Cost: one index seek, nothing decoded. */
  has(table: TableSchema, id: string): boolean {
    return this.#of(table).has.get([id]) !== undefined
  }

  /**
   * The prepared INSERT of a visible row: the columns in order and, for synced tables, hlc, stream
   * index and overrides. Fails with SQLite's 2067 (unique) when the primary key is there.
   */
  insertStatement(table: TableSchema): Statement {
    return this.#of(table).insert
  }

  /** Makes a row visible. The row must not be visible already (SQLite's 2067 otherwise). */
  insert(
    table: TableSchema,
    values: readonly StoredValue[],
    stamp: LocalStamp,
    overrides: Uint8Array | null,
  ): void {
    const params = values.slice()
    if (table.isSynced) params.push(stamp.hlc, stamp.streamIndex, overrides)
    this.#of(table).insert.run(params)
  }

  /** Writes some columns of a visible row and its overrides. Indexes ascend. */
  patch(
    table: TableSchema,
    n: number,
    columnIndexes: readonly number[],
    values: readonly StoredValue[],
    overrides: Uint8Array | null,
  ): void {
    const { patches } = this.#of(table)
    const key = columnIndexes.join()
    let statement = patches.get(key)
    if (statement === undefined) {
      const sets = columnIndexes.map(
        (index, at) => `${quoteName(table.columns[index]?.name ?? '')} = ?${at + 1}`,
      )
      if (table.isSynced) sets.push(`_o = ?${columnIndexes.length + 1}`)
      const last = columnIndexes.length + (table.isSynced ? 2 : 1)
      statement = this.#driver.prepare(
        `UPDATE ${table.rowsSql} SET ${sets.join(', ')} WHERE _n = ?${last}`,
      )
      patches.set(key, statement)
    }
    statement.run(table.isSynced ? [...values, overrides, n] : [...values, n])
  }

  /** Writes all columns and clocks of a visible row. */
  replace(
    table: TableSchema,
    n: number,
    values: readonly StoredValue[],
    stamp: LocalStamp,
    overrides: Uint8Array | null,
  ): void {
    const params = values.slice()
    if (table.isSynced) params.push(stamp.hlc, stamp.streamIndex, overrides)
    params.push(n)
    this.#of(table).replace.run(params)
  }

  /** Takes a row out of the visible ones. What remains of it is the caller's affair. */
  remove(table: TableSchema, n: number): void {
    this.#of(table).remove.run([n])
  }

  /** The hidden row of a primary key. */
  getHidden(table: TableSchema, id: string): HiddenRow | undefined {
    const row = this.#driver
      .prepare('SELECT cells FROM _hidden WHERE tbl = ?1 AND id = ?2')
      .get([table.name, id])
    return row === undefined ? undefined : decodeHiddenCells(table, row[0] as Uint8Array)
  }

  /** Writes a hidden row, and finds it from then on by its references. */
  putHidden(table: TableSchema, id: string, row: HiddenRow): void {
    this.#past.set(table, true)
    this.#unlinkHidden(table, id)
    this.#driver
      .prepare('INSERT OR REPLACE INTO _hidden (tbl, id, cells) VALUES (?1, ?2, ?3)')
      .run([table.name, id, encodeHiddenCells(table, row)])
    for (const { column } of table.references) {
      const value = row.values[column.index]
      if (typeof value !== 'string') continue
      this.#driver
        .prepare('INSERT INTO _hidden_ref (tbl, col, value, id) VALUES (?1, ?2, ?3, ?4)')
        .run([table.name, column.name, value, id])
    }
  }

  /** Forgets a hidden row. */
  removeHidden(table: TableSchema, id: string): void {
    this.#unlinkHidden(table, id)
    this.#driver.prepare('DELETE FROM _hidden WHERE tbl = ?1 AND id = ?2').run([table.name, id])
  }

  /** The newest deletion known of a row. */
  getTombstone(table: TableSchema, id: string): LocalStamp | undefined {
    const row = this.#driver
      .prepare('SELECT h, r FROM _tombstone WHERE tbl = ?1 AND id = ?2')
      .get([table.name, id])
    return row && { hlc: row[0] as number, streamIndex: row[1] as number }
  }

  /** Writes the newest deletion of a row. The caller has compared. */
  putTombstone(table: TableSchema, id: string, stamp: LocalStamp): void {
    this.#past.set(table, true)
    this.#driver
      .prepare('INSERT OR REPLACE INTO _tombstone (tbl, id, h, r) VALUES (?1, ?2, ?3, ?4)')
      .run([table.name, id, stamp.hlc, stamp.streamIndex])
  }

  /** Forgets a deletion: only for one made and taken back within a call. */
  dropTombstone(table: TableSchema, id: string): void {
    this.#driver.prepare('DELETE FROM _tombstone WHERE tbl = ?1 AND id = ?2').run([table.name, id])
  }

  /** The merged values of a visible row that read NULL now, by column name. */
  shadowsOf(table: TableSchema, id: string): ReadonlyMap<string, StoredValue> {
    const rows = this.#driver
      .prepare('SELECT col, value FROM _shadow WHERE tbl = ?1 AND id = ?2')
      .all([table.name, id])
    return new Map(
      rows.map(([name, text]) => {
        const column = table.columnsByName.get(name as string)
        return [name as string, column ? valueOfText(column, text as string) : (text as string)]
      }),
    )
  }

  /** All shadows that wait for a row of this id. */
  shadowsFor(id: string): Shadow[] {
    return this.#driver
      .prepare('SELECT tbl, id, col, value FROM _shadow WHERE value = ?1')
      .all([id])
      .map(([table, rowId, column, value]) => ({
        table: table as string,
        id: rowId as string,
        column: column as string,
        value: value as string,
      }))
  }

  /** Notes that a cell reads NULL though a value is merged. */
  putShadow(shadow: Shadow): void {
    this.#hasShadows = true
    this.#driver
      .prepare('INSERT OR REPLACE INTO _shadow (tbl, id, col, value) VALUES (?1, ?2, ?3, ?4)')
      .run([shadow.table, shadow.id, shadow.column, shadow.value])
  }

  /** Forgets a shadow: the cell reads its merged value again, or was written anew. */
  removeShadow(table: TableSchema, id: string, column: string): void {
    this.#driver
      .prepare('DELETE FROM _shadow WHERE tbl = ?1 AND id = ?2 AND col = ?3')
      .run([table.name, id, column])
  }

  /** Primary keys of the visible rows that refer to a row. */
  visibleReferrers({ from, column }: Reference, targetId: string): string[] {
    const key = quoteName(from.primaryKey.name)
    return this.#driver
      .prepare(`SELECT ${key} FROM ${from.rowsSql} WHERE ${quoteName(column.name)} = ?1`)
      .all([targetId])
      .map(([id]) => id as string)
  }

  /** Primary keys of the hidden rows whose merged cells refer to a row. */
  hiddenReferrers({ from, column }: Reference, targetId: string): string[] {
    return this.#driver
      .prepare('SELECT id FROM _hidden_ref WHERE tbl = ?1 AND col = ?2 AND value = ?3')
      .all([from.name, column.name, targetId])
      .map(([id]) => id as string)
  }

  /** Notes one addition to a set column. An addition known already stays as it is. */
  addDot(table: TableSchema, id: string, column: ColumnSchema, dot: SetDot): void {
    this.#driver
      .prepare('INSERT OR IGNORE INTO _set_dot VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)')
      .run([
        table.name,
        id,
        column.name,
        dot.element,
        dot.hlc,
        dot.streamIndex,
        dot.isRemoved ? 1 : 0,
      ])
  }

  /** All additions known to a set column, or to one element of it. */
  dotsOf(table: TableSchema, id: string, column: ColumnSchema, element?: string): SetDot[] {
    const of = 'FROM _set_dot WHERE tbl = ?1 AND id = ?2 AND col = ?3'
    const rows = this.#driver
      .prepare(
        `SELECT element, h, r, removed ${of}${element === undefined ? '' : ' AND element = ?4'}`,
      )
      .all([table.name, id, column.name, ...(element === undefined ? [] : [element])])
    return rows.map(([text, hlc, streamIndex, removed]) => ({
      element: text as string,
      hlc: hlc as number,
      streamIndex: streamIndex as number,
      isRemoved: removed === 1,
    }))
  }

  /** Marks one addition as removed, whether it has arrived or not. */
  removeDot(table: TableSchema, id: string, column: ColumnSchema, dot: SetDot): void {
    this.#driver
      .prepare('INSERT OR REPLACE INTO _set_dot VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)')
      .run([table.name, id, column.name, dot.element, dot.hlc, dot.streamIndex])
  }

  /** Forgets one addition: only for one made and taken back within a call. */
  dropDot(table: TableSchema, id: string, column: ColumnSchema, dot: SetDot): void {
    this.#driver
      .prepare(
        'DELETE FROM _set_dot WHERE tbl = ?1 AND id = ?2 AND col = ?3 AND element = ?4 AND h = ?5 AND r = ?6',
      )
      .run([table.name, id, column.name, dot.element, dot.hlc, dot.streamIndex])
  }

  /**
   * Whether anything may be known of rows of a table that are not visible, or of deletions. False
   * lets an insert skip all looking; true may also be a memory of something rolled back.
   */
  hasPast(table: TableSchema): boolean {
    let hasPast = this.#past.get(table)
    if (hasPast === undefined) {
      hasPast =
        this.#driver
          .prepare(
            `SELECT 1 WHERE EXISTS (SELECT 1 FROM _hidden WHERE tbl = ?1)
              OR EXISTS (SELECT 1 FROM _tombstone WHERE tbl = ?1)`,
          )
          .get([table.name]) !== undefined
      this.#past.set(table, hasPast)
    }
    return hasPast
  }

  /** Whether any cell may read NULL though a value is merged. As careful as `hasPast`. */
  hasShadows(): boolean {
    this.#hasShadows ??= this.#driver.prepare('SELECT 1 FROM _shadow LIMIT 1').get() !== undefined
    return this.#hasShadows
  }

  #unlinkHidden(table: TableSchema, id: string): void {
    if (table.references.length === 0) return
    const before = this.getHidden(table, id)
    for (const { column } of before === undefined ? [] : table.references) {
      const value = before?.values[column.index]
      if (typeof value !== 'string') continue
      this.#driver
        .prepare('DELETE FROM _hidden_ref WHERE tbl = ?1 AND col = ?2 AND value = ?3 AND id = ?4')
        .run([table.name, column.name, value, id])
    }
  }

  #of(table: TableSchema): TableStatements {
    let statements = this.#statements.get(table)
    if (statements === undefined) {
      statements = prepareTable(this.#driver, table)
      this.#statements.set(table, statements)
    }
    return statements
  }
}

function visibleRow(table: TableSchema, row: SqlRow): VisibleRow {
  const count = table.columns.length
  const overrides = table.isSynced ? (row[count + 3] as Uint8Array | null) : null
  const hlc = table.isSynced ? (row[count + 1] as number) : 0
  const streamIndex = table.isSynced ? (row[count + 2] as number) : 0
  const n = row[count] as number
  row.length = count
  return { n, values: row, hlc, streamIndex, overrides }
}

function prepareTable(driver: Driver, table: TableSchema): TableStatements {
  const key = quoteName(table.primaryKey.name)
  const clocks = table.isSynced ? ['_h', '_r', '_o'] : []
  const columns = [...table.columns.map((column) => quoteName(column.name)), ...clocks]
  const places = columns.map((_, index) => `?${index + 1}`)
  const sets = columns.map((column, index) => `${column} = ?${index + 1}`)
  const selected = [table.columnsSql, '_n', ...clocks].join(', ')
  return {
    get: driver.prepare(`SELECT ${selected} FROM ${table.rowsSql} WHERE ${key} = ?1`),
    has: driver.prepare(`SELECT 1 FROM ${table.rowsSql} WHERE ${key} = ?1`),
    insert: driver.prepare(
      `INSERT INTO ${table.rowsSql} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    ),
    replace: driver.prepare(
      `UPDATE ${table.rowsSql} SET ${sets.join(', ')} WHERE _n = ?${columns.length + 1}`,
    ),
    remove: driver.prepare(`DELETE FROM ${table.rowsSql} WHERE _n = ?1`),
    patches: new Map(),
  }
}
