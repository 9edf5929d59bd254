/**
 * One open document: a Y.Doc that takes in the rows of its home, and whose own changes become rows.
 *
 *     local transaction ──noted──▶ burst ──encoded, checked──▶ saver ──append──▶ home
 *     home's rows ──checked──▶ applied, with an origin of their own, in one transaction
 *     many rows, nothing unsaved, idle ──▶ all encoded as one checkpoint ──compact──▶ home
 *
 * Invariant: what a checkpoint covers is what was applied here, and it is encoded in the same turn.
 */
import {
  DOCUMENT_COVERS_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
  UniverseError,
} from '@inner-universe/core'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { linkAwareness } from './awareness-link.ts'
import { applyUnseen, checkUpdate, invalidUpdate } from './check-update.ts'
import type { DocumentAddress, DocumentHome, SetTimer, StoredUpdate } from './document-home.ts'
import { type InitialContent, initialContent } from './initial-content.ts'
import {
  BURST_LENGTH,
  BURST_MS,
  COMPACT_BYTES,
  COMPACT_CHECKPOINT_BYTES_PER_ROW,
  COMPACT_ROWS,
  FAULTS_MAX,
  IDLE_MS,
  IDLE_OTHERS_MS,
} from './limits.ts'
import { LocalChanges } from './local-changes.ts'
import { Saver } from './saver.ts'

/** Where the saving of a document stands, and whether anything is missing of it. */
export type DocumentStatus = {
  /** Updates are here that wait for others which have not come; they are kept and show later. */
  readonly isComplete: boolean
} & (
  | { readonly kind: 'saved' | 'saving' }
  /** Tried again by itself where that may help. */
  | { readonly kind: 'failed'; readonly error: UniverseError }
)

/** How a document is opened. */
export interface DocumentOptions {
  /**
   * Writes what a document holds that nobody has written yet. It must write the same on every device;
   * it runs twice, on documents of its own, and is stored with the first edit.
   */
  readonly initial?: (doc: Y.Doc) => void
}

/** What a document needs of where it runs. */
export interface DocumentSurroundings {
  readonly setTimer: SetTimer
}

type Listener<Value> = (value: Value) => void

interface KnownRow {
  readonly bytes: number
  readonly kind: number
}

/** The document that all who have it open in this tab share. */
export class SharedDocument {
  readonly faults: UniverseError[] = []
  readonly #home: DocumentHome
  readonly #address: DocumentAddress
  readonly #setTimer: SetTimer
  readonly #saver: Saver
  /** Rows that are applied and stored. */
  readonly #rows = new Map<string, KnownRow>()
  /** Rows that hold no update. No checkpoint covers them. */
  readonly #badRows = new Set<string>()
  /** What is being written: it comes back as a row. */
  readonly #own = new Set<Uint8Array>()
  readonly #statusListeners = new Set<Listener<DocumentStatus>>()
  readonly #faultListeners = new Set<Listener<UniverseError>>()
  readonly #undoManagers = new Set<Y.UndoManager>()
  #stops: (() => void)[] = []
  #doc = new Y.Doc()
  #changes = new LocalChanges(this.#doc)
  #awareness: Awareness | undefined
  /** What came while it was being opened. */
  #early: (readonly [added: readonly StoredUpdate[], removed: readonly string[]])[] | undefined = []
  #initial: InitialContent | undefined
  #status: DocumentStatus = { kind: 'saved', isComplete: true }
  #stopBurst: (() => void) | undefined
  #stopIdle: (() => void) | undefined
  #isCompacting = false
  /** Only who writes compacts: whoever reads may not be allowed to. */
  #hasWritten = false
  #isClosed = false

