/** Opening documents. All who open one of a home share one, which is closed when the last has closed. */
import { UniverseError } from '@inner-universe/core'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import {
  type DocumentOptions,
  type DocumentStatus,
  type DocumentSurroundings,
  SharedDocument,
} from './document.ts'
import type { DocumentAddress, DocumentHome } from './document-home.ts'

/** One use of a document. */
export interface OpenDocument {
  readonly address: DocumentAddress
  /** Shared by all who have it open here. Changed by whoever wants to; do not destroy it. */
  readonly doc: Y.Doc
  /** Who else has it open, where the home has presence; for editors' cursors. */
  readonly awareness: Awareness
  /** The same object while nothing changes. */
  readonly status: DocumentStatus
  /** Calls back at each change of `status`. Returns the end of it. */
  onStatus(listener: (status: DocumentStatus) => void): () => void
  /**
   * Rows that hold no update of a document and were left out (`document/invalid-update`, with
   * `details.id`), and failures to read it again; the latest of them.
   */
  readonly faults: readonly UniverseError[]
  /** Calls back with each new fault. Returns the end of it. */
  onFault(listener: (fault: UniverseError) => void): () => void
  /** Resolves when all that was changed before is durable. @throws UniverseError why it is not. */
  flush(): Promise<void>
  /** An undo manager of what is changed here; it ends with the document. */
  undoManager(...given: ConstructorParameters<typeof Y.UndoManager>): Y.UndoManager
  /**
   * Ends this use of it; the last one saves what is unsaved. Idempotent.
   *
   * @throws UniverseError why something could not be saved; it is closed all the same.
   */
  close(): Promise<void>
}

/** A document that is open, or being opened. */
interface Shared {
  readonly document: SharedDocument
  readonly opened: Promise<void>
  useCount: number
}

const openByHome = new WeakMap<DocumentHome, Map<string, Shared>>()

/**
 * Opens a document, or shares the one of the same address that is open. Options count for the first
 * who opens it.
 *
 * @throws UniverseError why the home cannot read it.
 */
export async function openDocument(
  home: DocumentHome,
  address: DocumentAddress,
  options: DocumentOptions & DocumentSurroundings,
): Promise<OpenDocument> {
  const key = JSON.stringify([address.table, address.row, address.document])
  const openByKey = openOf(home)
  let shared = openByKey.get(key)
  if (shared === undefined) {
    const document = new SharedDocument(home, address, options)
    shared = { document, opened: document.open(options), useCount: 0 }
    openByKey.set(key, shared)
  }
  const { document, opened } = shared
  shared.useCount += 1
  try {
    await opened
  } catch (error) {
    forget(openByKey, key, shared)
    throw error
  }
  return useOf(address, document, () => release(openByKey, key, shared))
}

/**
 * Saves and closes all documents of a home, whoever has them open. What cannot be saved has been told by
 * its status.
 */
export async function closeDocuments(home: DocumentHome): Promise<void> {
  const openByKey = openOf(home)
  const shared = [...openByKey]
  await Promise.allSettled(shared.map(([, { document }]) => document.flush()))
  for (const [key, one] of shared) forget(openByKey, key, one)
}

function openOf(home: DocumentHome): Map<string, Shared> {
  let openByKey = openByHome.get(home)
  if (openByKey === undefined) {
    openByKey = new Map()
    openByHome.set(home, openByKey)
  }
  return openByKey
}

async function release(openByKey: Map<string, Shared>, key: string, shared: Shared): Promise<void> {
  shared.useCount -= 1
  if (shared.useCount > 0) return
  try {
    await shared.document.finish()
  } finally {
    // Somebody may have opened it meanwhile.
    if (shared.useCount === 0) forget(openByKey, key, shared)
  }
}

function forget(openByKey: Map<string, Shared>, key: string, shared: Shared): void {
  if (openByKey.get(key) !== shared) return
  openByKey.delete(key)
  shared.document.close()
}

function useOf(
  address: DocumentAddress,
  document: SharedDocument,
  release: () => Promise<void>,
): OpenDocument {
  let closing: Promise<void> | undefined
  return {
    address,
    doc: document.doc,
    awareness: document.awareness,
    get status() {
      return document.status
    },
    onStatus: (listener) => document.onStatus(listener),
    get faults() {
      return document.faults
    },
    onFault: (listener) => document.onFault(listener),
    async flush() {
      if (closing !== undefined) throw documentClosed(address)
      await document.flush()
    },
    undoManager(...given) {
      if (closing !== undefined) throw documentClosed(address)
      return document.undoManager(...given)
    },
    close() {
      closing ??= release()
      return closing
    },
  }
}

function documentClosed({ table, row, document }: DocumentAddress): UniverseError {
  return new UniverseError(
    'document/closed',
    `document "${table}.${document}" of row "${row}" was closed; open it again`,
  )
}
