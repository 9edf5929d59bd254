/**
 * One document as the rows of a replica make it: what is shown is in the relay's log.
 *
 *     rows of others ──────────────────────────────▶ shown, told to the clients
 *     append ──▶ row, pending ──confirmed by the log──▶ shown, told to the other clients
 *
 * Many small rows become one checkpoint, as replicas with editors have it.
 */
import {
  APPEND_REDUCER,
  COMPACT_REDUCER,
  DOCUMENT_CHECKPOINT_BYTES_MAX,
  DOCUMENT_COVERS_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
  UniverseError,
} from '@inner-universe/core'
import { checkUpdate as checkStoredUpdate } from '@inner-universe/documents'
import * as Y from 'yjs'
import type { Closing } from './closing.ts'
import type { SharedAwareness } from './shared-awareness.ts'
import type { DocumentAuthor, SharedDocument, UniverseDocument } from './shared-document.ts'
import { checkpointOf } from './update-check.ts'

/** Rows of a document from which they become a checkpoint. */
const COMPACT_ROWS = 64

/** Bytes of those rows, the same; of a document that is larger, as many bytes as it has. */
const COMPACT_BYTES: number = 256 * 1024

/** Bytes of a checkpoint for which one more row is waited: a large one is not written anew for little. */
const COMPACT_BYTES_PER_ROW = 4096

/** An update of nothing: a row that a checkpoint can take the place of. */
const NOTHING: Uint8Array = Uint8Array.of(0, 0)

/** A row of updates. */
export interface UpdateRow {
  readonly id: string
  readonly row: string
  readonly document: string
  readonly update: Uint8Array
  readonly kind: number
}

/** What a document asks of its replica. */
export interface DocumentRows {
  /**
   * Calls a reducer, for the relay itself where no sender is given; `confirmed` resolves when the log has what it did.
   *
   * @throws UniverseError of the reducer.
   */
  call(
    reducer: string,
    args: object,
    sender: string | undefined,
  ): { readonly value: unknown; readonly confirmed: Promise<void> }
  /** @throws UniverseError (rejects) why this author may not write an update now. */
  permit(row: Omit<UpdateRow, 'id'>, author: DocumentAuthor): Promise<void>
  /** A row that holds no update, or what could not be done. */
  readonly onFault: (error: unknown) => void
}

/** What a document is made of. */
export interface ReplicaDocumentOptions {
  readonly address: UniverseDocument
  readonly updatesTable: string
  readonly rows: DocumentRows
  /** Those there are, all in the log. */
  readonly stored: readonly UpdateRow[]
  readonly awareness: SharedAwareness
}

/** A document of a replica. */
export class ReplicaDocument implements SharedDocument {
  readonly updatesTable: string
  readonly awareness: SharedAwareness
  readonly #options: ReplicaDocumentOptions
  readonly #doc = new Y.Doc()
  /** Rows that are shown, with their bytes; checkpoints count for nothing. */
  readonly #rows = new Map<string, number>()
  readonly #enders = new Set<(closing: Closing) => void>()
  #isCompacting = false
  #checkpointBytes = 0

