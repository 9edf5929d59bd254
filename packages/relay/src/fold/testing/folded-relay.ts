/** A relay with a compactor in one thread and virtual time, and replicas with real engines. */
import {
  type CallId,
  createClientId,
  createRandom,
  defineModule,
  formatCallId,
  type Id,
  type LogEntry,
  type LogPosition,
  type Module,
  NO_EPOCH,
  t,
  table,
  ZERO_HASH,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import {
  decodeBatch,
  decodeRelayMessage,
  encodeReplicaMessage,
  PROTOCOL_VERSION,
  type RelayMessage,
  type ReplicaMessage,
  SEAL_BYTES,
  sealBatch,
  textHash,
  type WireEntry,
} from '@inner-universe/sync'
import {
  createMemoryLogStore,
  createRelaySide,
  type MemoryLogStore,
  type RelaySide,
} from '@inner-universe/sync/relay-side'
import { type VirtualScheduler, virtualScheduler } from '@inner-universe/sync/testing'
import { systemCompression, systemHash } from '../../system.ts'
import { Compactor, type CompactorEvent, type CompactorOptions } from '../compactor.ts'
import type { FoldSystem } from '../fold.ts'
import { createLocalFolds, type Folds, type LocalFoldsOptions } from '../folds.ts'

/** 2026-01-01T00:00:00Z. */
export const START_MS = 1_767_225_600_000

/** Shelves with books on them; a draft stays on its device. */
export const library: Module = defineModule({
  name: 'library',
  version: 1,
  tables: {
    shelf: table({ id: t.id(), name: t.text() }),
    book: table({
      id: t.id(),
      title: t.text(),
      pages: t.int().default(0),
      shelf: t.ref('shelf', { onDelete: 'cascade' }).optional(),
    }),
    draft: table({ id: t.id(), text: t.text() }).local(),
  },
  reducers: (reducer) => ({
    addShelf: reducer({ name: t.text() }, (ctx, { name }) => ctx.db.shelf.insert({ name }).id),
    addBooks: reducer({ count: t.int(), shelf: t.text().optional() }, (ctx, { count, shelf }) => {
      const ids: string[] = []
      for (let index = 0; index < count; index++) {
        const title = `book ${index} ${ctx.random.integer(0, 1_000_000)}`
        ids.push(
          ctx.db.book.insert({ title, pages: index, shelf: (shelf ?? null) as Id<'shelf'> | null })
            .id,
        )
      }
      return ids
    }),
    rename: reducer({ id: t.text(), title: t.text() }, (ctx, { id, title }) => {
      ctx.db.book.update(id, { title })
    }),
    remove: reducer({ ids: t.array(t.text()) }, (ctx, { ids }) => {
      for (const id of ids) ctx.db.book.delete(id)
    }),
    removeShelf: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.shelf.delete(id)
    }),
    addDraft: reducer({ text: t.text() }, (ctx, { text }) => {
      ctx.db.draft.insert({ text })
    }),
  }),
}) as unknown as Module

/** A replica that a test steers. */
export interface TestReplica {
  readonly engine: Engine
  /** Nacks received so far. */
  readonly nacks: Extract<RelayMessage, { type: 'nack' }>[]
  readonly opened: Extract<RelayMessage, { type: 'opened' }>
  /** Runs a reducer and gives its result. */
  call(reducer: string, args?: unknown): unknown
  /** Pushes what is pending, takes in what came, and tells that it was seen. */
  sync(): Promise<void>
  disconnect(): void
}

/** A relay, its store and its compactor. */
export interface FoldedRelay {
  readonly scheduler: VirtualScheduler
  readonly store: MemoryLogStore
  readonly relay: RelaySide
  readonly folds: Folds
  readonly events: CompactorEvent[]
  /** One step of the compactor; a universe that fails makes it fail. */
  step(): Promise<void>
  /** A replica in the universe `town`, with a file of its own in memory. */
  replica(identity: string): Promise<TestReplica>
}

/** What a test may decide. */
export interface FoldedRelayOptions {
  readonly store?: MemoryLogStore
  readonly retention?: Partial<CompactorOptions['retention']>
  readonly folder?: string
  readonly modules?: LocalFoldsOptions['modules']
}

/** What folds of tests are given: virtual time, randomness from a seed. */
export function testSystem(scheduler: VirtualScheduler): FoldSystem {
  const random = createRandom(new TextEncoder().encode('folds'))
  return {
    now: () => scheduler.now(),
    randomBytes: (count) => random.bytes(count),
    hash: systemHash,
    inflate: systemCompression.inflate,
    deflate: systemCompression.deflate,
  }
}