  constructor(home: DocumentHome, address: DocumentAddress, { setTimer }: DocumentSurroundings) {
    this.#home = home
    this.#address = address
    this.#setTimer = setTimer
    this.#saver = new Saver({
      append: (update) => this.#append(update),
      setTimer,
      onChange: () => this.#saved(),
    })
  }

  /** Reads it and begins to follow. @throws UniverseError why it cannot be read. */
  async open({ initial }: DocumentOptions): Promise<void> {
    const home = this.#home
    const address = this.#address
    this.#stops.push(
      home.onUpdates(
        address,
        (added, removed) => this.#receive(added, removed),
        () => void this.#readAgain(),
      ),
    )
    const rows = await home.updates(address)
    if (this.#isClosed) return
    if (rows.length === 0 && initial !== undefined) this.#write(initial)
    this.#readFirst(rows)
    const early = this.#early ?? []
    this.#early = undefined
    for (const [added, removed] of early) this.#receive(added, removed)
    this.#follow()
    this.#doc.emit('load', [this.#doc])
  }

  /** The document itself, once it is open. */
  get doc(): Y.Doc {
    return this.#doc
  }

  /** The editors' states, once it is open. */
  get awareness(): Awareness {
    this.#awareness ??= new Awareness(this.#doc)
    return this.#awareness
  }

  get status(): DocumentStatus {
    return this.#status
  }

  onStatus(listener: Listener<DocumentStatus>): () => void {
    return listen(this.#statusListeners, listener)
  }

  onFault(listener: Listener<UniverseError>): () => void {
    return listen(this.#faultListeners, listener)
  }

  undoManager(...given: ConstructorParameters<typeof Y.UndoManager>): Y.UndoManager {
    const manager = new Y.UndoManager(...given)
    this.#undoManagers.add(manager)
    return manager
  }

  /** Resolves when all that was changed before is durable. @throws UniverseError why it is not. */
  async flush(): Promise<void> {
    this.#endBurst()
    await this.#saver.flush()
  }

  /** Saves what is unsaved, and leaves it quick to open. @throws UniverseError why it could not. */
  async finish(): Promise<void> {
    await this.flush()
    await this.#compact()
  }

  /** Lets go of everything. What is unsaved is lost: finish first. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops.splice(0)) stop()
    this.#stopBurst?.()
    this.#stopIdle?.()
    this.#saver.close()
    for (const manager of this.#undoManagers) manager.destroy()
    this.#doc.off('afterTransactionCleanup', this.#onTransaction)
    this.#doc.destroy()
  }

  /** Shows initial content, to be stored with the first change. */
  #write(initial: (doc: Y.Doc) => void): void {
    this.#initial = initialContent(this.#address, initial)
    if (this.#initial !== undefined) Y.applyUpdate(this.#doc, this.#initial.update, this)
  }

  /** Takes in what is stored, all at once; one by one only where something is wrong with it. */
  #readFirst(rows: readonly StoredUpdate[]): void {
    if (rows.length === 0) return
    if (applyUnseen(this.#doc, rows)) {
      for (const row of rows) this.#noteRow(row)
      return
    }
    this.#doc.destroy()
    this.#doc = new Y.Doc()
    this.#changes = new LocalChanges(this.#doc)
    this.#early?.unshift([rows, []])
  }

  #follow(): void {
    const presence = this.#home.presence
    const address = this.#address
    const setTimer = this.#setTimer
    const stopHide = this.#home.onHide?.(() => this.#hide())
    if (stopHide !== undefined) this.#stops.push(stopHide)
    this.#doc.on('afterTransactionCleanup', this.#onTransaction)
    if (presence === undefined) return
    this.#stops.push(linkAwareness({ awareness: this.awareness, address, presence, setTimer }))
  }

  readonly #onTransaction = (transaction: Y.Transaction): void => {
    if (transaction.origin === this || !this.#changes.note(transaction)) return
    if (this.#initial !== undefined) {
      const { client, length } = this.#initial
      this.#changes.noteSpan(client, { start: 0, end: length })
      this.#initial = undefined
    }
    if (this.#changes.length >= BURST_LENGTH) this.#endBurst()
    else this.#stopBurst ??= this.#setTimer(() => this.#endBurst(), BURST_MS)
    this.#tellStatus()
  }

  /** Hands what was changed to the saver. */
  #endBurst(): void {
    this.#stopBurst?.()
    this.#stopBurst = undefined
    this.#saver.add(this.#changes.take())
    this.#tellStatus()
  }

  #hide(): void {
    this.#endBurst()
    this.#saver.hurry()
  }

  async #append(update: Uint8Array): Promise<void> {
    if (update.length > DOCUMENT_UPDATE_BYTES_MAX) throw updateTooLarge(update.length)
    checkUpdate(update, DOCUMENT_UPDATE_KINDS.update)
    this.#own.add(update)
    try {
      await this.#home.append(this.#address, update)
      this.#hasWritten = true
    } finally {
      this.#own.delete(update)
    }
  }

  #saved(): void {
    if (this.#isClosed) return
    this.#tellStatus()
    this.#waitIdle(IDLE_MS)
  }

  #receive(added: readonly StoredUpdate[], removed: readonly string[] = []): void {
    if (this.#isClosed) return
    if (this.#early !== undefined) {
      this.#early.push([added, removed])
      return
    }
    for (const id of removed) this.#rows.delete(id)
    const rows = added.filter(({ id }) => !this.#rows.has(id) && !this.#badRows.has(id))
    const foreign = rows.filter((row) => !this.#isOwn(row))
    this.#apply(foreign)
    for (const row of rows) if (!this.#badRows.has(row.id)) this.#noteRow(row)
    if (foreign.length > 0) this.#waitIdle(IDLE_OTHERS_MS)
    this.#tellStatus()
  }

  #noteRow({ id, update, kind }: StoredUpdate): void {
    this.#rows.set(id, { bytes: update.length, kind })
  }

  /** What this tab has just written is here already. */
  #isOwn({ update }: StoredUpdate): boolean {
    for (const own of this.#own) if (equalBytes(own, update)) return true
    return false
  }

  /** Applies the good ones of some rows, and tells of the others. */
  #apply(rows: readonly StoredUpdate[]): void {
    if (rows.length === 0) return
    try {
      Y.transact(
        this.#doc,
        () => {
          for (const row of rows) this.#applyOne(row)
        },
        this,
        false,
      )
    } catch (error) {
      // Everything is applied: an observer of the app threw. Its fault surfaces as any uncaught error.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #applyOne({ id, update, kind }: StoredUpdate): void {
    try {
      checkUpdate(update, kind)
      applyRow(this.#doc, update, kind, this)
    } catch (cause) {
      this.#badRows.add(id)
      this.#tellFault(invalidUpdate(cause, id))
    }
  }

  /** Changes may have been missed. */
  async #readAgain(): Promise<void> {
    try {
      const rows = await this.#home.updates(this.#address)
      if (this.#isClosed) return
      const ids = new Set(rows.map(({ id }) => id))
      const gone = [...this.#rows.keys()].filter((id) => !ids.has(id))
      this.#receive(rows, gone)
      if (gone.length > 0) this.#rewriteMissing(rows)
    } catch (error) {
      // It could not be read now. There is another gap to tell of before it can.
      this.#tellFault(error as UniverseError)
    }
  }

  /** What is shown here and is in none of the rows, as after an import of an older file, is written anew. */
  #rewriteMissing(rows: readonly StoredUpdate[]): void {
    const stored = new Y.Doc()
    for (const { id, update, kind } of rows)
      if (!this.#badRows.has(id)) applyRow(stored, update, kind)
    const { store } = this.#doc
    for (const client of store.clients.keys()) {
      // Stored with the first change.
      if (client === this.#initial?.client) continue
      const start = Y.getState(stored.store, client)
      const end = Y.getState(store, client)
      if (start < end) this.#changes.noteSpan(client, { start, end })
    }
    const deletions = Y.createDeleteSetFromStructStore(store)
    if (!Y.equalDeleteSets(deletions, Y.createDeleteSetFromStructStore(stored.store))) {
      this.#changes.noteDeletions(deletions)
    }
    stored.destroy()
    if (this.#changes.length > 0) this.#endBurst()
  }

  #waitIdle(delayMs: number): void {
    this.#stopIdle?.()
    this.#stopIdle = this.#setTimer(() => void this.#compact(), delayMs)
  }

  /** Puts a checkpoint in the place of many rows. */
  async #compact(): Promise<void> {
    const isSaved = this.#saver.isIdle && this.#changes.length === 0
    if (this.#isClosed || this.#isCompacting || !isSaved || !this.#hasWritten) return
    if (!isCompactDue(this.#rows.values())) return
    this.#isCompacting = true
    const covers = [...this.#rows.keys()].slice(0, DOCUMENT_COVERS_MAX)
    const checkpoint = Y.encodeStateAsUpdateV2(this.#doc)
    this.#own.add(checkpoint)
    try {
      // What nobody could read must not take the place of what everybody can.
      checkUpdate(checkpoint, DOCUMENT_UPDATE_KINDS.checkpoint)
      await this.#home.compact(this.#address, checkpoint, covers)
    } catch {
      // Harmless: the rows are all there still, be it too large for a checkpoint or not to be written
      // now, and the next change leads to another try.
    } finally {
      this.#own.delete(checkpoint)
      this.#isCompacting = false
    }
  }

  #tellFault(fault: UniverseError): void {
    this.faults.push(fault)
    if (this.faults.length > FAULTS_MAX) this.faults.shift()
    tell(this.#faultListeners, fault)
  }

  #tellStatus(): void {
    const { pendingStructs, pendingDs } = this.#doc.store
    const isComplete = pendingStructs === null && pendingDs === null
    const { error, isIdle } = this.#saver
    const status: DocumentStatus =
      error !== undefined
        ? { kind: 'failed', error, isComplete }
        : { kind: isIdle && this.#changes.length === 0 ? 'saved' : 'saving', isComplete }
    if (equalStatus(status, this.#status)) return
    this.#status = status
    tell(this.#statusListeners, status)
  }
}

function isCompactDue(rows: Iterable<KnownRow>): boolean {
  let rowCount = 0
  let bytes = 0
  let checkpointBytes = 0
  for (const { kind, bytes: rowBytes } of rows) {
    if (kind === DOCUMENT_UPDATE_KINDS.checkpoint) checkpointBytes += rowBytes
    else {
      rowCount += 1
      bytes += rowBytes
    }
  }
  const rowsMax = Math.max(COMPACT_ROWS, checkpointBytes / COMPACT_CHECKPOINT_BYTES_PER_ROW)
  return rowCount > rowsMax || bytes > Math.max(COMPACT_BYTES, checkpointBytes)
}

function equalStatus(left: DocumentStatus, right: DocumentStatus): boolean {
  const error = left.kind === 'failed' ? left.error : undefined
  const otherError = right.kind === 'failed' ? right.error : undefined
  return left.kind === right.kind && left.isComplete === right.isComplete && error === otherError
}

/** Applies a row that was checked. */
export function applyRow(doc: Y.Doc, update: Uint8Array, kind: number, origin?: unknown): void {
  if (kind === DOCUMENT_UPDATE_KINDS.checkpoint) Y.applyUpdateV2(doc, update, origin)
  else Y.applyUpdate(doc, update, origin)
}

function updateTooLarge(bytes: number): UniverseError {
  return new UniverseError(
    'document/too-large',
    `one value makes an update of ${bytes} bytes, and ${DOCUMENT_UPDATE_BYTES_MAX} are kept; store it elsewhere and name it in the document`,
    { details: { bytes, bytesMax: DOCUMENT_UPDATE_BYTES_MAX } },
  )
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function listen<Value>(listeners: Set<Listener<Value>>, listener: Listener<Value>): () => void {
  const own: Listener<Value> = (value) => listener(value)
  listeners.add(own)
  return () => listeners.delete(own)
}

/** A listener's fault is the app's: it surfaces as any uncaught error, and the others go on. */
function tell<Value>(listeners: ReadonlySet<Listener<Value>>, value: Value): void {
  for (const listener of [...listeners]) {
    try {
      listener(value)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