  constructor(options: ReplicaDocumentOptions) {
    this.#options = options
    this.updatesTable = options.updatesTable
    this.awareness = options.awareness
    for (const row of options.stored) this.rowAdded(row)
    this.#compact()
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc)
  }

  missing(stateVector: Uint8Array): Uint8Array {
    try {
      return Y.encodeStateAsUpdate(this.#doc, stateVector)
    } catch (cause) {
      throw new UniverseError('sync/protocol', 'the bytes are no state vector', { cause })
    }
  }

  contains(update: Uint8Array): boolean {
    return Y.snapshotContainsUpdate(Y.snapshot(this.#doc), update)
  }

  async append(update: Uint8Array, author: DocumentAuthor): Promise<void> {
    const { address, rows } = this.#options
    const { row, document } = address
    const isLarge = update.length > DOCUMENT_UPDATE_BYTES_MAX
    const kept = isLarge
      ? { update: checkpointOf(update), kind: DOCUMENT_UPDATE_KINDS.checkpoint }
      : { update, kind: DOCUMENT_UPDATE_KINDS.update }
    await rows.permit({ row, document, ...kept }, author)
    const { identity } = author
    const place = { table: address.table, row, document }
    const added = rows.call(
      APPEND_REDUCER,
      { ...place, update: isLarge ? NOTHING : update },
      identity,
    )
    const last = isLarge
      ? rows.call(
          COMPACT_REDUCER,
          { ...place, checkpoint: kept.update, covers: [added.value] },
          identity,
        )
      : added
    await last.confirmed
    Y.applyUpdate(this.#doc, update, author)
    this.#shown(String(last.value), kept.update, isLarge)
    this.#compact()
  }

  onUpdate(listener: (update: Uint8Array, author: DocumentAuthor | undefined) => void): () => void {
    const told = (update: Uint8Array, origin: unknown): void => {
      listener(update, (origin ?? undefined) as DocumentAuthor | undefined)
    }
    this.#doc.on('update', told)
    return () => this.#doc.off('update', told)
  }

  onEnd(listener: (closing: Closing) => void): () => void {
    this.#enders.add(listener)
    return () => this.#enders.delete(listener)
  }

  /** Somebody else has written a row: it is in the log. One that holds no update is left out. */
  rowAdded({ id, update, kind }: UpdateRow): void {
    try {
      checkStoredUpdate(update, kind)
      if (kind === DOCUMENT_UPDATE_KINDS.checkpoint) Y.applyUpdateV2(this.#doc, update)
      else Y.applyUpdate(this.#doc, update)
      this.#shown(id, update, kind === DOCUMENT_UPDATE_KINDS.checkpoint)
    } catch (error) {
      this.#options.rows.onFault(error)
    }
  }

  /** A checkpoint took its place. */
  rowRemoved(id: string): void {
    this.#rows.delete(id)
  }

  /** It can be served no longer. */
  end(closing: Closing): void {
    for (const listener of [...this.#enders]) listener(closing)
  }

  destroy(): void {
    this.#doc.destroy()
  }

  #shown(id: string, { length }: Uint8Array, isCheckpoint: boolean): void {
    this.#rows.set(id, isCheckpoint ? 0 : length)
    if (isCheckpoint) this.#checkpointBytes = Math.max(this.#checkpointBytes, length)
  }

  /** Puts a checkpoint in the place of many rows. Not at once again, whatever became of it. */
  #compact(): void {
    const byteCount = [...this.#rows.values()].reduce((total, bytes) => total + bytes, 0)
    const rowsMax = COMPACT_ROWS + this.#checkpointBytes / COMPACT_BYTES_PER_ROW
    const bytesMax = Math.max(COMPACT_BYTES, this.#checkpointBytes)
    const isMuch = this.#rows.size > rowsMax || byteCount > bytesMax
    if (!isMuch || this.#isCompacting) return
    const { address, rows } = this.#options
    const { table, row, document } = address
    const checkpoint = Y.encodeStateAsUpdateV2(this.#doc)
    if (checkpoint.length > DOCUMENT_CHECKPOINT_BYTES_MAX) return
    const covers = [...this.#rows.keys()].slice(0, DOCUMENT_COVERS_MAX)
    this.#isCompacting = true
    try {
      const args = { table, row, document, checkpoint, covers }
      const { value, confirmed } = rows.call(COMPACT_REDUCER, args, undefined)
      for (const id of covers) this.#rows.delete(id)
      if (typeof value === 'string') this.#shown(value, checkpoint, true)
      confirmed
        .catch(() => undefined)
        .finally(() => {
          this.#isCompacting = false
        })
    } catch (error) {
      rows.onFault(error)
    }
  }
}
