/** Puts a universe together over a session: every method of the contract, one line each. */
import {
  type Module,
  moduleQueriesOf,
  type Query,
  type QueryValue,
  type Reducers,
  type RelationQuery,
  type Row,
  type Tables,
  UniverseError,
  type Views,
} from '@inner-universe/core'
import type { KvRead, LiveRead, Welcome } from '../rpc/contract.ts'
import { loaded } from '../rpc/loaded.ts'
import { universeClosed } from './call-errors.ts'
import type { exportSource } from './file-transfer.ts'
import type { VersionsParts } from './past-universe.ts'
import type { Session } from './session.ts'
import type {
  CallOptions,
  Cancellable,
  ProgressOptions,
  ReducerCall,
  ReducerFunctions,
  StorageState,
  UndoOptions,
  Universe,
  UniverseKv,
} from './universe.ts'
import type { DocumentArguments } from './universe-document.ts'
import { universeSync } from './universe-sync.ts'
import type { Versions } from './versions.ts'

/** What a universe needs besides its session, and what differs between browser and Node. */
export interface UniverseParts<T extends Tables, R extends Reducers, V extends Views> {
  readonly name: string
  readonly module: Module<T, R, V>
  readonly connectionId: string
  readonly session: Session
  /** The first welcome. */
  readonly welcome: Welcome
  readonly storage: (welcome: Welcome) => Promise<StorageState>
  readonly requestPersistence: () => Promise<boolean>
  readonly close: () => Promise<void>
}

type Method = (...args: unknown[]) => unknown
type Methods = Record<string, Method>

/**
 * An object whose methods have their code fetched with each use, the first of which takes long: most pages
 * never do. All but `own` give promises.
 */
function late<Part extends object>(load: () => Promise<Part>, own: Partial<Part> = {}): Part {
  return new Proxy(own, {
    get: (_own, name: string) => {
      // What has a `then` would be awaited.
      if (name in own || name === 'then') return own[name as keyof Part]
      return async (...args: unknown[]) => ((await load()) as Methods)[name]?.(...args)
    },
  }) as Part
}

function kvOf(ask: (read: KvRead) => Promise<unknown>): UniverseKv {
  const load = async () => (await loaded(import('./universe-kv.ts'))).createUniverseKv(ask)
  return late(load, {
    category: (name) => {
      const part = async () => (await load()).category(name)
      return late(part, {
        async *iterate(range, options) {
          yield* (await part()).iterate(range, options)
        },
      })
    },
  })
}

const loadDocuments = () => loaded(import('./universe-document.ts'))

function versionsOf(parts: VersionsParts): Versions {
  const load = async () => (await loaded(import('./universe-versions.ts'))).createVersions(parts)
  /** Gives the end of what it begins, which may be called before that. */
  const begin =
    (name: 'follow' | 'onChange') =>
    (...args: never[]) => {
      const begun = load().then((versions) => (versions[name] as Method)(...args) as () => void)
      return () => void begun.then((end) => end())
    }
  return late(load, { follow: begin('follow'), onChange: begin('onChange') })
}

const loadTransfer = () => loaded(import('./file-transfer.ts'))

/** Rows a search gives unless it is told otherwise. */
const SEARCH_ROWS = 50

