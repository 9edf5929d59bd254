/**
 * One universe open on one connection: where it has read up to, what it may be sent, what it pushed.
 *
 *     reading ──at the head──▶ tail ──append──▶ data
 *        ▲                      │
 *        └── credit spent, or too much unsent on the connection; goes on when there is room ──┘
 *
 * Nothing is queued: what is not sent yet is in the log, behind the cursor.
 */
import type { Hash, StreamId } from '@inner-universe/core'
import { decodeBatchHeader, verifyBatch } from '../batch.ts'
import { textHash } from '../hash.ts'
import { SCHEMA_BYTES_MAX, TAIL_BUFFER_BYTES_MAX } from '../limits.ts'
import type {
  ByeCode,
  NackCode,
  RelayMessage,
  ReplicaMessage,
  Rights,
  WireBatch,
} from '../messages.ts'
import type { AwareSession } from './awareness.ts'
import { type DataFrames, framesOf } from './data-frames.ts'
import type { StoredEntry } from './log-store.ts'
import type { Author } from './pending-appends.ts'
import { type BatchEntry, contentOf, type Refusal } from './push-check.ts'
import type { RelayContext } from './relay-context.ts'
import type { Reader, Room } from './room.ts'
import { SentBytes } from './sent-bytes.ts'

/** The connection, as its channels see it. */
export interface ChannelLink {
  readonly sessionId: string
  readonly identity: string
  readonly isClosed: boolean
  send(frame: Uint8Array): void
  tell(message: RelayMessage): void
  bufferedBytes(): number
  /** Calls back once when there is room again in what is unsent. */
  whenDrained(run: () => void): void
  bye(code: ByeCode, message: string, retryAfterMs?: number): void
  fail(error: unknown): void
  /** Says how long a push must wait for the rate of bytes, ms; 0: it need not. */
  takePushBytes(byteCount: number): number
}

type Open = Extract<ReplicaMessage, { type: 'open' }>

/** Bytes read from the log at a time: a few frames. */
const READ_BYTES: number = TAIL_BUFFER_BYTES_MAX

/** The window in bytes, as the relay counts it, beside the replica's own way of counting. */
const WINDOW_BYTES_FACTOR = 2

/** One open universe of one connection: reads for a replica, and takes what it pushes. */
export class RelayChannel implements AwareSession, Reader {
  readonly number: number
  readonly open: Open
  readonly room: Room
  readonly #link: ChannelLink
  readonly #context: RelayContext
  rights: Rights
  #isClosed = false
  #isReading = false
  #isAtTail = false
  /** Last offset sent. */
  #cursor: number
  /** Last offset that it says it has kept. */
  #seen: number
  readonly #sent: SentBytes
  /** Seqs pushed on this channel, by stream: what it need not be sent. */
  readonly #pushed = new Map<StreamId, { readonly first: number; last: number }>()
  #unsettledCount = 0
  #unsettledBytes = 0

  constructor(options: {
    readonly context: RelayContext
    readonly link: ChannelLink
    readonly room: Room
    readonly open: Open
    readonly rights: Rights
  }) {
    this.#context = options.context
    this.#link = options.link
    this.room = options.room
    this.open = options.open
    this.number = options.open.channel
    this.rights = options.rights
    this.#cursor = options.open.position.offset
    this.#seen = this.#cursor
    this.#sent = new SentBytes(this.#cursor, options.context.limits.creditBytes)
  }

  get sessionId(): string {
    return this.#link.sessionId
  }

  get schemaVersion(): number {
    return this.open.schemaVersion
  }

  get stream(): StreamId {
    return this.open.stream
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#link.isClosed
  }

