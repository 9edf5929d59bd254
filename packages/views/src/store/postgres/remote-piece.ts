import type { MapKey } from '../../map-key.ts'
import type { Datum } from '../../state.ts'
import type { Digest } from '../digest.ts'
import type { Connection } from './connection.ts'

/** What pieces of state share with their owner. */
export interface PieceOwner {
  /** Of the state with what the step has changed: another object after every transaction. */
  readonly digest: Digest
}

/** A key to be loaded, and how many of its rows at least; Infinity: all. */
export interface NeededKey {
  readonly key: Datum
  readonly rowsMax: number
}

/** What the owner does with all its pieces. */
export interface RemotePiece {
  /** Loads what is not loaded yet, in one statement. */
  load(by: Connection, needs: ReadonlyMap<MapKey, NeededKey>): Promise<void>
  /** Writes what was changed. */
  flush(by: Connection): Promise<void>
  /** Forgets what was loaded and changed. */
  discard(): void
  /** Adds all that is in the table to a digest. */
  addTo(by: Connection, digest: Digest): Promise<void>
}

/** Bytes as a key of a map. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
