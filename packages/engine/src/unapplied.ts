/**
 * Deltas with parts that an older schema did not know: merged in part when they arrived, the rest
 * when the schema grows. MERGE.md MR12.
 */
import {
  type Delta,
  decodeSegment,
  type MergedRows,
  mergeOperations,
  type TableDefinitions,
} from '@inner-universe/core'
import { writeFold } from './merge-fold.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * Merges the parts of remembered deltas that `before` did not know and `tables` does. In the
 * transaction of the migration, after the tables have their new columns.
 *
 * A second merge changes nothing but counters; so of those, only the ones `before` lacked are moved.
 *
 * Cost: decoding each segment that holds such a delta.
 */
export function mergeUnapplied(
  scope: WriteScope,
  before: TableDefinitions,
  tables: TableDefinitions,
): void {
  const { driver } = scope
  const remembered = driver.prepare('SELECT stream, seq FROM _unapplied').all()
  if (remembered.length === 0) return
  const fold: MergedRows = new Map()
  const isNewCounter = (table: string, column: string) =>
    !Object.hasOwn(before, table) || !Object.hasOwn(before[table]?.columns ?? {}, column)
  let segment: { stream: number; deltas: readonly Delta[] } | undefined
  for (const [streamIndex, seq] of remembered as [number, number][]) {
    const isIn = (delta: Delta) => delta.seq === seq
    if (segment?.stream !== streamIndex || !segment.deltas.some(isIn)) {
      segment = { stream: streamIndex, deltas: segmentAt(scope, streamIndex, seq) }
    }
    const delta = segment.deltas.find(isIn)
    const isWaiting = delta !== undefined && mergeOperations(fold, delta, tables, isNewCounter)
    if (isWaiting) continue
    driver.prepare('DELETE FROM _unapplied WHERE stream = ?1 AND seq = ?2').run([streamIndex, seq])
  }
  writeFold(scope, fold)
}

function segmentAt({ driver }: WriteScope, streamIndex: number, seq: number): readonly Delta[] {
  const row = driver
    .prepare(
      'SELECT bytes FROM _log WHERE stream = ?1 AND first_seq <= ?2 ORDER BY first_seq DESC LIMIT 1',
    )
    .get([streamIndex, seq])
  return row === undefined ? [] : decodeSegment(row[0] as Uint8Array).deltas
}
