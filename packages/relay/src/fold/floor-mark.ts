/**
 * How a floor comes about, in two steps: at one time the rows that are dead are noted, and much later,
 * when every replica has read that far, those of them are forgotten that nothing was merged into since.
 */
import { type Forgotten, isId, type LogPosition, utf8Length } from '@inner-universe/core'
import type { DeadRow } from '@inner-universe/engine'
import { FLOOR_BYTES_MAX, FLOOR_ROWS_MAX } from '@inner-universe/sync'

/** The place in the log that a floor is to stand on. */
export interface FloorMark {
  readonly position: LogPosition
  /** Greatest clock of the log up to there. */
  readonly hlc: number
  /** Wall time at which it was noted, ms since 1970. */
  readonly atMs: number
}

/** The same with the rows that were dead there. */
export interface NotedMark extends FloorMark {
  readonly dead: readonly DeadRow[]
}

/** Room of a floor's encoding for what is not rows: names of tables and counts. */
const MARGIN_BYTES = 64 * 1024

/**
 * The rows that were dead before and are so unchanged, by table, as many as one floor holds. The rest
 * is forgotten by the next.
 */
export function forgottenOf(
  before: readonly DeadRow[],
  now: readonly DeadRow[],
): readonly Forgotten[] {
  const fingerprints = new Map(now.map((row) => [keyOf(row), row.fingerprint]))
  const idsByTable = new Map<string, string[]>()
  let byteCount = 0
  let rowCount = 0
  for (const row of before) {
    if (fingerprints.get(keyOf(row)) !== row.fingerprint) continue
    byteCount += isId(row.id) ? 17 : 3 + utf8Length(row.id)
    rowCount += 1
    if (rowCount > FLOOR_ROWS_MAX || byteCount > FLOOR_BYTES_MAX - MARGIN_BYTES) break
    const ids = idsByTable.get(row.table)
    if (ids === undefined) idsByTable.set(row.table, [row.id])
    else ids.push(row.id)
  }
  return [...idsByTable]
    .map(([table, ids]) => ({ table, ids: ids.sort() }))
    .sort((a, b) => (a.table < b.table ? -1 : 1))
}

function keyOf({ table, id }: DeadRow): string {
  return `${table}\0${id}`
}
