/** Entries of a relay's log in the form a replica takes them in. */
import { type Hash, type LogEntry, UniverseError } from '@inner-universe/core'
import { CONTENT_BYTES_MAX, decodeBatch, type HashFunction } from '@inner-universe/sync'
import type { StoredEntry } from '@inner-universe/sync/relay-side'

/** What decoding needs. */
export interface EntryCodec {
  readonly hash: HashFunction
  /** Raw deflate, undone; throws when the outcome would exceed the bound. */
  readonly inflate: (bytes: Uint8Array, bytesMax: number) => Uint8Array
}

/**
 * The entry as a replica takes it in. Its deltas are not read here: they were checked when the batch
 * came to the relay, and the hash says that they are the same.
 *
 * @throws UniverseError `storage/corrupt` when its hash says they are not.
 */
export function logEntryOf(entry: StoredEntry, { hash, inflate }: EntryCodec): LogEntry {
  const { offset } = entry
  if (entry.kind === 'floor') return { kind: 'floor', offset, floor: entry.floor }
  const { header, encoding, contentBytes, body } = entry.batch
  const content =
    encoding === 'raw' ? body : inflate(body, Math.min(contentBytes, CONTENT_BYTES_MAX))
  const decoded = decodeBatch(header, content, hash)
  if (decoded.batch.hash !== entry.hash) throw damaged(offset, entry.hash, decoded.batch.hash)
  const { previous, base, origins } = decoded.header
  return { kind: 'batch', offset, batch: decoded.batch, previous, base, origins }
}

/** Cuts entries so that each part has about `deltasMax` deltas; a batch is never cut. */
export function* partsOf<T extends StoredEntry>(
  entries: readonly T[],
  deltasMax: number,
): Iterable<readonly T[]> {
  let part: T[] = []
  let deltaCount = 0
  for (const entry of entries) {
    const added = entry.kind === 'batch' ? entry.deltaCount : 1
    if (part.length > 0 && deltaCount + added > deltasMax) {
      yield part
      part = []
      deltaCount = 0
    }
    part.push(entry)
    deltaCount += added
  }
  if (part.length > 0) yield part
}

function damaged(offset: number, expected: Hash, found: Hash): UniverseError {
  return new UniverseError(
    'storage/corrupt',
    `entry ${offset} of the relay's log hashes to ${found} and should to ${expected}; restore a backup`,
  )
}
