/** A relay side with a store, virtual time and connections in memory, and replicas that a test plays. */
import { inflateRawSync } from 'node:zlib'
import {
  type Epoch,
  type Hash,
  type LogPosition,
  NO_EPOCH,
  type SealedBatch,
  type StreamId,
  UniverseError,
  ZERO_HASH,
} from '@inner-universe/core'
import { decodeRelayMessage, encodeReplicaMessage } from '../../frame-codec.ts'
import type { RelayMessage, ReplicaMessage, Rights } from '../../messages.ts'
import { type Pipe, pipe, type VirtualScheduler, virtualScheduler } from '../../testing/index.ts'
import type { Connection } from '../../transport.ts'
import type { LogStore } from '../log-store.ts'
import { createMemoryLogStore, type MemoryLogStore } from '../memory-log-store.ts'
import type { RelayEvent, RelaySide, RelaySideOptions, TokenClaims } from '../relay-options.ts'
import { createRelaySide } from '../relay-side.ts'
import { createStreamWriter, rawWire, type StreamWriter, streamOf } from './stream-writer.ts'

/** The universe that players open. */
export const UNIVERSE = 'garden'
/** Hash of the schema that players name. */
export const SCHEMA_HASH: Hash = '5'.repeat(32) as Hash
const HOUR_MS = 3_600_000

type Of<M, Type> = Extract<M, { type: Type }>
type Opening = Partial<Omit<Of<ReplicaMessage, 'open'>, 'type'>>

/** Who plays a replica. */
export interface PlayerOptions {
  readonly identity?: string
  readonly rights?: Rights
  readonly expiresMs?: number
  readonly tokenId?: string
}

/** A relay, its store and its network. */
export interface RelayWorld {
  readonly scheduler: VirtualScheduler
  readonly store: MemoryLogStore
  readonly relay: RelaySide
  readonly network: Pipe
  readonly events: RelayEvent[]
  /** Lets what is under way arrive. */
  settle(ms?: number): Promise<void>
  token(options?: PlayerOptions): string
  /** Connects and says nothing. */
  connect(): Promise<Player>
  /** Connects and says hello. */
  greet(options?: PlayerOptions): Promise<Player>
  /** Connects, says hello and opens the universe. */
  open(options?: PlayerOptions & { readonly open?: Opening }): Promise<Player>
  /** A new stream whose clock begins now. */
  writer(number?: number): StreamWriter
}

/** One end of a connection, played by a test. */
export interface Player {
  readonly received: RelayMessage[]
  readonly isClosed: boolean
  readonly frames: number
  send(message: ReplicaMessage): void
  sendBytes(bytes: Uint8Array): void
  close(): void
  openUniverse(open?: Opening): Promise<void>
  push(...batches: readonly SealedBatch[]): void
  /** The messages of one type received so far. */
  all<Type extends RelayMessage['type']>(type: Type): Of<RelayMessage, Type>[]
  /** The last message of a type; fails when there is none. */
  last<Type extends RelayMessage['type']>(type: Type): Of<RelayMessage, Type>
  /** Entries of all `data`, in order. */
  entries(): Of<RelayMessage, 'data'>['entries'][number][]
  /** Where all `data` so far leads to. */
  position(): LogPosition
}

/** What a test changes about the relay. */
export type WorldOptions = Partial<Omit<RelaySideOptions, 'store' | 'scheduler'>> & {
  readonly memory?: MemoryLogStore
  /** Stands between the relay and its store. */
  readonly wrap?: (store: LogStore) => LogStore
  readonly scheduler?: VirtualScheduler
}

