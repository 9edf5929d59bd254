/**
 * Set columns in the file: one row of `_set_dot` per addition, and the array they show in the row.
 * MERGE.md MR6, MR7; STORAGE.md ST6.
 */
import { type SetDots, type Stamp, setText, sortElements } from '@inner-universe/core'
import type { SetDot } from './row-store.ts'
import type { ColumnSchema, TableSchema } from './schema.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * Merges additions and removals from elsewhere into a set column and gives its stored form. An
 * addition that was removed stays in the file as such: the removal may arrive first, or again.
 */
export function mergeSetDots(
  { rows, streams }: WriteScope,
  table: TableSchema,
  id: string,
  column: ColumnSchema,
  dots: SetDots,
): string {
  const local = ({ hlc, stream }: Stamp, element: string, isRemoved: boolean): SetDot => ({
    hlc,
    streamIndex: streams.intern(stream, false).index,
    element,
    isRemoved,
  })
  for (const [element, byKey] of dots) {
    for (const { stamp, isRemoved } of byKey.values()) {
      const dot = local(stamp, element, isRemoved)
      if (isRemoved) rows.removeDot(table, id, column, dot)
      else rows.addDot(table, id, column, dot)
    }
  }
  return setTextOf(rows.dotsOf(table, id, column))
}

/** The stored form of a set with these additions. */
export function setTextOf(dots: readonly SetDot[]): string {
  const shown = new Set<string>()
  for (const { element, isRemoved } of dots) if (!isRemoved) shown.add(element)
  return setText(sortElements([...shown]))
}
