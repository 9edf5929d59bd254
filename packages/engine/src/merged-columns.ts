/**
 * Counters and sets under a call: the increments and elements its delta will carry, and the dots of
 * set elements in the file (MERGE.md MR5–MR7).
 */
import { addCounter, type StoredValue } from '@inner-universe/core'
import type { CallScope } from './call-scope.ts'
import { type RowEffect, setEffectOf } from './effects.ts'
import { setElements, setOfElements } from './row-codec.ts'
import type { ColumnSchema } from './schema.ts'

/** Counters and sets of an inserted row, on top of what was merged into them before. */
export function insertMerged(
  call: CallScope,
  effect: RowEffect,
  values: readonly StoredValue[],
  merged: readonly (StoredValue | undefined)[] | undefined,
): void {
  for (const column of effect.table.columns) {
    const before = merged?.[column.index] ?? undefined
    const value = values[column.index] as StoredValue
    if (column.kind === 'counter') {
      noteIncrement(effect, column, value as number, (before as number | undefined) ?? 0)
    } else if (column.kind === 'set') {
      noteElements(call, effect, column, before ?? '[]', value)
    }
  }
}

/** Notes that a counter moved. */
export function noteIncrement(
  effect: RowEffect,
  column: ColumnSchema,
  value: number,
  before: number,
): void {
  if (value === before) return
  effect.increments ??= new Map()
  const sum = effect.increments.get(column.index) ?? 0
  effect.increments.set(column.index, addCounter(sum, addCounter(value, -before)))
}

/** Adds and removes the elements in which two stored sets differ. */
export function noteElements(
  call: CallScope,
  effect: RowEffect,
  column: ColumnSchema,
  before: StoredValue,
  after: StoredValue,
): void {
  if (before === after) return
  const had = new Set(setElements(before))
  const has = new Set(setElements(after))
  for (const element of has) if (!had.has(element)) addElement(call, effect, column, element)
  for (const element of had) if (!has.has(element)) removeElement(call, effect, column, element)
}

function addElement(
  call: CallScope,
  effect: RowEffect,
  column: ColumnSchema,
  element: string,
): void {
  const { table, id } = effect
  call.hasWritten = true
  call.scope.rows.addDot(table, id, column, { element, ...call.stamp, isRemoved: false })
  setEffectOf(effect, column.index).added.add(element)
}

function removeElement(
  call: CallScope,
  effect: RowEffect,
  column: ColumnSchema,
  element: string,
): void {
  const { table, id } = effect
  const { rows, streams } = call.scope
  const { added, removed } = setEffectOf(effect, column.index)
  call.hasWritten = true
  if (added.delete(element)) {
    rows.dropDot(table, id, column, { element, ...call.stamp, isRemoved: false })
  }
  for (const dot of rows.dotsOf(table, id, column, element)) {
    if (dot.isRemoved) continue
    rows.removeDot(table, id, column, dot)
    removed.set(element, [...(removed.get(element) ?? []), streams.stampOf(dot)])
  }
}

/** The stored form of a set with one element more. */
export function withElement(stored: StoredValue, element: string): string {
  return setOfElements(new Set(setElements(stored)).add(element))
}

/** The stored form of a set with one element less. */
export function withoutElement(stored: StoredValue, element: string): string {
  const elements = new Set(setElements(stored))
  elements.delete(element)
  return setOfElements(elements)
}