/** Creates a relay without replicas. */
export function createFoldedRelay(options: FoldedRelayOptions = {}): FoldedRelay {
  const { store = createMemoryLogStore(), folder, modules = [] } = options
  const scheduler = virtualScheduler({ startMs: START_MS })
  const random = createRandom(new TextEncoder().encode('relay'))
  const relay = createRelaySide({
    store,
    scheduler,
    inflate: systemCompression.inflate,
    hash: systemHash,
    verifyToken: async (token) => ({
      identity: token,
      tokenId: undefined,
      expiresMs: scheduler.now() + 1e12,
      universes: new Map([['*', { read: true, write: true }]]),
    }),
    randomHex: (count) => Buffer.from(random.bytes(count)).toString('hex'),
    sessionLimits: { silenceMs: 1e12 },
  })
  const folds = createLocalFolds({ folder, modules, system: testSystem(scheduler) })
  const events: CompactorEvent[] = []
  const compactor = new Compactor({
    store,
    folds,
    relay,
    hash: systemHash,
    retention: {
      floorLagMs: 1000,
      sessionMemoryMs: 1_000_000,
      imageEveryEntries: 1_000_000,
      imageEveryBytes: 2 ** 40,
      imagesKept: 2,
      ...options.retention,
    },
    onEvent: (event) => events.push(event),
  })
  return {
    scheduler,
    store,
    relay,
    folds,
    events,
    async step() {
      const stepping = compactor.step(scheduler.now())
      // Appends of floors wait for a timer.
      let isDone = false
      void stepping.then(() => {
        isDone = true
      })
      for (let turn = 0; turn < 1000 && !isDone; turn++) await scheduler.advance(1)
      await stepping
      const failed = events.find((event) => event.kind === 'failed')
      if (failed?.kind === 'failed') throw failed.error
    },
    replica: (identity) => createReplica(scheduler, relay, identity),
  }
}

async function createReplica(
  scheduler: VirtualScheduler,
  relay: RelaySide,
  identity: string,
): Promise<TestReplica> {
  const random = createRandom(new TextEncoder().encode(identity))
  const client = createClientId((count) => random.bytes(count))
  const engine = openEngine({
    driver: openNodeDatabase({ path: ':memory:', durability: 'process' }),
    module: library,
    now: () => scheduler.now(),
    randomBytes: (count) => random.bytes(count),
    identity,
    stream: 'continue',
    replication,
  })
  const { replica } = engine
  const inbox: RelayMessage[] = []
  const nacks: Extract<RelayMessage, { type: 'nack' }>[] = []
  const link = relay.accept({
    send(bytes) {
      const message = decodeRelayMessage(bytes.slice())
      if (message !== undefined) inbox.push(message)
    },
    bufferedBytes: () => 0,
    close: () => undefined,
  })
  const send = (message: ReplicaMessage): void => link.onMessage(encodeReplicaMessage(message))
  const next = async <T extends RelayMessage['type']>(
    type: T,
  ): Promise<Extract<RelayMessage, { type: T }>> => {
    for (let turn = 0; turn < 1000; turn++) {
      const index = inbox.findIndex((message) => message.type === type)
      if (index >= 0) return inbox.splice(index, 1)[0] as Extract<RelayMessage, { type: T }>
      await scheduler.advance(1)
    }
    throw new Error(`no ${type}; came: ${JSON.stringify(inbox)}`)
  }
  const takeIn = (): void => {
    for (const message of inbox.splice(0)) {
      if (message.type === 'nack') nacks.push(message)
      if (message.type === 'ack') {
        replica.acknowledge(message.stream, message.seq, message.offset)
      }
      if (message.type !== 'data') continue
      const entries = message.entries.map(entryOf)
      const last = entries.at(-1) as LogEntry
      const position: LogPosition = {
        epoch: opened.epoch,
        offset: last.offset,
        hash: message.hash,
      }
      const result = replica.receive(entries, position)
      if (result.kind === 'forked') throw new Error(result.reason)
    }
  }

  send({ type: 'hello', versions: [PROTOCOL_VERSION], token: identity, timeMs: 0, agent: 'test' })
  await next('welcome')
  send({
    type: 'open',
    channel: 1,
    universe: 'town',
    module: library.name,
    schemaVersion: replica.schemaVersion,
    schemaHash: textHash(replica.schema),
    minReader: replica.minReader,
    minWriter: replica.minWriter,
    mode: 'replica',
    stream: replica.stream,
    position: { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH },
    floorOffset: 0,
  })
  const opened = await next('opened')
  if (opened.wantsSchema) send({ type: 'schema', channel: 1, schema: replica.schema })
  let callNumber = 0
  return {
    engine,
    nacks,
    opened,
    call(reducer, args = {}) {
      callNumber += 1
      const callId: CallId = formatCallId(client, callNumber)
      const [outcome] = engine.commit([
        {
          callId,
          reducer,
          args,
          timestampMs: scheduler.now(),
          sender: identity,
          connectionId: null,
          oldestPendingNumber: callNumber,
        },
      ]).outcomes
      if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome')
      return outcome.value
    },
    async sync() {
      await scheduler.advance(5)
      takeIn()
      for (;;) {
        const unsealed = replica.nextUnsealed(SEAL_BYTES)
        if (unsealed === undefined) break
        const batch = sealBatch(unsealed)
        replica.seal(unsealed, batch.header, batch.hash)
      }
      for (const { header, content } of replica.sealedBatches(undefined, 1e9)) {
        const batch = { header, contentBytes: content.length, encoding: 'raw', body: content }
        send({ type: 'push', channel: 1, batch: batch as { encoding: 'raw' } & typeof batch })
        await scheduler.advance(1)
      }
      await scheduler.advance(5)
      takeIn()
      send({ type: 'seen', channel: 1, offset: replica.position().offset })
      await relay.keepCursors()
    },
    disconnect: () => link.onClose(),
  }
}

function entryOf(entry: WireEntry): LogEntry {
  if (entry.kind !== 'batch') return entry
  const { encoding, body, contentBytes, header } = entry.batch
  const content = encoding === 'raw' ? body : systemCompression.inflate(body, contentBytes)
  const decoded = decodeBatch(header, content)
  const { previous, base, origins } = decoded.header
  return { kind: 'batch', offset: entry.offset, batch: decoded.batch, previous, base, origins }
}