  /** Forgets the session at its room. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { room } = this
    room.leave(this)
    room.awareness.leave(this)
    this.#context.counters.channels -= 1
  }

  bye(code: ByeCode, message: string): void {
    this.#link.bye(code, message)
  }

  fail(error: unknown): void {
    this.#link.fail(error)
  }

  /** A batch from the replica. RL6. */
  push(wire: WireBatch): void {
    const bytes = wire.header.length + wire.body.length
    const { windowBatches, windowBytes, contentBytesMax } = this.#context.limits
    const isFirst = this.#unsettledCount === 0
    this.#unsettledCount += 1
    this.#unsettledBytes += bytes
    const isFull =
      this.#unsettledCount > windowBatches ||
      this.#unsettledBytes > windowBytes * WINDOW_BYTES_FACTOR
    if (isFull && !isFirst) {
      this.bye('invalid', 'more was pushed than the window holds; wait for acknowledgements')
      return
    }
    const author = this.#authorOf(bytes)
    const refuse = (code: NackCode, message: string, retryAfterMs = 0): void => {
      const { stream, seq } = nameOf(wire, this.open.stream)
      author.nack(stream, { code, seq, message, seqs: [], retryAfterMs })
    }
    const waitMs = this.#link.takePushBytes(bytes)
    if (wire.contentBytes > contentBytesMax) {
      refuse('too-large', `a batch of ${wire.contentBytes} bytes; ${contentBytesMax} are allowed`)
    } else if (waitMs > 0) {
      refuse('quota', 'more bytes a second than are allowed', waitMs)
    } else {
      const verified = readBatch(this.#context, wire)
      const { rights } = this
      const { identity } = this.#link
      if (typeof verified === 'string') refuse('invalid', verified)
      else void this.room.push(author, { identity, rights, wire, verified })
    }
  }

  /** Who waits for one batch. It hears of it once. */
  #authorOf(bytes: number): Author {
    const isClosed = (): boolean => this.isClosed
    const settle = (): void => {
      this.#unsettledCount -= 1
      this.#unsettledBytes -= bytes
    }
    return {
      get isClosed() {
        return isClosed()
      },
      ack: (entry) => {
        settle()
        this.#acknowledge(entry)
      },
      nack: (stream, refusal) => {
        settle()
        this.#refusePush(stream, refusal)
      },
      fail: (error) => this.fail(error),
    }
  }

