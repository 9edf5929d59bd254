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
import { noteOffsets } from './claim-offsets.ts'
import { writeFold } from './merge-fold.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * Merges the parts of remembered deltas that `before` did not know and `tables` does. In the
 * transaction of the migration, after the tables have their new columns.
 *
 * A second merge would move counters again, and bring back what floors have forgotten meanwhile; so of
 * all but cells, only what is of tables and columns that `before` lacked is merged.
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
  const isNew = (table: string, column: string) =>
    !Object.hasOwn(before, table) || !Object.hasOwn(before[table]?.columns ?? {}, column)
  const offsets: [streamIndex: number, hlc: number, offset: number | null][] = []
  let segment: ({ readonly stream: number } & LoggedDeltas) | undefined
  for (const [streamIndex, seq] of remembered as [number, number][]) {
    const isIn = (delta: Delta) => delta.seq === seq
    if (segment?.stream !== streamIndex || !segment.deltas.some(isIn)) {
      segment = { stream: streamIndex, ...segmentAt(scope, streamIndex, seq) }
    }
    const delta = segment.deltas.find(isIn)
    if (delta !== undefined) offsets.push([streamIndex, delta.hlc, segment.offset])
    const isWaiting = delta !== undefined && mergeOperations(fold, delta, tables, isNew)
    if (isWaiting) continue
    driver.prepare('DELETE FROM _unapplied WHERE stream = ?1 AND seq = ?2').run([streamIndex, seq])
  }
  writeFold(scope, fold)
  for (const [streamIndex, hlc, offset] of offsets) {
    noteOffsets(scope, streamIndex, hlc, hlc, offset)
  }
}

/** Deltas of one row of the log, and its place in the relay's. */
interface LoggedDeltas {
  readonly deltas: readonly Delta[]
  readonly offset: number | null
}

function segmentAt({ driver }: WriteScope, streamIndex: number, seq: number): LoggedDeltas {
  const row = driver
    .prepare(
      `SELECT bytes, offset FROM _log WHERE stream = ?1 AND first_seq <= ?2
        ORDER BY first_seq DESC LIMIT 1`,
    )
    .get([streamIndex, seq])
  if (row === undefined) return { deltas: [], offset: null }
  const [bytes, offset] = row
  return { deltas: decodeSegment(bytes as Uint8Array).deltas, offset: offset as number | null }
}
