/** The effects of a call as the operations of its delta (MERGE.md). */
import type { RowOperation, StoredValue } from '@inner-universe/core'
import type { Effects, RowEffect } from './effects.ts'
import type { ColumnSchema } from './schema.ts'

/** The operations of a delta; empty when the call wrote nothing that others must know. */
export function operationsOf(effects: Effects): RowOperation[] {
  const operations: RowOperation[] = []
  for (const effect of effects.all) addOperations(operations, effect)
  return operations
}

function addOperations(operations: RowOperation[], effect: RowEffect): void {
  const { id, values, written } = effect
  const { name: table, columns, primaryKey } = effect.table
  if (effect.isBorn) {
    const cells: Record<string, StoredValue> = {}
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as ColumnSchema
      // The key is the operation's id already.
      if (column.isMerged || column === primaryKey) continue
      cells[column.name] = values[index] as StoredValue
    }
    operations.push({ kind: 'insert', table, id, cells })
  } else if (written !== undefined) {
    const cells: Record<string, StoredValue> = {}
    for (const index of [...written].sort((a, b) => a - b)) {
      cells[(columns[index] as ColumnSchema).name] = values[index] as StoredValue
    }
    operations.push({ kind: 'update', table, id, cells })
  }
  for (const [index, by] of effect.increments ?? []) {
    const { name: column } = columns[index] as ColumnSchema
    if (by !== 0) operations.push({ kind: 'increment', table, id, column, by })
  }
  for (const [index, { added, removed }] of effect.sets ?? []) {
    const { name: column } = columns[index] as ColumnSchema
    if (removed.size > 0) {
      const elements = [...removed].map(([element, dots]) => ({ element, dots }))
      operations.push({ kind: 'remove', table, id, column, elements })
    }
    if (added.size > 0) {
      operations.push({ kind: 'add', table, id, column, elements: [...added] })
    }
  }
  if (effect.isGone) operations.push({ kind: 'delete', table, id })
}
