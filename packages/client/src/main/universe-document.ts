/**
 * `universe.doc`: documents over a session. Loaded, with Yjs, when the first is opened.
 *
 * Of the page's own code it imports types only: whatever both imported would be a script of its own, and
 * weigh on every page.
 *
 * A document's updates are rows of a hidden table (core DOCUMENTS.md), so whatever worker the session
 * talks to, this tab's or another's, they are read, written and followed as any rows are.
 */
import {
  APPEND_REDUCER,
  COMPACT_REDUCER,
  type Condition,
  type JsonValue,
  type Row,
  UniverseError,
} from '@inner-universe/core'
import {
  closeDocuments,
  type DocumentAddress,
  type DocumentHome,
  type DocumentOptions,
  type DocumentPresence,
  type OpenDocument,
  openDocument,
  readDocument,
  type StoredUpdate,
} from '@inner-universe/documents'
import type { PastRead } from '../rpc/contract.ts'
import type { Session } from './session.ts'

/** What a document is opened by. */
export type DocumentArguments = [
  table: string,
  row: string,
  document: string,
  options?: DocumentOptions,
]

const homeBySession = new WeakMap<Session, DocumentHome>()

/**
 * Opens a document of a session's universe.
 *
 * @throws UniverseError `document/not-found` for a table or column that is none,
 * `table/row-not-found`, and as reads do.
 */
export async function openUniverseDocument(
  session: Session,
  ...[table, row, document, options]: DocumentArguments
): Promise<OpenDocument> {
  checkColumn(session, table, document)
  const { setTimer } = session.options.clock
  return openDocument(homeOf(session), { table, row, document }, { ...options, setTimer })
}

/**
 * A copy of a document as another state of the universe has it, which is read by `read`.
 *
 * @throws UniverseError as {@link openUniverseDocument} does.
 */
export async function readPastDocument(
  session: Session,
  { table, row, document }: DocumentAddress,
  read: (read: PastRead) => Promise<unknown>,
): Promise<OpenDocument['doc']> {
  checkColumn(session, table, document)
  return readDocument(await updatesOf(session, { table, row, document }, read))
}

function checkColumn({ options: { module } }: Session, table: string, document: string): void {
  const documents = Object.hasOwn(module.tables, table)
    ? module.tables[table]?.definition.documents
    : undefined
  if (Object.hasOwn(documents ?? {}, document)) return
  throw new UniverseError(
    'document/not-found',
    `module "${module.name}" has no document column "${table}.${document}"`,
    { details: { table, document } },
  )
}

function homeOf(session: Session): DocumentHome {
  let home = homeBySession.get(session)
  if (home === undefined) {
    const created = createHome(session)
    home = created
    homeBySession.set(session, home)
    session.onClosing = () => closeDocuments(created)
  }
  return home
}

function createHome(session: Session): DocumentHome {
  return {
    updates: (address) => updatesOf(session, address, (read) => session.reads.read(read)),
    onUpdates({ table, row, document }, listener, onGap) {
      const hidden = hiddenTable(session, table)
      return session.changes.add(
        [hidden],
        ({ changes }) => {
          const added: StoredUpdate[] = []
          const removed: string[] = []
          for (const { id, before, after } of changes) {
            const changed = after ?? before
            if (changed?.row !== row || changed.document !== document) continue
            if (after === undefined) removed.push(id)
            else added.push(updateOf(after))
          }
          if (added.length + removed.length > 0) listener(added, removed)
        },
        { onGap },
      )
    },
    async append(address, update) {
      await session.calls.call(APPEND_REDUCER, { ...address, update })
    },
    async compact(address, checkpoint, covers) {
      await session.calls.call(COMPACT_REDUCER, { ...address, checkpoint, covers })
    },
    onHide,
    ...(session.sync.hasToken && { presence: createPresence(session) }),
  }
}

/** The table that holds the updates of another's documents. */
function hiddenTable(session: Session, owner: string): string {
  const tables = Object.entries(session.options.module.tables)
  return tables.find(([, { definition }]) => definition.documentsOf === owner)?.[0] as string
}

/** The rows of a document. @throws UniverseError `table/row-not-found`. */
async function updatesOf(
  session: Session,
  { table, row: id, document }: DocumentAddress,
  read: (read: PastRead) => Promise<unknown>,
): Promise<readonly StoredUpdate[]> {
  const query = {
    table: hiddenTable(session, table),
    where: { kind: 'and', of: [equal('row', id), equal('document', document)] } as const,
    orderBy: [{ column: 'id', direction: 'asc' as const }],
  }
  const rows = (await read({ kind: 'query', query })) as readonly Row[]
  // Updates go with their row: only where there are none may it not be there.
  if (rows.length === 0 && (await read({ kind: 'get', table, id })) === undefined) {
    throw new UniverseError(
      'table/row-not-found',
      `table "${table}" has no row "${id}" to open a document of`,
      { details: { table, id } },
    )
  }
  return rows.map(updateOf)
}

function updateOf({ id, update, kind }: Row): StoredUpdate {
  return { id, update, kind } as unknown as StoredUpdate
}

/** A hidden page may be ended without a word; there are no pages in Node. */
function onHide(listener: () => void): () => void {
  const stop = new AbortController()
  const { signal } = stop
  globalThis.document?.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') listener()
    },
    { signal },
  )
  globalThis.window?.addEventListener('pagehide', listener, { signal })
  return () => stop.abort()
}

/** What a tab's documents say is one value: an object, document → what it says. */
function createPresence(session: Session): DocumentPresence {
  const said = new Map<string, JsonValue>()
  const listeners = new Map<(states: readonly JsonValue[]) => void, string>()
  let heard: readonly JsonValue[] = []
  const speak = (): void => {
    const state = said.size === 0 ? undefined : Object.fromEntries(said)
    session.send({ kind: 'documents', state })
  }
  session.sync.onDocuments = (documents) => {
    heard = documents
    for (const [listener, key] of listeners) hearSafely(listener, statesOf(heard, key))
  }
  // A worker that is new knows nothing.
  session.onConnection(({ kind }) => {
    if (kind === 'open') speak()
  })
  speak()
  return {
    set(address, state) {
      const key = keyOf(address)
      if (state === undefined ? !said.delete(key) : !said.set(key, state)) return
      speak()
    },
    onOthers(address, listener) {
      const own = (states: readonly JsonValue[]): void => listener(states)
      listeners.set(own, keyOf(address))
      listener(statesOf(heard, keyOf(address)))
      return () => listeners.delete(own)
    },
  }
}

/** An editor's fault surfaces as any uncaught error, and the others go on. */
function hearSafely(
  listener: (states: readonly JsonValue[]) => void,
  states: readonly JsonValue[],
): void {
  try {
    listener(states)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function statesOf(heard: readonly JsonValue[], key: string): readonly JsonValue[] {
  return heard.flatMap((documents) => {
    const isObject = typeof documents === 'object' && documents !== null
    if (!isObject || !Object.hasOwn(documents, key)) return []
    // Within a list, so that a list is not spread.
    return [(documents as Readonly<Record<string, JsonValue>>)[key] as JsonValue]
  })
}

function equal(column: string, value: string): Condition {
  return { kind: 'compare', column, operator: 'eq', value }
}

function keyOf({ table, row, document }: DocumentAddress): string {
  return JSON.stringify([table, row, document])
}
