/** What sessions of Yjs clients stand on: documents that are kept, wherever and however that is. */
import type { Closing } from './closing.ts'
import type { SharedAwareness } from './shared-awareness.ts'

/** Who writes. Compared by identity: each session has its own. */
export interface DocumentAuthor {
  readonly identity: string
}

/** Which document: a cell of a row, in a universe. */
export interface UniverseDocument {
  readonly universe: string
  readonly table: string
  readonly row: string
  readonly document: string
}

/**
 * One document as all its Yjs clients share it. It shows what is kept and nothing else: what was told
 * to anyone is there after any crash.
 */
export interface SharedDocument {
  /** The table its updates are rows of: what rights by table are about. */
  readonly updatesTable: string
  /** The state vector of what is kept. */
  stateVector(): Uint8Array
  /**
   * What a state vector lacks of what is kept, as an update.
   *
   * @throws UniverseError `sync/protocol` when the bytes are no state vector.
   */
  missing(stateVector: Uint8Array): Uint8Array
  /** Whether all of an update is kept already. Cost: reads what was deleted in the whole document. */
  contains(update: Uint8Array): boolean
  /**
   * Keeps an update that was checked; resolves when it is kept, and told to the others.
   *
   * @throws UniverseError (rejects) when it is not kept, and never will be as far as its author goes.
   */
  append(update: Uint8Array, author: DocumentAuthor): Promise<void>
  /** What is kept from now on, in an order that can be applied; `author`: who wrote it, if known. */
  onUpdate(listener: (update: Uint8Array, author: DocumentAuthor | undefined) => void): () => void
  /** It cannot be served any longer: why. */
  onEnd(listener: (closing: Closing) => void): () => void
  readonly awareness: SharedAwareness
}

/** A document in use. */
export interface DocumentLease {
  readonly document: SharedDocument
  /** Gives it back. Once. */
  release(): void
}
