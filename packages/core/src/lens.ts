/**
 * Lenses: columns that follow from an older column of their table, so that rows written under an older
 * schema have a value in the newer column, and the other way round. MERGE.md MR23.
 *
 * Values pass a lens where cells are merged, in the stored form; its functions see them as they are
 * read. All replicas of a schema version come to the same, as the functions are pure.
 */
import { fitOf, storedDefault } from './cell-form.ts'
import type { ColumnDefinition, LensDefinition } from './column.ts'
import type { Cells, StoredValue } from './delta.ts'
import type { TableDefinition } from './table.ts'

/** A column that follows from another. */
export interface LensColumn {
  readonly name: string
  readonly definition: ColumnDefinition
  readonly lens: LensDefinition
  readonly source: ColumnDefinition
}

const known = new WeakMap<TableDefinition, readonly LensColumn[]>()

/** The columns of a table that follow from others, each after what it follows from. */
export function lensesOf(table: TableDefinition): readonly LensColumn[] {
  let lenses = known.get(table)
  if (lenses === undefined) {
    lenses = sortLenses(table)
    known.set(table, lenses)
  }
  return lenses
}

/** By name, so that the order of the definition does not matter, and by depth. */
function sortLenses({ columns }: TableDefinition): readonly LensColumn[] {
  const depthOf = (name: string): number => {
    const from = columns[name]?.from
    return from === undefined ? 0 : depthOf(from.column) + 1
  }
  return Object.entries(columns)
    .flatMap(([name, definition]) => {
      const { from: lens } = definition
      const source = lens && columns[lens.column]
      return lens === undefined || source === undefined
        ? []
        : [{ name, definition, lens, source, depth: depthOf(name) }]
    })
    .sort((a, b) => a.depth - b.depth || (a.name < b.name ? -1 : 1))
}

/**
 * Cells as written, and those that follow from them by lenses. What is written stands; first older
 * columns follow from newer ones, then newer ones from older ones. A newer cell that does not fit counts
 * as not named: a replica that gains the column later finds only the older one.
 *
 * `unnamed` gives what an older column that is not named counts as: an insert writes every column, so
 * for one it is the default, or what the same delta wrote to it before.
 */
export function deriveCells(
  table: TableDefinition,
  cells: Cells,
  unnamed: (column: string) => StoredValue | undefined = () => undefined,
): Cells {
  const lenses = lensesOf(table)
  if (lenses.length === 0) return cells
  const derived: Record<string, StoredValue> = { ...cells }
  for (const { name, definition, lens, source } of [...lenses].reverse()) {
    const value = derived[name]
    if (value === undefined || Object.hasOwn(derived, lens.column)) continue
    const old = backwardValue(definition, lens, source, value)
    if (old !== undefined) derived[lens.column] = old
  }
  for (const lens of lenses) {
    const named = derived[lens.name]
    if (named !== undefined && fitOf(lens.definition, named) === 'fits') continue
    const value = derived[lens.lens.column]
    const isFit = value !== undefined && fitOf(lens.source, value) === 'fits'
    const old = isFit ? value : unnamed(lens.lens.column)
    if (old !== undefined) derived[lens.name] = forwardValue(lens, old)
  }
  return derived
}

/** What a column reads for a value of the one it follows from: its default where the lens gives none. */
export function forwardValue(
  { definition, lens, source }: LensColumn,
  old: StoredValue,
): StoredValue {
  const value = old === null ? null : throughLens(lens.forward, source, definition, old)
  if (value !== undefined && fitOf(definition, value) === 'fits') return value
  return storedDefault(definition) ?? null
}

function backwardValue(
  definition: ColumnDefinition,
  { backward }: LensDefinition,
  source: ColumnDefinition,
  value: StoredValue,
): StoredValue | undefined {
  if (backward === undefined || fitOf(definition, value) !== 'fits') return undefined
  const old = value === null ? null : throughLens(backward, definition, source, value)
  return old !== undefined && fitOf(source, old) === 'fits' ? old : undefined
}

function throughLens(
  convert: (value: never) => unknown,
  from: ColumnDefinition,
  to: ColumnDefinition,
  value: StoredValue,
): StoredValue | undefined {
  const read = from.kind === 'bool' ? value !== 0 : value
  let given: unknown
  try {
    given = convert(read as never)
  } catch {
    // A function that cannot tell gives no value; MR23 says what that comes to.
    return undefined
  }
  if (to.kind === 'bool') return given === true ? 1 : given === false ? 0 : undefined
  if (given === null || typeof given === 'string') return given
  // Neither JSON nor SQLite keeps the sign of zero.
  return typeof given === 'number' ? given + 0 : undefined
}
