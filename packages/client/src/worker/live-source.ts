/**
 * What feeds a live query: rows once, then a patch per transaction.
 *
 * The sources here run the query again when they must. An incremental view can take the place of any
 * of them: it says which tables it reads and turns a changeset into the next list of rows.
 */
import type { Module, Row, RowChange, TableQuery } from '@inner-universe/core'
import { UniverseError } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { LiveRead } from '../rpc/contract.ts'
import { equalValue } from '../rpc/equal-value.ts'
import { diffRows, type KeyedRows, keysByValue, type RowsPatch } from '../rpc/row-patch.ts'
import { judge } from './condition.ts'

/** Rows after a changeset and the way there; no patch when the rows are the same. */
export interface SourceStep {
  readonly rows: KeyedRows<Row>
  readonly patch: RowsPatch<Row> | undefined
}

/**
 * A query that can be kept up to date. Holds no rows itself: it is given those of its last step.
 *
 * `hydrate` and `step` may throw what the engine throws; the query is then run again from nothing at
 * the next change.
 */
export interface LiveSource {
  readonly tables: ReadonlySet<string>
  /** False when these changes of its tables surely leave its rows as they are. Cost: O(changes). */
  isTouchedBy(changes: readonly RowChange[]): boolean
  hydrate(): KeyedRows<Row>
  /** Rows after the changes. Undefined changes: too many to name, anything may have changed. */
  step(before: KeyedRows<Row>, changes: readonly RowChange[] | undefined): SourceStep
}

/** The source of a read. @throws UniverseError what the engine says of a wrong query. */
export function liveSourceOf(read: LiveRead, engine: Engine, module: Module): LiveSource {
  switch (read.kind) {
    case 'query':
      return tableSource(read.query, engine, primaryKeyOf(module, read.query.table))
    case 'search':
      return searchSource(read, engine, primaryKeyOf(module, read.table))
    case 'sql':
      return sqlSource(read, engine)
  }
}

/** Name of a table's primary key column. @throws UniverseError `table/unknown`. */
export function primaryKeyOf(module: Module, table: string): string {
  const definition = Object.hasOwn(module.tables, table)
    ? module.tables[table]?.definition
    : undefined
  if (definition === undefined) {
    throw new UniverseError('table/unknown', `module "${module.name}" has no table "${table}"`, {
      details: { table },
    })
  }
  return definition.primaryKey
}

function tableSource(query: TableQuery, engine: Engine, primaryKey: string): LiveSource {
  const keyed = (rows: readonly Row[]): KeyedRows<Row> => ({
    keys: rows.map((row) => String(row[primaryKey])),
    rows,
  })
  const fits = (row: Row | undefined): boolean =>
    row !== undefined && judge(query.where, row) !== 'no'
  const isOwn = (change: RowChange): boolean => change.table === query.table
  /**
   * True for an update that leaves the row where it is: it fitted and fits, and no order key moved.
   * Whether it is in the window then depends on rows that did not change.
   */
  const staysInPlace = ({ before, after }: RowChange): boolean =>
    before !== undefined &&
    after !== undefined &&
    judge(query.where, before) === 'yes' &&
    judge(query.where, after) === 'yes' &&
    query.orderBy.every(({ column }) => equalValue(before[column], after[column]))
  const hydrate = (): KeyedRows<Row> => keyed(engine.query(query))
  return {
    tables: new Set([query.table]),
    isTouchedBy: (changes) =>
      changes.some((change) => isOwn(change) && (fits(change.before) || fits(change.after))),
    hydrate,
    step(before, changes) {
      const own = changes?.filter(isOwn)
      if (own?.every(staysInPlace)) return updateInPlace(before, own)
      const suspects = own && new Set(own.map((change) => change.id))
      return diffRows(before, hydrate(), suspects && ((key) => suspects.has(key)))
    },
  }
}

/** Puts the new values of rows that stay where they are. Cost: one pass over the keys. */
function updateInPlace(before: KeyedRows<Row>, changes: readonly RowChange[]): SourceStep {
  const afterById = new Map(changes.map((change) => [change.id, change.after as Row]))
  const updated: { from: number; index: number; row: Row }[] = []
  const rows = before.rows.map((old, index) => {
    const row = afterById.get(before.keys[index] as string)
    if (row === undefined || equalValue(old, row)) return old
    updated.push({ from: index, index, row })
    return row
  })
  return updated.length === 0
    ? { rows: before, patch: undefined }
    : {
        rows: { keys: before.keys, rows },
        patch: { removed: [], inserted: [], updated, moved: [] },
      }
}

function searchSource(
  read: Extract<LiveRead, { kind: 'search' }>,
  engine: Engine,
  primaryKey: string,
): LiveSource {
  const { table, text, limit, offset } = read
  const hydrate = (): KeyedRows<Row> => {
    const rows = engine.search(table, text, { limit, offset })
    return { keys: rows.map((row) => String(row[primaryKey])), rows }
  }
  return {
    tables: new Set([table]),
    isTouchedBy: (changes) => changes.some((change) => change.table === table),
    hydrate,
    step(before, changes) {
      const suspects = changes && new Set(changes.map((change) => change.id))
      return diffRows(before, hydrate(), suspects && ((key) => suspects.has(key)))
    },
  }
}

function sqlSource(read: Extract<LiveRead, { kind: 'sql' }>, engine: Engine): LiveSource {
  const tables = engine.tablesRead(read.text)
  const hydrate = (): KeyedRows<Row> => {
    const { columnNames, columns, rowCount } = engine.sql(read.text, read.params)
    const rows = Array.from({ length: rowCount }, (_, index) =>
      Object.fromEntries(columnNames.map((name, column) => [name, columns[column]?.[index]])),
    )
    return { keys: keysByValue(rows), rows }
  }
  return {
    tables,
    isTouchedBy: (changes) => changes.some((change) => tables.has(change.table)),
    hydrate,
    // Equal keys are equal values, so no row needs a second look.
    step: (before) => diffRows(before, hydrate(), () => false),
  }
}
