/** Forgets what nobody can ask for any more. STORAGE.md SY11, SY18. */
import { dropOverrides, type OverrideCursor } from './floor.ts'
import { readMeta, writeMeta } from './meta.ts'
import type { SyncState } from './sync-state.ts'
import type { WriteScope } from './write-scope.ts'

/** Rows whose clocks are looked at by one slice: about a millisecond. */
export const TRIMMED_ROWS_MAX = 1000

/** Rows whose clocks are written by one slice: a few milliseconds. */
export const TRIMMED_WRITES_MAX = 200

/** How far the clocks of cells were dropped. */
interface Trimmed {
  /** The floor at which this pass through all rows began. */
  readonly floorOffset: number
  /** Where to go on; undefined: done. */
  readonly from?: OverrideCursor | undefined
}

/**
 * Drops one slice of the clocks of cells that the last floor made needless; true when some rows are
 * left to be looked at. A floor is gone through once, also when the file is closed meanwhile; one that
 * comes in the middle is gone through after: floors that come quickly must not keep the last rows out.
 */
export function trimClocks(scope: WriteScope, { floor }: SyncState): boolean {
  if (floor === undefined) return false
  const text = readMeta(scope.driver, 'trimmed')
  const trimmed = text === undefined ? undefined : (JSON.parse(text) as Trimmed)
  const isUnderWay = trimmed?.from !== undefined
  if (!isUnderWay && trimmed?.floorOffset === floor.offset) return false
  const floorOffset = isUnderWay ? trimmed.floorOffset : floor.offset
  const from = dropOverrides(scope, floor.hlc, {
    rowsMax: TRIMMED_ROWS_MAX,
    writesMax: TRIMMED_WRITES_MAX,
    from: trimmed?.from,
  })
  const next: Trimmed = { floorOffset, from }
  writeMeta(scope.driver, 'trimmed', JSON.stringify(next))
  return from !== undefined || floorOffset !== floor.offset
}

const DROPPABLE = `offset <= ?1 AND NOT EXISTS (SELECT 1 FROM _unapplied AS waiting
  WHERE waiting.stream = _log.stream AND waiting.seq >= first_seq AND waiting.seq < first_seq + count)`

/** Rows of the log that one slice looks at. */
const DROPPED_ROWS_MAX = 256

/**
 * Deletes rows of the log at or below an offset, oldest first in each stream, until about `bytesMax`
 * are gone; gives how many more such rows it saw, 0: none is left. Deltas that wait for a newer schema
 * stay.
 *
 * Cost: reads the keys and sizes of up to {@link DROPPED_ROWS_MAX} rows, not the segments.
 */
export function dropLogRows(
  { driver }: WriteScope,
  throughOffset: number,
  bytesMax: number,
): number {
  const rows = driver
    .prepare(
      `SELECT stream, first_seq, length(bytes) FROM _log WHERE ${DROPPABLE}
        ORDER BY stream, first_seq LIMIT ${DROPPED_ROWS_MAX + 1}`,
    )
    .all([throughOffset])
  let byteCount = 0
  let dropped = 0
  for (const [stream, firstSeq, bytes] of rows) {
    if (dropped === DROPPED_ROWS_MAX || (dropped > 0 && byteCount >= bytesMax)) break
    driver
      .prepare('DELETE FROM _log WHERE stream = ?1 AND first_seq = ?2')
      .run([stream as number, firstSeq as number])
    byteCount += bytes as number
    dropped += 1
  }
  return rows.length - dropped
}