  #acknowledge(entry: BatchEntry): void {
    const { stream, firstSeq, deltaCount, hash, offset } = entry
    const seq = firstSeq + deltaCount - 1
    const pushed = this.#pushed.get(stream)
    if (pushed === undefined) this.#pushed.set(stream, { first: firstSeq, last: seq })
    else if (firstSeq === pushed.last + 1) pushed.last = seq
    this.#tell({ type: 'ack', channel: this.number, stream, seq, hash, offset })
  }

  #refusePush(stream: StreamId, refusal: Refusal): void {
    const { counters, scheduler, emit } = this.#context
    counters.nacks += 1
    const { sessionId, room, number: channel } = this
    const { code, message: reason } = refusal
    emit({ kind: 'nack', sessionId, universe: room.universe, code, reason })
    this.#tell({ type: 'nack', channel, stream, timeMs: scheduler.now(), ...refusal })
  }

  /** Durably read up to there. */
  seen(offset: number): void {
    if (offset > this.#cursor) {
      this.bye('invalid', `seen ${offset}, of which ${this.#cursor} was sent`)
      return
    }
    if (offset <= this.#seen) return
    this.#seen = offset
    this.#sent.seen(offset, this.#cursor)
    if (this.open.mode === 'replica') this.room.noteCursor(this.open.stream, offset)
    this.resume()
  }

  /**
   * Tells the last batch of every stream.
   *
   * @throws UniverseError of the store.
   */
  async heads(): Promise<void> {
    const streams = await this.#context.store.streams(this.room.universe)
    const heads = streams.map(({ stream, seq, hash }) => ({ stream, seq, hash }))
    this.#tell({ type: 'heads', channel: this.number, heads })
  }

  /**
   * The module's tables, which the relay asked for.
   *
   * @throws UniverseError of the store.
   */
  async schema(text: string): Promise<void> {
    const { open, room, rights } = this
    const { schemaVersion: version, schemaHash, minReader, minWriter } = open
    const { hash } = this.#context
    if (textHash(text, hash) !== schemaHash || text.length > SCHEMA_BYTES_MAX) {
      this.bye('invalid', 'the schema is not the one that was opened with')
      return
    }
    if (!rights.write) return
    await room.setSchema({ version, hash: schemaHash, text, minReader, minWriter })
  }

  /** Ends the channel: the universe has moved on. */
  refuseReader(minReader: number): void {
    const { schemaVersion } = this.open
    this.refuse('schema', `schema ${schemaVersion} may no longer read; ${minReader} may`)
  }

  /** Ends the channel; the connection stays. */
  refuse(code: 'unauthorized' | 'schema', message: string): void {
    this.#tell({ type: 'refused', channel: this.number, code, message })
    this.close()
  }

  sendAware(due: Map<string, Uint8Array>): void {
    if (this.#isCongested) return
    for (const [sessionId, state] of due) {
      this.#tell({ type: 'aware', channel: this.number, sessionId, state })
    }
    due.clear()
  }

  /** Sends what was just appended. Asked of those at the tail only. */
  deliver(frames: readonly DataFrames[]): void {
    for (const frame of frames) {
      if (!this.#mayRead(frame.byteCount)) {
        this.fallBehind()
        return
      }
      this.#sendData(frame)
    }
  }

  /** Leaves the tail; reads on from the log as soon as there is room. */
  fallBehind(): void {
    this.#isAtTail = false
    this.room.leaveTail(this)
    this.resume()
  }

  /** Reads on from the log, if it does not already. */
  resume(): void {
    if (this.#isReading || this.isClosed || this.#isAtTail) return
    this.#isReading = true
    void this.#read()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#isReading = false
      })
  }

  async #read(): Promise<void> {
    const { room } = this
    const { store, limits } = this.#context
    for (;;) {
      if (this.#cursor >= room.head) {
        this.#isAtTail = true
        room.joinTail(this)
        return
      }
      const entries = await store.read(room.universe, this.#cursor, READ_BYTES)
      if (this.isClosed) return
      const durable = entries.filter(({ offset }) => offset <= room.head)
      if (durable[0]?.offset !== this.#cursor + 1) {
        this.bye('shutting-down', 'the log was truncated; open anew')
        return
      }
      for (const frame of framesOf(durable, limits.creditBytes)) {
        // `seen`, or the drained connection, begins anew.
        if (!this.#mayRead(frame.byteCount)) return
        this.#sendData(frame)
      }
    }
  }

  /** True when so many bytes of log may be sent now. Sees to it that reading goes on when they may. */
  #mayRead(byteCount: number): boolean {
    if (this.isClosed || !this.#sent.allows(byteCount)) return false
    if (!this.#isCongested) return true
    this.#link.whenDrained(() => this.resume())
    return false
  }

  #sendData(frame: DataFrames): void {
    const bytes = frame.frame(this.number, this.room.head, this.#isOwn)
    this.#context.counters.deliveries += frame.entryCount
    this.#cursor = frame.lastOffset
    this.#sent.add(frame.lastOffset, frame.byteCount)
    this.#link.send(bytes)
  }

  readonly #isOwn = (entry: StoredEntry): boolean => {
    if (entry.kind !== 'batch') return false
    const pushed = this.#pushed.get(entry.stream)
    return (
      pushed !== undefined &&
      pushed.first <= entry.firstSeq &&
      entry.firstSeq + entry.deltaCount - 1 <= pushed.last
    )
  }

  get #isCongested(): boolean {
    return this.#link.bufferedBytes() > TAIL_BUFFER_BYTES_MAX
  }

  #tell(message: RelayMessage): void {
    if (!this.isClosed) this.#link.tell(message)
  }
}

/** The batch, read and verified; or why it is none. */
function readBatch(
  context: RelayContext,
  wire: WireBatch,
): ReturnType<typeof verifyBatch> | string {
  try {
    const content = contentOf(context, wire)
    if (content.length !== wire.contentBytes) return 'a content of another length than it says'
    return verifyBatch(wire.header, content, context.hash)
  } catch (error) {
    // Inflating fails with whatever the platform throws; none of it is our fault.
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a refused batch is named by: what its header says, if it can be read. */
function nameOf(
  wire: WireBatch,
  stream: StreamId,
): { readonly stream: StreamId; readonly seq: number; readonly hash?: Hash } {
  try {
    const header = decodeBatchHeader(wire.header)
    return { stream: header.stream, seq: header.firstSeq }
  } catch {
    // Unreadable: the stream of the session, and no seq.
    return { stream, seq: 0 }
  }
}
