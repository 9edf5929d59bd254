/**
 * Makes visible rows what is wanted of them, by operations that merge like any others. HISTORY.md HI30, HI31.
 *
 * What becomes of a row is decided by merging, not by who writes it: a deleted row may be kept by others, one
 * that comes back may bring others with it, a value may be another's. So the operations are planned and written
 * in a savepoint, and what became of all rows is looked at. Where a row is other than wanted, the savepoint is
 * undone and the plan made anew: first with the rows that were not to change at all, then without what cannot
 * be. So what stands was merged here just once, as it will be wherever its delta arrives.
 */
import {
  type MergedRows,
  mergeOperations,
  type RowOperation,
  type TableDefinitions,
} from '@inner-universe/core'
import { inSavepoint } from '@inner-universe/sqlite'
import type { CallScope } from '../call-scope.ts'
import { Changes, isSameRow, isSameValue, type StoredRow } from '../changes.ts'
import { writeFold } from '../merge-fold.ts'
import { definitionsOf, type TableSchema } from '../schema.ts'
import type { WriteScope } from '../write-scope.ts'
import { rowOperations } from './state-operations.ts'

/** Rows by table and id, with shown values in column order; undefined: none is to be seen. */
export type StateRows = ReadonlyMap<TableSchema, ReadonlyMap<string, StoredRow | undefined>>

/** A row, or a cell of it, that is other than wanted. */
export interface StateSkipped {
  readonly table: string
  readonly id: string
  /** Null: the row as a whole. */
  readonly column: string | null
  /**
   * `referenced`: rows that stay keep it. `hidden`: what it hangs on is not there. `target`: the row that the
   * cell refers to is not there, or is there again. `duplicate`: another row has the value, or has it no
   * more. `refused`: the column takes no such value.
   */
  readonly why: 'referenced' | 'hidden' | 'target' | 'duplicate' | 'refused'
}

/** What was written. */
export interface WrittenState {
  /** Rows that are other than before. */
  readonly rowCount: number
  readonly skipped: readonly StateSkipped[]
}

/** Rounds of planning: most states stand after the first. After the last one what was reached is told. */
const ROUNDS_MAX = 8

/** Thrown to undo a round. */
class AnotherRound extends Error {}

type Rows = Map<TableSchema, Map<string, StoredRow | undefined>>

/**
 * Writes rows of synced tables in the open transaction; all others stay as they are. Everything is merged when
 * it returns; changes and the operations for the call's delta are noted.
 *
 * Cost: reading and writing the rows that are named, once for each round.
 */
export function writeTargets(call: CallScope, targets: StateRows): WrittenState {
  const { scope } = call
  const tables = definitionsOf(scope.schema)
  /** As asked for; rows that would change unasked are to stay as they were. */
  const asked = copyOf(targets)
  /** As it has turned out to be possible. */
  const aims = copyOf(targets)
  if (isEmpty(aims)) return { rowCount: 0, skipped: [] }
  call.hasWritten = true
  for (let round = 1; ; round++) {
    // Each round notes for itself: what is undone has not changed anything.
    const within: WriteScope = { ...scope, changes: new Changes() }
    try {
      const operations = inSavepoint(scope.driver, () => {
        const planned = writeRound(call, within, aims, tables)
        const misses = missesOf(within, aims)
        if (misses.length === 0 || round === ROUNDS_MAX) return planned
        learn(misses, asked, aims)
        throw new AnotherRound()
      })
      const rowCount = noteChanges(call, within)
      const skipped = missesOf(within, asked).flatMap(skippedOf)
      // Order matters: nothing fails any more.
      for (const operation of operations) call.merged.push(operation)
      return { rowCount, skipped }
    } catch (error) {
      if (!(error instanceof AnotherRound)) throw error
    }
  }
}

function writeRound(
  call: CallScope,
  scope: WriteScope,
  aims: StateRows,
  tables: TableDefinitions,
): RowOperation[] {
  const operations: RowOperation[] = []
  for (const [table, rows] of aims) {
    for (const [id, row] of rows) {
      const planned = rowOperations(scope, table, id, row)
      if (planned.length === 0) continue
      call.recorder?.touch(table, id)
      operations.push(...planned)
    }
  }
  if (operations.length === 0) return operations
  const fold: MergedRows = new Map()
  const { hlc } = call.stamp
  mergeOperations(fold, { hlc, stream: scope.streams.writing.id, operations }, tables)
  writeFold(scope, fold)
  return operations
}

/** A row that is other than it is to be. */
interface Miss {
  readonly table: TableSchema
  readonly id: string
  readonly wanted: StoredRow | undefined
  readonly got: StoredRow | undefined
  /** Nothing was said of it: it was to stay as it was. */
  readonly isUnasked: boolean
}

function missesOf({ schema, rows, changes }: WriteScope, aims: StateRows): Miss[] {
  const misses: Miss[] = []
  for (const table of schema.values()) {
    const wantedRows = aims.get(table)
    for (const [id, wanted] of wantedRows ?? []) {
      const got = rows.get(table, id)?.values
      if (!isSameRow(wanted, got)) misses.push({ table, id, wanted, got, isUnasked: false })
    }
    // Updates of documents come and go with the row they belong to.
    if (table.definition.documentsOf !== undefined) continue
    for (const { id, before, after } of changes.of(table)) {
      if (wantedRows?.has(id) === true) continue
      misses.push({ table, id, wanted: before, got: after, isUnasked: true })
    }
  }
  return misses
}

/** Changes the aims after what a round has shown. */
function learn(misses: readonly Miss[], asked: Rows, aims: Rows): void {
  const unasked = misses.filter(({ isUnasked }) => isUnasked)
  // Order matters: a row that came to be seen unasked may be why another could not go.
  for (const { table, id, wanted, got, isUnasked } of unasked.length > 0 ? unasked : misses) {
    put(aims, table, id, isUnasked ? wanted : got)
    if (isUnasked) put(asked, table, id, wanted)
  }
}

/** Tells the transaction what the last round has changed; gives the number of rows. */
function noteChanges(call: CallScope, { schema, changes }: WriteScope): number {
  let rowCount = 0
  for (const table of schema.values()) {
    for (const { id, before, after } of changes.of(table)) {
      rowCount += 1
      call.scope.changes.note(table, id, before, after)
    }
  }
  return rowCount
}

function skippedOf({ table, id, wanted, got }: Miss): StateSkipped[] {
  const row = { table: table.name, id }
  if (wanted === undefined) return [{ ...row, column: null, why: 'referenced' }]
  if (got === undefined) return [{ ...row, column: null, why: 'hidden' }]
  return table.columns
    .filter(({ index }) => !isSameValue(wanted[index], got[index]))
    .map(({ name, kind, definition }): StateSkipped => {
      const why = kind === 'ref' ? 'target' : definition.isUnique ? 'duplicate' : 'refused'
      return { ...row, column: name, why }
    })
}

function copyOf(rows: StateRows): Rows {
  return new Map([...rows].map(([table, byId]) => [table, new Map(byId)]))
}

function isEmpty(rows: StateRows): boolean {
  return [...rows.values()].every(({ size }) => size === 0)
}

function put(rows: Rows, table: TableSchema, id: string, row: StoredRow | undefined): void {
  const byId = rows.get(table) ?? new Map<string, StoredRow | undefined>()
  rows.set(table, byId.set(id, row))
}