/** The universe as an app holds it. */
export function createUniverse<T extends Tables, R extends Reducers, V extends Views>(
  parts: UniverseParts<T, R, V>,
): Universe<T, R, V> {
  const { name, module, session, welcome } = parts
  const queries = moduleQueriesOf(module)
  type Build = (q: typeof queries) => RelationQuery<unknown>
  let closing: Promise<void> | undefined

  /** Throws at once what would otherwise only come back from the worker. */
  const check = (): void => {
    if (closing !== undefined) throw universeClosed(name)
  }
  /** Queries over one table are told apart: they are the ones that can be counted. */
  const readOf = (build: Build): LiveRead => {
    const query = build(queries)
    return 'plan' in query
      ? { kind: 'query', query: (query as Query<unknown>).plan }
      : { kind: 'relation', relation: query.relation }
  }
  const explain = async (read: LiveRead, options?: Cancellable): Promise<unknown> => {
    check()
    return session.reads.read({ kind: 'explain', read }, options)
  }
  const liveOf = (read: LiveRead) => {
    check()
    return session.live.query(read)
  }
  const searchOf = (
    table: string,
    text: string,
    { limit = SEARCH_ROWS, offset = 0 }: { readonly limit?: number; readonly offset?: number } = {},
  ) => ({ kind: 'search', table, text, limit, offset }) as const
  const rows = async (read: LiveRead, options?: Cancellable): Promise<readonly Row[]> => {
    check()
    return (await session.reads.read(read, options)) as readonly Row[]
  }

  const universe = {
    name,
    module,
    identity: welcome.identity,
    connectionId: parts.connectionId,
    reducers: reducerFunctions(module.reducers, (reducer, args, options) =>
      session.calls.call(reducer, args, options),
    ),
    query: async (build: Build, options?: Cancellable) => rows(readOf(build), options),
    count: async (build: (q: typeof queries) => Query<unknown>, options?: Cancellable) => {
      check()
      return session.reads.read({ kind: 'count', query: build(queries).plan }, options)
    },
    get: async (table: string, id: string, options?: Cancellable) => {
      check()
      return session.reads.read({ kind: 'get', table, id }, options)
    },
    search: async (
      table: string,
      text: string,
      options?: Cancellable & { readonly limit?: number; readonly offset?: number },
    ) => rows(searchOf(table, text, options), options),
    sql: async (text: string, params: readonly QueryValue[] = [], options?: Cancellable) =>
      rows({ kind: 'sql', text, params }, options),
    live: (build: Build) => liveOf(readOf(build)),
    explain: async (build: Build, options?: Cancellable) => explain(readOf(build), options),
    explainSql: (text: string, params: readonly QueryValue[] = [], options?: Cancellable) =>
      explain({ kind: 'sql', text, params }, options),
    liveSql: (text: string, params: readonly QueryValue[] = []) =>
      liveOf({ kind: 'sql', text, params }),
    liveSearch: (
      table: string,
      text: string,
      options?: { readonly limit?: number; readonly offset?: number },
    ) => liveOf(searchOf(table, text, options)),
    onChanges: (...args: Parameters<Session['changes']['add']>) => {
      check()
      for (const table of args[0]) {
        if (!Object.hasOwn(module.tables, table) && !Object.hasOwn(module.views, table)) {
          throw new UniverseError(
            'table/unknown',
            `module "${module.name}" has no table "${table}"`,
            {
              details: { table },
            },
          )
        }
      }
      return session.changes.add(...args)
    },
    get connection() {
      return session.connection
    },
    onConnection: (listener: Parameters<Session['onConnection']>[0]) =>
      session.onConnection(listener),
    storage: async () => {
      check()
      return parts.storage(session.welcome ?? welcome)
    },
    requestPersistence: async () => {
      check()
      return parts.requestPersistence()
    },
    viewStates: async () => {
      check()
      return session.command((commands) => commands.viewStates())
    },
    explainView: async (view: string) => {
      check()
      return session.command((commands) => commands.explainView(view))
    },
    unsyncedCount: async () => {
      check()
      return session.command((commands) => commands.unsyncedCount())
    },
    doc: async (...address: DocumentArguments) =>
      (await loadDocuments()).openUniverseDocument(session, ...address),
    sync: universeSync(session, check),
    kv: kvOf((read) => {
      check()
      return session.reads.read(read)
    }),
    undo: async (options: UndoOptions) => {
      check()
      return (await loaded(import('./universe-undo.ts'))).openUndo(
        session,
        module.reducers,
        options,
      )
    },
    versions: versionsOf({
      session,
      readOf: readOf as VersionsParts['readOf'],
      loadDocuments,
      check,
    }),
    digest: async () => {
      check()
      return session.command((commands) => commands.digest())
    },
    exportFile: (options?: ProgressOptions) => {
      check()
      let source: ReturnType<typeof exportSource> | undefined
      return new ReadableStream<Uint8Array>(
        {
          start: async () => {
            source = (await loadTransfer()).exportSource(session, options)
          },
          pull: (controller) => source?.pull(controller),
          cancel: () => source?.cancel(),
        },
        { highWaterMark: 0 },
      )
    },
    importFile: async (file: Blob | ReadableStream<Uint8Array>, options?: ProgressOptions) => {
      check()
      await (await loadTransfer()).importFile(session, file, options)
    },
    verify: async () => {
      check()
      return session.command((commands) => commands.verify())
    },
    close: () => {
      closing ??= parts.close()
      return closing
    },
  }
  // The types of rows and reducers exist for the author only; at run time they are plain data.
  return universe as unknown as Universe<T, R, V>
}

function reducerFunctions<R extends Reducers>(
  reducers: R,
  call: (reducer: string, args: unknown, options?: CallOptions) => ReducerCall<unknown>,
): ReducerFunctions<R> {
  const entries = Object.keys(reducers).map((name) => [
    name,
    (args: unknown, options?: CallOptions) => call(name, args, options),
  ])
  return Object.fromEntries(entries) as ReducerFunctions<R>
}
