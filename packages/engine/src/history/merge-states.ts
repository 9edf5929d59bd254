/**
 * What two states have come to together, by what each of them changed since a third. HISTORY.md HI34–HI38.
 * Pure: rows in, rows out; the same whichever of the two is named first.
 */
import { addCounter, type StoredValue } from '@inner-universe/core'
import { isSameRow, isSameValue, type StoredRow } from '../changes.ts'
import { setElements, setOfElements } from '../row-codec.ts'
import type { ColumnSchema, TableSchema } from '../schema.ts'

/** One of the two states that are merged. */
export type MergeSide = 'a' | 'b'

/** A row that is other in one of the two states than in the base. */
export interface MergeInput extends Readonly<Record<MergeSide | 'base', StoredRow | undefined>> {
  readonly table: TableSchema
  readonly id: string
}

/** Something that the two states disagree about. */
export interface MergeConflict {
  readonly table: string
  readonly id: string
  /** Null: the row as a whole. */
  readonly column: string | null
  /**
   * `changed`: both wrote the cell. `deleted`: one deleted the row that the other changed. `duplicate`: each
   * gave the value, which is unique, to another row; told of the row that has it no more.
   */
  readonly why: 'changed' | 'deleted' | 'duplicate'
  /** Whose change stands. */
  readonly taken: MergeSide
}

/** The merged rows, of those that were given. */
export interface MergedState {
  readonly rows: ReadonlyMap<TableSchema, ReadonlyMap<string, StoredRow | undefined>>
  readonly conflicts: readonly MergeConflict[]
}

/** Merges two states. `later` is the one that wins where both wrote. Cost: the rows given. */
export function mergeStates(inputs: Iterable<MergeInput>, later: MergeSide): MergedState {
  const rows = new Map<TableSchema, Map<string, StoredRow | undefined>>()
  const conflicts: MergeConflict[] = []
  const laterRows = new Map<TableSchema, Map<string, StoredRow | undefined>>()
  for (const input of inputs) {
    const { table, id } = input
    put(rows, table, id, mergeRow(input, later, conflicts))
    if (table.uniqueColumns.length > 0) put(laterRows, table, id, input[later])
  }
  for (const [table, byId] of rows) {
    const laterById = laterRows.get(table) ?? new Map<string, StoredRow | undefined>()
    for (const column of table.uniqueColumns) {
      for (const id of losersOf(column, byId, laterById)) {
        const row = byId.get(id) ?? []
        byId.set(id, row.with(column.index, null))
        conflicts.push({
          table: table.name,
          id,
          column: column.name,
          why: 'duplicate',
          taken: later,
        })
      }
    }
  }
  return { rows, conflicts }
}

function mergeRow(
  { table, id, base, a, b }: MergeInput,
  later: MergeSide,
  conflicts: MergeConflict[],
): StoredRow | undefined {
  if (isSameRow(base, b)) return a
  if (isSameRow(base, a)) return b
  const row = { table: table.name, id }
  if (a === undefined || b === undefined) {
    if (a === b) return undefined
    const taken = a === undefined ? 'a' : 'b'
    conflicts.push({ ...row, column: null, why: 'deleted', taken })
    return undefined
  }
  return table.columns.map((column): StoredValue => {
    const { index, name } = column
    const values = { base: base?.[index], a: a[index] ?? null, b: b[index] ?? null }
    if (column.kind === 'counter') return mergeCounter(values)
    if (column.kind === 'set') return mergeSet(values)
    if (isSameValue(values.a, values.b) || isSameValue(values.base, values.b)) return values.a
    if (isSameValue(values.base, values.a)) return values.b
    conflicts.push({ ...row, column: name, why: 'changed', taken: later })
    return values[later]
  })
}

interface Values {
  /** Undefined: the row was not there. */
  readonly base: StoredValue | undefined
  readonly a: StoredValue
  readonly b: StoredValue
}

/**
 * What both have added to the base: two that added the same have added twice. A row that was not there began
 * at nothing.
 */
function mergeCounter({ base, a, b }: Values): number {
  return addCounter(addCounter(Number(a), Number(b)), -Number(base ?? 0))
}

/** An element is there if one added it, or both left it. */
function mergeSet({ base, a, b }: Values): string {
  const before = new Set(setElements(base ?? '[]'))
  const [ofA, ofB] = [new Set(setElements(a)), new Set(setElements(b))]
  return setOfElements(
    [...ofA, ...ofB].filter((element) =>
      before.has(element) ? ofA.has(element) && ofB.has(element) : true,
    ),
  )
}

/** Rows that lose a unique value: of two that have one, the one that has it in the later state keeps it. */
function losersOf(
  { index }: ColumnSchema,
  rows: ReadonlyMap<string, StoredRow | undefined>,
  laterRows: ReadonlyMap<string, StoredRow | undefined>,
): string[] {
  const byValue = new Map<StoredValue, string[]>()
  for (const [id, row] of rows) {
    const value = row?.[index] ?? null
    if (value !== null) byValue.set(value, [...(byValue.get(value) ?? []), id])
  }
  return [...byValue].flatMap(([value, ids]) =>
    ids.length < 2 ? [] : ids.filter((id) => !isSameValue(laterRows.get(id)?.[index], value)),
  )
}

function put(
  rows: Map<TableSchema, Map<string, StoredRow | undefined>>,
  table: TableSchema,
  id: string,
  row: StoredRow | undefined,
): void {
  const byId = rows.get(table) ?? new Map<string, StoredRow | undefined>()
  rows.set(table, byId.set(id, row))
}
