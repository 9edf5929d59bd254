/** Our relay as a process of its own, and clients that speak its protocol over plain sockets. */
import { createHash } from 'node:crypto'
import {
  type BatchHead,
  createSegmentWriter,
  type Hash,
  hlcFromMs,
  NO_EPOCH,
  type StreamId,
  ZERO_HASH,
} from '@inner-universe/core'
import {
  decodeBatchHeader,
  type HashFunction,
  type ReplicaMessage,
  SEEN_ENTRIES,
  sealBatch,
  WINDOW_BATCHES,
} from '@inner-universe/sync'
import { greetRelay, openMessage } from '../relay-client.ts'
import { RelayProcess } from '../relay-process.ts'
import type { ClientEvents, Contender, LoadClient } from './contender.ts'
import { usageOf } from './process-usage.ts'

const ROW_TEXT = 'thirty letters of some content'
const sha256: HashFunction = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 32) as Hash
}

/** The relay asks for no schema before it folds, and folds nothing here. */
const LOAD = { name: 'load', schema: '{}' }

let current: RelayProcess | undefined

/** Numbers of the writes of each stream, by seq − 1. */
const writesByStream = new Map<StreamId, number[]>()

/** A relay on SQLite with every commit flushed, as it runs by default. */
export const relay: Contender = {
  name: 'inner-universe',
  promise: 'flushed to disk',
  start: async () => {
    current = await RelayProcess.start()
    return current
  },
  connect: (room, role, events) => connectClient(current as RelayProcess, room, role, events),
}

async function connectClient(
  to: RelayProcess,
  room: string,
  role: 'writer' | 'reader',
  events: ClientEvents,
): Promise<LoadClient> {
  const open = openMessage(room, LOAD, role === 'reader' ? 'fill' : 'replica')
  let opened: (() => void) | undefined
  let seen = 0
  const connection = await greetRelay(to, (message) => {
    if (message.type === 'opened') opened?.()
    else if (message.type === 'ack') {
      for (const write of writer.acknowledge(message)) events.onAcknowledged(write)
    } else if (message.type === 'nack' || message.type === 'refused' || message.type === 'bye') {
      throw new Error(`${message.type} ${message.code}: ${message.message}`)
    } else if (message.type === 'data') {
      for (const entry of message.entries) {
        if (entry.kind === 'batch' && role === 'reader') {
          const { stream: author, firstSeq, deltaCount } = decodeBatchHeader(entry.batch.header)
          const writes = writesByStream.get(author) ?? []
          for (let seq = firstSeq; seq < firstSeq + deltaCount; seq++) {
            events.onDelivered(writes[seq - 1] ?? Number.NaN)
          }
        }
      }
      const last = message.entries.at(-1)?.offset ?? seen
      if (last - seen >= SEEN_ENTRIES) {
        seen = last
        connection.send({ type: 'seen', channel: open.channel, offset: last })
      }
    }
  })
  const writer = new Writer(open.stream, connection.send)
  await new Promise<void>((resolve) => {
    opened = resolve
    connection.send(open)
  })
  return {
    write: (write) => writer.push(write),
    close: () => connection.socket.terminate(),
  }
}

/**
 * One stream. Each write is a delta, sent at once as a batch of its own; while the window is full they
 * gather and go together with the next acknowledgement, as a replica's do.
 */
class Writer {
  readonly #stream: StreamId
  readonly #send: (message: ReplicaMessage) => void
  readonly #writes: number[] = []
  #inFlight = 0
  #sealedSeq = 0
  #acknowledgedSeq = 0
  #hlc = 0
  #previous: Hash = ZERO_HASH

  constructor(stream: StreamId, send: (message: ReplicaMessage) => void) {
    this.#stream = stream
    this.#send = send
    writesByStream.set(stream, this.#writes)
  }

  push(write: number): void {
    this.#writes.push(write)
    if (this.#inFlight < WINDOW_BATCHES) this.#seal()
  }

  /** The writes of a batch; batches are acknowledged in order. */
  acknowledge({ seq }: BatchHead): readonly number[] {
    const writes = this.#writes.slice(this.#acknowledgedSeq, seq)
    this.#acknowledgedSeq = seq
    this.#inFlight -= 1
    if (this.#writes.length > this.#sealedSeq) this.#seal()
    return writes
  }

  /** Sends what was written and not sent yet. */
  #seal(): void {
    const start = { stream: this.#stream, schemaVersion: 1, firstSeq: this.#sealedSeq + 1 }
    const segment = createSegmentWriter(start)
    const firstHlc = Math.max(this.#hlc + 1, hlcFromMs(Date.now()))
    this.#hlc = firstHlc - 1
    for (const write of this.#writes.slice(this.#sealedSeq)) {
      this.#hlc += 1
      const cells = { text: ROW_TEXT, write }
      segment.append({
        hlc: this.#hlc,
        reducer: 'put',
        operations: [{ kind: 'update', table: 'row', id: `row-${write % 1000}`, cells }],
      })
    }
    this.#sealedSeq = this.#writes.length
    const batch = sealBatch(
      {
        ...start,
        deltaCount: segment.deltaCount,
        previous: this.#previous,
        base: { epoch: NO_EPOCH, offset: 0 },
        firstHlc,
        lastHlc: this.#hlc,
        origins: [],
        content: segment.finish(),
      },
      sha256,
    )
    this.#previous = batch.hash
    this.#inFlight += 1
    const { header, content } = batch
    this.#send({
      type: 'push',
      channel: 1,
      batch: { header, contentBytes: content.length, encoding: 'raw', body: content },
    })
  }
}

/** What sockets cost that say hello, open a universe and are silent. */
export async function measureIdle(sockets: number): Promise<{
  readonly sockets: number
  readonly idleBytes: number
  readonly residentBytes: number
}> {
  const server = await RelayProcess.start()
  const clients: LoadClient[] = []
  const events: ClientEvents = { onAcknowledged: () => undefined, onDelivered: () => undefined }
  try {
    const idleBytes = usageOf(server.pid)?.residentBytes ?? Number.NaN
    while (clients.length < sockets) {
      const count = Math.min(100, sockets - clients.length)
      const more = Array.from({ length: count }, (_, index) =>
        connectClient(server, `load-${(clients.length + index) % 100}`, 'reader', events),
      )
      clients.push(...(await Promise.all(more)))
    }
    return { sockets, idleBytes, residentBytes: usageOf(server.pid)?.residentBytes ?? Number.NaN }
  } finally {
    for (const client of clients) client.close()
    await server.stop()
  }
}
