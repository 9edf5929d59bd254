/** Reads as of a version, and on top of a draft: what `universe.query` and its like are for the present. */
import {
  type Hash,
  type Module,
  moduleQueriesOf,
  type Query,
  type QueryValue,
  type RelationQuery,
  type Row,
  UniverseError,
} from '@inner-universe/core'
import type { HistoryRequest, PastRead } from '../rpc/contract.ts'
import type { Cancellable } from './universe.ts'
import type { PastReads, PastUniverse, Version } from './versions.ts'

/** Asks the worker of versions. */
export type AskHistory = (request: HistoryRequest, options?: Cancellable) => Promise<unknown>

type Queries = ReturnType<typeof moduleQueriesOf<never, never>>

/** What a builder asks. */
export function pastReadOf(module: Module, build: (q: never) => RelationQuery<unknown>): PastRead {
  const query = (build as (q: Queries) => RelationQuery<unknown>)(
    moduleQueriesOf(module) as unknown as Queries,
  )
  return 'plan' in query
    ? { kind: 'query', query: (query as Query<unknown>).plan }
    : { kind: 'relation', relation: query.relation }
}

/** The reads of a state, each asked for by `ask`. */
export function createPastReads(
  module: Module,
  ask: (read: PastRead, options?: Cancellable) => Promise<unknown>,
): PastReads {
  const reads = {
    query: async (build: (q: never) => RelationQuery<unknown>, options?: Cancellable) =>
      ask(pastReadOf(module, build), options),
    count: async (build: (q: never) => RelationQuery<unknown>, options?: Cancellable) => {
      const read = pastReadOf(module, build)
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
  module: Module,
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
    ...createPastReads(module, read),
    digest: async () => {
      check()
      return (await ask({ kind: 'digest', version: version.id })) as Hash
    },
    async doc(table, row, document) {
      check()
      const { readPastDocument } = await import('./past-document.ts')
      const address = { table, row, document }
      const doc = await readPastDocument(
        module,
        address,
        async (read) => (await ask({ kind: 'past', version: version.id, read })) as readonly Row[],
      )
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
