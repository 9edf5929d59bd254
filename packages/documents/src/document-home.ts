/** Where documents are kept: the port between an open document and a store of rows. */
import type { JsonValue } from '@inner-universe/core'

/** Names a document: a document column of one row. */
export interface DocumentAddress {
  readonly table: string
  /** Primary key of the row. */
  readonly row: string
  /** The document column. */
  readonly document: string
}

/** One row of a document's updates. */
export interface StoredUpdate {
  readonly id: string
  readonly update: Uint8Array
  /** 0: an update in Yjs's first format; 1: a checkpoint, in its second (core `DOCUMENT_UPDATE_KINDS`). */
  readonly kind: number
}

/**
 * A store of documents. Its bytes are not trusted: whatever it gives is checked before it is applied.
 *
 * The implementer guarantees that what `append` and `compact` resolved is in every later `updates`, of
 * this home and (when it has come there) of any other, unless a checkpoint that covers it took its
 * place. Order, delay and repetition of what listeners are told do not matter.
 */
export interface DocumentHome {
  /** All rows of a document, in the order of their ids. @throws UniverseError why it cannot be read. */
  updates(address: DocumentAddress): Promise<readonly StoredUpdate[]>
  /**
   * Calls back with rows that came and with ids of rows that went, by whomever; `onGap`: some of it may
   * have been missed, read again. Returns the end of it.
   */
  onUpdates(
    address: DocumentAddress,
    listener: (added: readonly StoredUpdate[], removed?: readonly string[]) => void,
    onGap: () => void,
  ): () => void
  /** Adds an update; resolves when it is durable. Two at once take effect in the order of the calls. */
  append(address: DocumentAddress, update: Uint8Array): Promise<void>
  /** Puts a checkpoint in the place of rows it contains, all in one transaction; durable. */
  compact(
    address: DocumentAddress,
    checkpoint: Uint8Array,
    covers: readonly string[],
  ): Promise<void>
  /** Calls back when the page may end soon: what is unsaved is written at once. Returns the end of it. */
  onHide?(listener: () => void): () => void
  /** What those say of themselves who have a document open; without it nobody hears of each other. */
  readonly presence?: DocumentPresence
}

/** Who else has a document open. Nothing of it is kept. */
export interface DocumentPresence {
  /** Says something of this tab's use of a document, in place of what it said before. */
  set(address: DocumentAddress, state: JsonValue | undefined): void
  /** Calls back with what all others say of it: at once, and at each change. Returns the end of it. */
  onOthers(address: DocumentAddress, listener: (states: readonly JsonValue[]) => void): () => void
}

/** Runs something later; returns its cancellation. */
export type SetTimer = (run: () => void, delayMs: number) => () => void
