import type { Digest } from '../digest.ts'

/** What pieces of state share with their owner. */
export interface PieceOwner {
  /** Of the state as it is now: another object after every rollback. */
  readonly digest: Digest
  /** Groups or values that a piece remembers. */
  readonly cachedMax: number
}

/** What the owner does with all its pieces. */
export interface Piece {
  /** Writes what waits. */
  flush(): void
  /** Forgets what was read and what waits. */
  discard(): void
  /** Adds all that is in the table to a digest. */
  addTo(digest: Digest): void
}
