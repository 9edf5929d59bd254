/** Forgets segments that the relay has, and that nobody can ask for any more. STORAGE.md SY11. */
import type { WriteScope } from './write-scope.ts'

const DROPPABLE = `offset <= ?1 AND NOT EXISTS (SELECT 1 FROM _unapplied AS waiting
  WHERE waiting.stream = _log.stream AND waiting.seq >= first_seq AND waiting.seq < first_seq + count)`

/**
 * Deletes rows of the log at or below an offset, oldest first in each stream, until about `bytesMax`
 * are gone; gives how many such rows are left. Deltas that wait for a newer schema stay.
 *
 * Cost: reads the keys and sizes of the log's rows, not the segments.
 */
export function dropLogRows(
  { driver }: WriteScope,
  throughOffset: number,
  bytesMax: number,
): number {
  const rows = driver
    .prepare(
      `SELECT stream, first_seq, length(bytes) FROM _log WHERE ${DROPPABLE}
        ORDER BY stream, first_seq`,
    )
    .all([throughOffset])
  let byteCount = 0
  let dropped = 0
  for (const [stream, firstSeq, bytes] of rows) {
    if (dropped > 0 && byteCount >= bytesMax) break
    driver
      .prepare('DELETE FROM _log WHERE stream = ?1 AND first_seq = ?2')
      .run([stream as number, firstSeq as number])
    byteCount += bytes as number
    dropped += 1
  }
  return rows.length - dropped
}
