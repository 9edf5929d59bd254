import type { StoredEntry } from './log-store.ts'

/** Bytes that credit, quotas and reads count for a row of a floor: a UUID and its length. */
const FORGOTTEN_BYTES = 17

/** Bytes an entry counts for in credit, quotas and reads: what its contents take on the wire. */
export function entryBytes(entry: StoredEntry): number {
  if (entry.kind === 'batch') return entry.batch.header.length + entry.batch.body.length
  return entry.floor.forgotten.reduce(
    (total, { ids }) => total + ids.length * FORGOTTEN_BYTES,
    FORGOTTEN_BYTES,
  )
}
