/**
 * Rows as they were at markers, beside the present: one table `_past_<table>` for each table that
 * versions hold. HISTORY.md HI5, HI6.
 *
 * An entry (row, m) is what the row was at marker m; it is there when the row changed after m and before
 * the next marker, or was put there. The state of a row at marker m is its entry with the smallest marker
 * not below m, and the present row when there is none.
 */
import type { StoredValue } from '@inner-universe/core'
import type { Driver, SqlValue, Statement } from '@inner-universe/sqlite'
import type { StoredRow } from '../changes.ts'
import { pastTable } from '../history-tables.ts'
import { columnSql, quoteName, type TableSchema } from '../schema.ts'

/** Present rows that are the same since a marker, up to which a state names them. */
const UNCHANGED_NAMED_MAX = 100

/** Entries since a marker, up to which they are found by their markers where no other index helps. */
const ENTRIES_BY_MARKER_MAX = 20_000

/** Entries written until it is worth asking again how many there are. */
const ENTRIES_UNTIL_ASKED = 5000

/**
 * What reading a state should know of it. That rows are unchanged is asked of each again, and a row that has
 * changed stays so; that there are many entries only decides how they are found.
 */
interface Extent {
  /** Ids of the present rows that are the same since, or were when that was asked, if they are few. */
  readonly unchanged: readonly string[] | undefined
  /** Whether there are many entries since. */
  readonly hasMany: boolean
  readonly askedAt: number
}

/** Ranges of markers up to this long are gone through marker by marker, each by its index. */
const RANGE_BY_MARKER_MAX = 16

const UNKNOWN: Extent = { unchanged: undefined, hasMany: false, askedAt: 0 }

/** The past of one table. Markers are written into SQL where the planner should see them. */
export class PastRows {
  readonly table: TableSchema
  readonly #driver: Driver
  readonly #past: string
  readonly #key: string
  readonly #insert: Statement
  readonly #replace: Statement
  readonly #entry: Statement
  readonly #at: Statement
  readonly #present: Statement
  /** Entries written by this. */
  #entryCount = 0
  /** By marker. */
  readonly #extents = new Map<number, Extent>()

