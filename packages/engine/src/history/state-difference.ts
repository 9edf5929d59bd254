/** What differs between two states, and digests of states. HISTORY.md HI9, HI13. */
import { assert, digestText, type Hash } from '@inner-universe/core'
import { isSameRow, isSameValue, type StoredRow } from '../changes.ts'
import type { DiffOptions, RowDifference } from '../history-contract.ts'
import { type TableSchema, tableOf } from '../schema.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** Rows looked at together. */
const PAGE_ROWS = 1000

/** A row in two states, where they differ. */
export interface ChangedRow {
  readonly table: TableSchema
  readonly id: string
  readonly before: StoredRow | undefined
  readonly after: StoredRow | undefined
}

/** A state to compare: a marker; undefined is the present, null is nothing at all. */
export type ComparedState = number | undefined | null

/**
 * Rows of a table that differ between two states, by id, after an id. Cost: the rows written between the
 * two; all rows where one of them is nothing.
 */
export function* changedRows(
  keeper: VersionKeeper,
  table: TableSchema,
  from: ComparedState,
  to: ComparedState,
  start: string = '',
): Generator<ChangedRow> {
  const past = keeper.past.get(table)
  const now = (keeper.last ?? 0) + 1
  assert(past !== undefined || table.isSynced, 'only tables of versions are compared')
  const rowIn = (state: ComparedState, id: string): StoredRow | undefined => {
    if (state === null) return undefined
    return state === undefined ? past?.now(id) : past?.at(state, id)
  }
  for (let after = start; ; ) {
    const ids = idsOf(after)
    for (const id of ids) {
      const [before, then] = [rowIn(from, id), rowIn(to, id)]
      if (!isSameRow(before, then)) yield { table, id, before, after: then }
    }
    if (ids.length < PAGE_ROWS) return
    after = ids.at(-1) as string
  }

  function idsOf(after: string): readonly string[] {
    if (past === undefined) return []
    if (from === null || to === null) {
      const state = from ?? to
      return state === null ? [] : past.idsAt(state, after, PAGE_ROWS)
    }
    const [low, high] = [Math.min(from ?? now, to ?? now), Math.max(from ?? now, to ?? now)]
    return past.idsBetween(low, high, after, PAGE_ROWS)
  }
}

/** See {@link EngineHistory.diff}. */
export function diffStates(
  keeper: VersionKeeper,
  from: ComparedState,
  to: ComparedState,
  { tables, limit, after }: DiffOptions,
): readonly RowDifference[] {
  const { reader } = keeper.parts.session
  const asked = tables?.map((name) => tableOf(reader.schema, name))
  const differences: RowDifference[] = []
  for (const table of keeper.tables) {
    if (!(asked?.includes(table) ?? keeper.hashOf(table) !== undefined)) continue
    if (after !== undefined && table.name < after[0]) continue
    const start = after?.[0] === table.name ? after[1] : ''
    for (const row of changedRows(keeper, table, from, to, start)) {
      if (differences.length >= limit) return differences
      differences.push(differenceOf(keeper, row))
    }
  }
  return differences
}

/** The row as callers see it. */
export function differenceOf(
  keeper: VersionKeeper,
  { table, id, before, after }: ChangedRow,
): RowDifference {
  const codec = keeper.parts.session.reader.codecOf(table)
  const columns =
    before === undefined || after === undefined
      ? []
      : table.columns.filter(({ index }) => !isSameValue(before[index] ?? null, after[index]))
  return {
    table: table.name,
    id,
    kind: before === undefined ? 'insert' : after === undefined ? 'delete' : 'update',
    before: before && codec.decode(before),
    after: after && codec.decode(after),
    columns: columns.map(({ name }) => name),
  }
}

/** Digest of a state. Cost: reads every row. */
export function digestOfState(keeper: VersionKeeper, state: number | undefined): Hash {
  let sum = 0n
  for (const table of keeper.tables) {
    const hash = keeper.hashOf(table)
    if (hash === undefined) continue
    for (const { id, after } of rowsIn(keeper, table, state)) sum += hash(id, after)
  }
  return digestText(sum)
}

function* rowsIn(
  { parts: { driver }, past, last }: VersionKeeper,
  table: TableSchema,
  marker: number | undefined,
): Generator<{ readonly id: string; readonly after: StoredRow }> {
  const state =
    marker === undefined ? undefined : past.get(table)?.stateSql(marker, marker === last)
  const rows = driver.prepare(state ?? `SELECT ${table.columnsSql} FROM ${table.rowsSql}`).all()
  for (const row of rows) yield { id: row[table.primaryKey.index] as string, after: row }
}
