/**
 * A replica with editors as apps have them: an engine, the replica half of the protocol over a real
 * WebSocket, and documents over its rows. What the client's packages put together, without them.
 */
import { randomBytes } from 'node:crypto'
import {
  APPEND_REDUCER,
  type CellValue,
  COMPACT_REDUCER,
  createClientId,
  defineModule,
  documentReducers,
  formatCallId,
  type Module,
  t,
  table,
} from '@inner-universe/core'
import {
  type DocumentAddress,
  type DocumentHome,
  type OpenDocument,
  openDocument,
  type StoredUpdate,
} from '@inner-universe/documents'
import { type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type Connect, ReplicaSync, SUBPROTOCOL } from '@inner-universe/sync'
import { WebSocket } from 'ws'
import { systemCompression, systemHash, systemScheduler } from '../system.ts'

/** Notes with a title and a body that several people edit. */
export const notes: Module = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ key: t.key(), title: t.text(), body: t.richText(), steps: t.list() }) },
  reducers: (reducer) => ({
    add: reducer({ key: t.text() }, (context, { key }) => {
      context.db.note.insert({ key, title: key })
    }),
    remove: reducer({ key: t.text() }, (context, { key }) => {
      context.db.note.delete(key)
    }),
  }),
}) as unknown as Module

/** The same a version later, with one more column. */
export const newerNotes: Module = defineModule({
  name: 'notes',
  version: 2,
  tables: {
    note: table({
      key: t.key(),
      title: t.text(),
      body: t.richText(),
      steps: t.list(),
      colour: t.text().default('none'),
    }),
  },
  reducers: (reducer) => ({
    add: reducer({ key: t.text() }, (context, { key }) => {
      context.db.note.insert({ key, title: key })
    }),
  }),
}) as unknown as Module

/** A replica that is running. */
export interface NativeReplica {
  readonly engine: Engine
  call(reducer: string, args: object): void
  open(row: string, document?: string): Promise<OpenDocument>
  setOnline(isOnline: boolean): void
  /** What it says of itself to other sessions, and what they say. */
  say(state: object): void
  readonly heard: ReadonlyMap<string, unknown>
  /** Nothing of it is unknown to the relay, and it has read all there is. */
  readonly isSettled: () => boolean
  close(): Promise<void>
}

/** Begins a universe, or joins it. */
export function startNativeReplica(options: {
  readonly url: string
  readonly token: string
  readonly universe?: string
  readonly identity?: string
  readonly module?: Module
}): NativeReplica {
  const { url, token, universe = 'home', identity = 'owner', module = notes } = options
  const bytes = (count: number): Uint8Array => new Uint8Array(randomBytes(count))
  let engine = openNativeEngine(module, identity, undefined)
  const client = createClientId(bytes)
  const listeners = new Set<() => void>()
  const heard = new Map<string, unknown>()
  let callCount = 0
  const call = (reducer: string, args: object): CellValue => {
    callCount += 1
    const [outcome] = engine.commit([
      {
        callId: formatCallId(client, callCount),
        reducer,
        args,
        timestampMs: Date.now(),
        sender: identity,
        connectionId: null,
        oldestPendingNumber: callCount,
      },
    ]).outcomes
    if (outcome?.ok !== true) throw outcome?.error
    sync.poke()
    return outcome.value
  }
  const sync = new ReplicaSync({
    universe,
    home: {
      get replica() {
        return engine.replica
      },
      stage: async () => {
        let staged: Engine | undefined
        return {
          keptChunks: async () => new Set(),
          writeChunk: async () => undefined,
          open: async (start) => {
            if ('manifest' in start) throw new Error('images are not for tests')
            staged = openNativeEngine(module, identity, start.owner)
            return staged.replica
          },
          takeOver: async (plan) => {
            if (staged === undefined) throw new Error('nothing was opened')
            const result = staged.adopt(engine.carryOver(), plan)
            engine.close()
            engine = staged
            return result
          },
          drop: async () => staged?.close(),
        }
      },
    },
    connect: connectTo(url),
    images: {
      manifest: () => Promise.reject(new Error('no images')),
      chunk: () => Promise.reject(new Error('no images')),
    },
    scheduler: systemScheduler,
    randomFloat: () => 0,
    compression: systemCompression,
    hash: systemHash,
    getToken: () => token,
    agent: 'test',
    onAware: (sessionId, state) => {
      if (state === undefined) heard.delete(sessionId)
      else heard.set(sessionId, JSON.parse(new TextDecoder().decode(state)))
    },
    onChangeset: () => {
      for (const listener of listeners) listener()
    },
  })
  sync.start()

  const rowsOf = ({ table: owner, row, document }: DocumentAddress): readonly StoredUpdate[] =>
    engine
      .query({ table: `${owner}_document`, orderBy: [{ column: 'id', direction: 'asc' }] })
      .filter((found) => found.row === row && found.document === document)
      .map((found) => found as unknown as StoredUpdate)
  const home: DocumentHome = {
    updates: async (address) => rowsOf(address),
    onUpdates(address, listener) {
      const told = (): void => listener(rowsOf(address))
      listeners.add(told)
      return () => listeners.delete(told)
    },
    append: async (address, update) => void call(APPEND_REDUCER, { ...address, update }),
    compact: async (address, checkpoint, covers) =>
      void call(COMPACT_REDUCER, { ...address, checkpoint, covers }),
  }
  return {
    get engine() {
      return engine
    },
    call: (reducer, args) => void call(reducer, args),
    open: (row, document = 'body') =>
      openDocument(
        home,
        { table: 'note', row, document },
        { setTimer: (run, delayMs) => systemScheduler.setTimer(delayMs, run) },
      ),
    say: (state) => sync.setAwareness(new TextEncoder().encode(JSON.stringify(state))),
    heard,
    setOnline: (isOnline) => sync.setOnline(isOnline),
    isSettled: () => sync.status.kind === 'live' && engine.unsyncedCount() === 0,
    async close() {
      await sync.stop()
      engine.close()
    },
  }
}

function openNativeEngine(module: Module, identity: string, owner: string | undefined): Engine {
  return openEngine({
    driver: openNodeDatabase({ path: ':memory:', durability: 'process' }),
    module,
    now: () => Date.now(),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
    identity,
    stream: 'new',
    replication,
    documents: documentReducers,
    ...(owner !== undefined && { join: { owner } }),
  })
}

function connectTo(url: string): Connect {
  return ({ onOpen, onMessage, onClose }) => {
    const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false })
    socket.on('open', onOpen)
    socket.on('message', (data: Buffer) => onMessage(new Uint8Array(data)))
    socket.on('error', () => undefined)
    socket.on('close', onClose)
    return {
      send: (bytes) => socket.send(bytes),
      bufferedBytes: () => socket.bufferedAmount,
      close: () => socket.close(),
    }
  }
}
