/** Reads as of a version, and on top of a draft: what `universe.query` and its like are for the present. */
import { type Hash, type QueryValue, type RelationQuery, UniverseError } from '@inner-universe/core'
import type { HistoryRequest, PastRead } from '../rpc/contract.ts'
import type { Session } from './session.ts'
import type { Cancellable } from './universe.ts'
import type { readPastDocument } from './universe-document.ts'
import type { PastReads, PastUniverse, Version } from './versions.ts'

/** Asks the worker of versions. */
export type AskHistory = (request: HistoryRequest, options?: Cancellable) => Promise<unknown>

/** What a builder asks. Given by the page, which has the code of queries. */
export type ReadOf = (build: (q: never) => RelationQuery<unknown>) => PastRead

/** What the versions of a universe are reached by. */
export interface VersionsParts {
  readonly session: Session
  readonly readOf: ReadOf
  readonly loadDocuments: () => Promise<{ readPastDocument: typeof readPastDocument }>
  /** Throws when the universe was closed. */
  readonly check: () => void
}

/** The reads of a state, each asked for by `ask`. */
export function createPastReads(
  readOf: ReadOf,
  ask: (read: PastRead, options?: Cancellable) => Promise<unknown>,
): PastReads {
  const reads = {
    query: async (build: (q: never) => RelationQuery<unknown>, options?: Cancellable) =>
      ask(readOf(build), options),
    count: async (build: (q: never) => RelationQuery<unknown>, options?: Cancellable) => {
      const read = readOf(build)
      if (read.kind === 'query') return ask({ ...read, kind: 'count' }, options)
      throw new UniverseError(
        'query/invalid',
        'only rows of one table are counted; query the others',
      )
    },
    get: async (table: string, id: string, options?: Cancellable) =>
      ask({ kind: 'get', table, id }, options),
    sql: async (text: string, params: readonly QueryValue[] = [], options?: Cancellable) =>
      ask({ kind: 'sql', text, params }, options),
  }
  // The types of rows exist for the author only.
  return reads as unknown as PastReads
}

/** The universe as of a version that can be read. */
export function createPastUniverse(
  { session, readOf, loadDocuments }: VersionsParts,
  version: Version,
  ask: AskHistory,
): PastUniverse {
  const documents = new Set<{ destroy(): void }>()
  let isClosed = false
  const check = (): void => {
    if (!isClosed) return
    throw new UniverseError(
      'client/closed',
      `version "${version.id}" was closed here; ask for it again by \`versions.at\``,
    )
  }
  const read = async (read: PastRead, options?: Cancellable): Promise<unknown> => {
    check()
    return ask({ kind: 'past', version: version.id, read }, options)
  }
  return {
    version,
    ...createPastReads(readOf, read),
    digest: async () => {
      check()
      return (await ask({ kind: 'digest', version: version.id })) as Hash
    },
    async doc(table, row, document) {
      check()
      const { readPastDocument } = await loadDocuments()
      const doc = await readPastDocument(session, { table, row, document }, read)
      if (isClosed) doc.destroy()
      check()
      documents.add(doc)
      return doc
    },
    close() {
      isClosed = true
      for (const doc of documents) doc.destroy()
      documents.clear()
    },
  }
}