  constructor(driver: Driver, table: TableSchema) {
    this.table = table
    this.#driver = driver
    this.#past = quoteName(pastTable(table.name))
    this.#key = quoteName(table.primaryKey.name)
    const { columnsSql, columns, rowsSql } = table
    const places = columns.map((_, index) => `?${index + 3}`).join(', ')
    const write = `INTO ${this.#past} (_m, _there, ${columnsSql}) VALUES (?1, ?2, ${places})`
    this.#insert = driver.prepare(`INSERT OR IGNORE ${write}`)
    this.#replace = driver.prepare(`INSERT OR REPLACE ${write}`)
    this.#entry = driver.prepare(`SELECT 1 FROM ${this.#past} WHERE ${this.#key} = ?1 AND _m = ?2`)
    this.#at = driver.prepare(
      `SELECT ${columnsSql}, _there FROM ${this.#past} WHERE ${this.#key} = ?1 AND _m >= ?2
        ORDER BY _m LIMIT 1`,
    )
    this.#present = driver.prepare(`SELECT ${columnsSql} FROM ${rowsSql} WHERE ${this.#key} = ?1`)
  }

  /** Keeps what a row was until now, unless that is kept already. */
  capture(marker: number, id: string, before: StoredRow | undefined): void {
    this.#entryCount += 1
    this.#insert.run(this.#entryOf(marker, id, before))
  }

  /** Makes a row at a marker what is given. */
  put(marker: number, id: string, row: StoredRow | undefined): void {
    this.#replace.run(this.#entryOf(marker, id, row))
  }

  hasEntry(marker: number, id: string): boolean {
    return this.#entry.get([id, marker]) !== undefined
  }

  /** A row as it was at a marker; undefined: it was not there. */
  at(marker: number, id: string): StoredRow | undefined {
    const entry = this.#at.get([id, marker])
    if (entry === undefined) return this.now(id)
    return entry.pop() === 1 ? (entry as StoredValue[]) : undefined
  }

  now(id: string): StoredRow | undefined {
    return this.#present.get([id]) as StoredValue[] | undefined
  }

  /**
   * The rows at a marker as something to select from: both halves are searched by their own indexes.
   *
   * Before the last marker, an entry is hidden by an earlier one.
   */
  stateSql(marker: number, isLast: boolean): string {
    const { columnsSql, rowsSql } = this.table
    const key = this.#key
    const later = `past.${key} = live.${key} AND past._m >= ${marker}`
    const isFirst = isLast
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${this.#past} AS past
          WHERE ${later} AND past._m < live._m)`
    const { unchanged, hasMany } = this.#extentSince(marker)
    const since = isLast ? `live._m = ${marker}` : `${hasMany ? '+' : ''}live._m >= ${marker}`
    const entries = `SELECT ${columnsSql} FROM ${this.#past} AS live WHERE live._there = 1
        AND ${since}${isFirst}`
    if (unchanged?.length === 0) return entries
    const named = unchanged?.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')
    return `${entries} UNION ALL SELECT ${columnsSql} FROM ${rowsSql} AS live
        WHERE ${named === undefined ? '' : `live.${key} IN (${named}) AND `}
        NOT EXISTS (SELECT 1 FROM ${this.#past} AS past WHERE ${later})`
  }

  /**
   * Where few present rows are the same since, whoever reads in an order would go through all of them in
   * vain; where there are many entries since, finding them by their markers takes longer than going through
   * all. Cost: the first time, and then seldom, a seek for each present row until many are found.
   */
  #extentSince(marker: number): Extent {
    const known = this.#extents.get(marker)
    const isFinal = known?.hasMany === true && known.unchanged !== undefined
    if (
      known !== undefined &&
      (isFinal || this.#entryCount < known.askedAt + ENTRIES_UNTIL_ASKED)
    ) {
      return known
    }
    // What a transaction has done may yet be undone: then more rows are unchanged than it found.
    if (this.#driver.isInTransaction) return known ?? UNKNOWN
    const key = this.#key
    const entriesSince = `SELECT 1 FROM ${this.#past} AS past WHERE past._m >= ?1`
    const found =
      known?.unchanged ??
      this.#ids(
        `SELECT ${key} FROM ${this.table.rowsSql} AS live
          WHERE NOT EXISTS (${entriesSince} AND past.${key} = live.${key}) LIMIT ?2`,
        [marker, UNCHANGED_NAMED_MAX + 1],
      )
    const [count] =
      this.#driver
        .prepare(`SELECT count(*) FROM (${entriesSince} LIMIT ?2)`)
        .get([marker, ENTRIES_BY_MARKER_MAX]) ?? []
    const extent = {
      unchanged: found.length > UNCHANGED_NAMED_MAX ? undefined : found,
      hasMany: count === ENTRIES_BY_MARKER_MAX,
      askedAt: this.#entryCount,
    }
    this.#extents.set(marker, extent)
    return extent
  }

  /** Ids of rows that may be other at marker `to` than at `from`, after an id, in their order. */
  idsBetween(from: number, to: number, after: string, limit: number): string[] {
    if (to - from > RANGE_BY_MARKER_MAX) {
      // By key, so that a page is found without looking at what follows it: never by marker.
      return this.#ids(
        `SELECT DISTINCT ${this.#key} FROM ${this.#past}
          WHERE ${this.#key} > ?1 AND +_m >= ?3 AND +_m < ?4 ORDER BY ${this.#key} LIMIT ?2`,
        [after, limit, from, to],
      )
    }
    const parts: string[] = []
    for (let marker = from; marker < to; marker++) {
      parts.push(
        `SELECT * FROM (SELECT ${this.#key} FROM ${this.#past}
          WHERE _m = ${marker} AND ${this.#key} > ?1 ORDER BY ${this.#key} LIMIT ?2)`,
      )
    }
    if (parts.length === 0) return []
    return this.#ids(`${parts.join(' UNION ')} ORDER BY 1 LIMIT ?2`, [after, limit])
  }

  /** The same up to the present. */
  idsSince(from: number, last: number, after: string, limit: number): string[] {
    return this.idsBetween(from, last + 1, after, limit)
  }

  /** Ids of rows that may be there at a marker, after an id, in their order. */
  idsAt(marker: number | undefined, after: string, limit: number): string[] {
    const present = `SELECT ${this.#key} FROM ${this.table.rowsSql} WHERE ${this.#key} > ?1`
    const sql =
      marker === undefined
        ? present
        : `${present} UNION SELECT ${this.#key} FROM ${this.#past}
            WHERE ${this.#key} > ?1 AND _m >= ${marker}`
    return this.#ids(`${sql} ORDER BY 1 LIMIT ?2`, [after, limit])
  }

  /**
   * Gives up to `limit` entries of a marker to the marker before it, where that has none of the row, and
   * removes them; gives their number.
   */
  passOn(marker: number, before: number | undefined, limit: number): number {
    // The number may be given to another marker.
    this.#extents.delete(marker)
    const list = `SELECT ${this.#key} FROM ${this.#past} WHERE _m = ?1 ORDER BY ${this.#key} LIMIT ?2`
    const ids = this.#ids(list, [marker, limit])
    const last = ids.at(-1)
    if (last === undefined) return 0
    const range = `_m = ?1 AND ${this.#key} <= ?2`
    if (before !== undefined) {
      const move = `UPDATE OR IGNORE ${this.#past} SET _m = ?3 WHERE ${range}`
      this.#driver.prepare(move).run([marker, last, before])
    }
    this.#driver.prepare(`DELETE FROM ${this.#past} WHERE ${range}`).run([marker, last])
    return ids.length
  }

  #ids(sql: string, params: readonly SqlValue[]): string[] {
    return this.#driver
      .prepare(sql)
      .all(params)
      .map(([id]) => id as string)
  }

  #entryOf(marker: number, id: string, row: StoredRow | undefined): SqlValue[] {
    if (row !== undefined) return [marker, 1, ...row]
    const { columns, primaryKey } = this.table
    return [marker, 0, ...columns.map((column) => (column === primaryKey ? id : null))]
  }
}

/** Statements that make the past of a table: name → statement. */
export function pastStatements(table: TableSchema): ReadonlyMap<string, string> {
  const past = pastTable(table.name)
  const key = quoteName(table.primaryKey.name)
  const columns = table.columns.map((column) => columnSql(column).replace(/ NOT NULL UNIQUE$/, ''))
  const statements = new Map([
    [
      past,
      `CREATE TABLE ${quoteName(past)} (_m INTEGER NOT NULL, _there INTEGER NOT NULL, ${columns.join(', ')},
        PRIMARY KEY (${key}, _m)) WITHOUT ROWID`,
    ],
  ])
  const add = (name: string, list: readonly string[]) => {
    // Two dots are in no name of a table's own index.
    const full = `${past}.${name}`
    const of = list.map(quoteName).join(', ')
    statements.set(full, `CREATE INDEX ${quoteName(full)} ON ${quoteName(past)} (${of})`)
  }
  add('.marker', ['_m'])
  for (const index of table.definition.indexes) add(index.name, index.columns)
  return statements
}