/** Creates a world. */
export function createRelayWorld(options: WorldOptions = {}): RelayWorld {
  const { memory, wrap, scheduler: given, ...relayOptions } = options
  const scheduler = given ?? virtualScheduler({ startMs: Date.UTC(2026, 0, 1) })
  const store = memory ?? createMemoryLogStore()
  const events: RelayEvent[] = []
  let random = 0
  const relay = createRelaySide({
    store: wrap?.(store) ?? store,
    scheduler,
    inflate: (bytes, bytesMax) =>
      new Uint8Array(inflateRawSync(bytes, { maxOutputLength: bytesMax })),
    verifyToken: async (token) => readToken(token),
    randomHex: (byteCount) => {
      random += 1
      return random.toString(16).padStart(byteCount * 2, '0')
    },
    onEvent: (event) => events.push(event),
    ...relayOptions,
  })
  const network = pipe({ scheduler, accept: (connection) => relay.accept(connection) })
  let lastStream = 0

  const settle = (ms = 5): Promise<void> => scheduler.advance(ms)
  const token = (of: PlayerOptions = {}): string =>
    JSON.stringify({
      identity: of.identity ?? 'ann',
      rights: of.rights ?? { read: true, write: true },
      expiresMs: of.expiresMs ?? scheduler.now() + HOUR_MS,
      tokenId: of.tokenId,
    })
  const connect = async (): Promise<Player> => {
    const player = createPlayer(network, settle, () => streamOf(++lastStream))
    await settle()
    return player
  }
  const greet = async (of?: PlayerOptions): Promise<Player> => {
    const player = await connect()
    player.send({ type: 'hello', versions: [1], token: token(of), timeMs: 0, agent: 'test' })
    await settle()
    return player
  }
  return {
    scheduler,
    store,
    relay,
    network,
    events,
    settle,
    token,
    connect,
    greet,
    async open(of) {
      const player = await greet(of)
      await player.openUniverse(of?.open)
      return player
    },
    writer: (number) => createStreamWriter(streamOf(number ?? ++lastStream), scheduler.now()),
  }
}

function readToken(token: string): TokenClaims {
  try {
    const { identity, rights, expiresMs, tokenId } = JSON.parse(token)
    return { identity, tokenId, expiresMs, universes: new Map([[UNIVERSE, rights as Rights]]) }
  } catch (cause) {
    throw new UniverseError('sync/unauthorized', 'the token is not one', { cause })
  }
}

function createPlayer(
  network: Pipe,
  settle: () => Promise<void>,
  newStream: () => StreamId,
): Player {
  const received: RelayMessage[] = []
  let isClosed = false
  let frames = 0
  let epoch: Epoch = NO_EPOCH
  const connection: Connection = network.connect({
    onOpen: () => undefined,
    onMessage(bytes) {
      frames += 1
      const message = decodeRelayMessage(bytes)
      if (message === undefined) return
      if (message.type === 'opened') epoch = message.epoch
      received.push(message)
    },
    onClose: () => {
      isClosed = true
    },
  })
  const all = <Type extends RelayMessage['type']>(type: Type) =>
    received.filter((message): message is Of<RelayMessage, Type> => message.type === type)
  const send = (message: ReplicaMessage): void => connection.send(encodeReplicaMessage(message))
  const entries = () => all('data').flatMap((data) => data.entries)
  return {
    received,
    get isClosed() {
      return isClosed
    },
    get frames() {
      return frames
    },
    send,
    sendBytes: (bytes) => connection.send(bytes),
    close: () => connection.close(),
    async openUniverse(open = {}) {
      send({
        type: 'open',
        channel: 1,
        universe: UNIVERSE,
        module: 'garden-module',
        schemaVersion: 1,
        schemaHash: SCHEMA_HASH,
        minReader: 0,
        minWriter: 0,
        mode: 'replica',
        stream: open.stream ?? newStream(),
        position: { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH },
        floorOffset: 0,
        ...open,
      })
      await settle()
    },
    push(...batches) {
      for (const batch of batches) send({ type: 'push', channel: 1, batch: rawWire(batch) })
    },
    all,
    last(type) {
      const message = all(type).at(-1)
      if (message === undefined) {
        throw new Error(`no ${type}, but ${JSON.stringify(received.map(({ type }) => type))}`)
      }
      return message
    },
    entries,
    position: () => ({
      epoch,
      offset: entries().at(-1)?.offset ?? 0,
      hash: all('data').at(-1)?.hash ?? ZERO_HASH,
    }),
  }
}
