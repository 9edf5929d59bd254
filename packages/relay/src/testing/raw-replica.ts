/** The replica's half of the protocol by hand: messages one by one, also such as no replica sends. */
import {
  type Base,
  createRandom,
  createSegmentWriter,
  createStreamId,
  hlcFromMs,
  NO_EPOCH,
  type Origin,
  type RowOperation,
  type SealedBatch,
  type StreamId,
  ZERO_HASH,
} from '@inner-universe/core'
import {
  decodeRelayMessage,
  encodeReplicaMessage,
  PROTOCOL_VERSION,
  type RelayMessage,
  type ReplicaMessage,
  SUBPROTOCOL,
  sealBatch,
  type WireBatch,
} from '@inner-universe/sync'
import { WebSocket } from 'ws'
import { createToken } from '../tokens.ts'
import { TEST_SECRET } from './relay-process.ts'

/** A WebSocket to a relay, of which every message is kept until it is asked for. */
export interface RawConnection {
  readonly socket: WebSocket
  send(message: ReplicaMessage): void
  sendBytes(bytes: Uint8Array): void
  /** The next message of a type, whatever comes before it; fails when the connection ends first. */
  next<T extends RelayMessage['type']>(type: T): Promise<Extract<RelayMessage, { type: T }>>
  /** The close code. */
  readonly closed: Promise<number>
  close(): Promise<void>
}

type Opened = Extract<RelayMessage, { type: 'opened' }>
type Open = Extract<ReplicaMessage, { type: 'open' }>

/** Connects; resolves when the WebSocket is open, fails with the HTTP status otherwise. */
export async function connectRaw(
  url: string,
  options: { readonly origin?: string; readonly protocol?: string } = {},
): Promise<RawConnection> {
  const { protocol = SUBPROTOCOL, ...rest } = options
  const socket = new WebSocket(url, protocol, { perMessageDeflate: false, ...rest })
  const messages: RelayMessage[] = []
  const waiting = new Set<() => void>()
  let isClosed = false
  const wake = (): void => {
    for (const each of waiting) each()
  }
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      isClosed = true
      resolve(code)
      wake()
    })
  })
  socket.on('message', (data: Buffer) => {
    const message = decodeRelayMessage(new Uint8Array(data))
    if (message !== undefined) messages.push(message)
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_, response) => {
      reject(new Error(`status ${response.statusCode}`))
    })
  })
  // An end that the test brings about is no error to tell of: `closed` does.
  socket.on('error', () => undefined)
  return {
    socket,
    send: (message) => socket.send(encodeReplicaMessage(message)),
    sendBytes: (bytes) => socket.send(bytes),
    async next<T extends RelayMessage['type']>(type: T) {
      for (;;) {
        const index = messages.findIndex((message) => message.type === type)
        if (index >= 0) {
          return messages.splice(index, 1)[0] as Extract<RelayMessage, { type: T }>
        }
        if (isClosed) {
          throw new Error(`no ${type} before the end; came: ${JSON.stringify(messages)}`)
        }
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
        })
        waiting.clear()
      }
    },
    closed,
    async close() {
      socket.close()
      await closed
    },
  }
}

/** A token of the tests' secret, good for an hour. */
export function testToken(
  identity: string,
  universes: Readonly<Record<string, 'read' | 'write'>> = { home: 'write' },
  options: {
    readonly tokenId?: string
    readonly expiresMs?: number
    readonly secret?: string
  } = {},
): Promise<string> {
  const nowMs = Date.now()
  const { expiresMs = nowMs + 3_600_000, secret = TEST_SECRET, ...rest } = options
  return createToken({ secret, identity, universes, issuedMs: nowMs, expiresMs, ...rest })
}

/** `hello` with a token. */
export function hello(token: string): ReplicaMessage {
  return { type: 'hello', versions: [PROTOCOL_VERSION], token, timeMs: Date.now(), agent: 'test' }
}

/** `open` of the test's module on channel 1. */
export function open(stream: StreamId, changes: Partial<Open> = {}): Open {
  return {
    type: 'open',
    channel: 1,
    universe: 'home',
    module: 'notes',
    schemaVersion: 1,
    schemaHash: ZERO_HASH,
    minReader: 1,
    minWriter: 1,
    mode: 'replica',
    stream,
    position: { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH },
    floorOffset: 0,
    ...changes,
  }
}

/** Connects, says hello, and opens a universe for a stream. */
export async function join(
  url: string,
  token: string,
  stream: StreamId,
  changes: Partial<Open> = {},
): Promise<{ readonly connection: RawConnection; readonly opened: Opened }> {
  const connection = await connectRaw(url)
  connection.send(hello(token))
  await connection.next('welcome')
  connection.send(open(stream, changes))
  return { connection, opened: await connection.next('opened') }
}

/** A stream written by hand: each batch continues the one before. */
export interface RawStream {
  readonly id: StreamId
  /** The last batch made. */
  readonly last: SealedBatch | undefined
  /** The next batch: one delta for each operation. `isKept` false: the stream does not go on from it. */
  batch(operations: readonly RowOperation[], changes?: BatchChanges): SealedBatch
}

/** What a batch may say otherwise than it should. */
export interface BatchChanges {
  readonly base?: Base
  readonly nowMs?: number
  readonly previous?: SealedBatch['hash']
  readonly firstSeq?: number
  readonly schemaVersion?: number
  readonly origins?: readonly (Origin | undefined)[]
  readonly isKept?: boolean
}

/** Begins a stream; equal seeds give equal ids. */
export function createRawStream(seed: string): RawStream {
  const id = createStreamId((count) => createRandom(new TextEncoder().encode(seed)).bytes(count))
  let last: SealedBatch | undefined
  let lastHlc = 0
  const stream: RawStream = {
    id,
    get last() {
      return last
    },
    batch(operations, changes = {}) {
      const {
        base = { epoch: NO_EPOCH, offset: 0 },
        nowMs = Date.now(),
        previous = last?.hash ?? ZERO_HASH,
        firstSeq = last === undefined ? 1 : last.firstSeq + last.deltaCount,
        schemaVersion = 1,
        origins = [],
        isKept = true,
      } = changes
      const firstHlc = Math.max(lastHlc + 1, hlcFromMs(nowMs))
      const writer = createSegmentWriter({ stream: id, schemaVersion, firstSeq })
      operations.forEach((operation, index) => {
        writer.append({ hlc: firstHlc + index, reducer: 'write', operations: [operation] })
      })
      const lastOfBatch = firstHlc + operations.length - 1
      const batch = sealBatch({
        stream: id,
        firstSeq,
        deltaCount: operations.length,
        previous,
        base,
        schemaVersion,
        firstHlc,
        lastHlc: lastOfBatch,
        origins,
        content: writer.finish(),
      })
      if (isKept) {
        last = batch
        lastHlc = lastOfBatch
      }
      return batch
    },
  }
  return stream
}

/** A batch as it travels, not compressed. */
export function wire({ header, content }: SealedBatch): WireBatch {
  return { header, contentBytes: content.length, encoding: 'raw', body: content }
}

/** `push` on channel 1. */
export function push(batch: SealedBatch): ReplicaMessage {
  return { type: 'push', channel: 1, batch: wire(batch) }
}

/** The insert of a note. */
export function insertNote(id: string, text: string): RowOperation {
  return { kind: 'insert', table: 'note', id, cells: { text } }
}
