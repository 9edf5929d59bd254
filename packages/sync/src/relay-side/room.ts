/**
 * One universe at a relay while anyone uses it: its log, who reads and writes it, who is there.
 *
 * Whatever changes the log runs one after the other in {@link Room.run}. A batch passes through:
 *
 *     checked ──▶ accepted (in the log state, gathering) ──▶ in flight (one append for all rooms)
 *       │ nack                                                │ durable: head moves, ack, data
 *       ▼                                                     ▼ failed: state thrown away and read anew
 *
 * Invariant: `head` is durable; nothing above it is told to anyone.
 */
import {
  assert,
  type Epoch,
  type Floor,
  isUniverseError,
  type StreamId,
} from '@inner-universe/core'
import { floorHash } from '../floor-codec.ts'
import { extendLogHash } from '../hash.ts'
import type { ByeCode } from '../messages.ts'
import { Awareness } from './awareness.ts'
import type { CommitSource } from './commit-queue.ts'
import { type DataFrames, framesOf } from './data-frames.ts'
import { LogState } from './log-state.ts'
import type { Append, LogStore, StoredCursor, StoredEntry, UniverseRecord } from './log-store.ts'
import { type Accepted, type Author, PendingAppends } from './pending-appends.ts'
import { type BatchEntry, checkPush, type Push, type PushScene } from './push-check.ts'
import type { RelayContext } from './relay-context.ts'

/** Who reads the log, as the room sees it. */
export interface Reader {
  readonly sessionId: string
  readonly schemaVersion: number
  /** The stream it writes. */
  readonly stream: StreamId
  /** What was just appended. Asked of those at the tail only. */
  deliver(frames: readonly DataFrames[]): void
  /** Leaves the tail and reads on from the log. */
  fallBehind(): void
  /** Ends the channel: the universe has moved on. */
  refuseReader(minReader: number): void
  bye(code: ByeCode, message: string): void
  close(): void
}

type NewSchema = Parameters<LogStore['setSchema']>[1]

/** How long a replica waits before it pushes again when the relay's disk is full, ms. */
const DISK_RETRY_MS = 30_000

/** One room. Its methods say which of them run within {@link Room.run}. */
export class Room implements CommitSource {
  readonly universe: string
  readonly awareness: Awareness
  readonly #readers = new Set<Reader>()
  /** Those that have everything up to the head. */
  readonly #tail = new Set<Reader>()
  /** The one session that writes each stream. */
  readonly #writers = new Map<StreamId, Reader>()
  readonly #context: RelayContext
  /** Else whoever comes back several times before it has rebuilt would begin one each time. */
  readonly #lostEpochs = new Set<Epoch>()
  readonly #cursors = new Map<StreamId, StoredCursor>()
  /** Undefined after a failed append, until it is read anew. */
  #state: LogState | undefined
  #head: number
  readonly #pending = new PendingAppends()
  #last: Promise<unknown> = Promise.resolve()
  #taskCount = 0
  #usedMs: number

  private constructor(context: RelayContext, state: LogState) {
    this.#context = context
    this.#state = state
    this.universe = state.record.universe
    this.#head = state.record.head
    this.#usedMs = context.scheduler.now()
    this.awareness = new Awareness(context.scheduler)
  }

  /** @throws UniverseError of the store. */
  static async load(context: RelayContext, universe: string): Promise<Room> {
    return new Room(context, await LogState.load(context.store, universe))
  }

  /** Last offset that is durable. */
  get head(): number {
    return this.#head
  }

  /** Since when nobody uses it and nothing is under way, ms since 1970; infinite while in use. */
  get idleSince(): number {
    const isIdle = this.#readers.size === 0 && this.#taskCount === 0 && this.#pending.isQuiet
    return isIdle ? this.#usedMs : Number.POSITIVE_INFINITY
  }

  /** A session comes. A writer takes its stream over from an older one, which is ended. RL16. */
  join(reader: Reader, { isWriter }: { readonly isWriter: boolean }): void {
    this.#readers.add(reader)
    if (!isWriter) return
    const older = this.#writers.get(reader.stream)
    if (older?.sessionId === reader.sessionId) older.close()
    else older?.bye('displaced', 'a newer connection writes this stream')
    this.#writers.set(reader.stream, reader)
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader)
    this.#tail.delete(reader)
    if (this.#writers.get(reader.stream) === reader) this.#writers.delete(reader.stream)
  }

  /** A session has read everything up to the head. */
  joinTail(reader: Reader): void {
    this.#tail.add(reader)
  }

  leaveTail(reader: Reader): void {
    this.#tail.delete(reader)
  }

  /** Runs something after all that was asked before; one at a time. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#taskCount += 1
    this.#usedMs = this.#context.scheduler.now()
    const outcome = this.#last.then(task).finally(() => {
      this.#taskCount -= 1
      this.#usedMs = this.#context.scheduler.now()
    })
    this.#last = outcome.catch(() => undefined)
    return outcome
  }

  /** Checks a batch and accepts or refuses it; its author hears of it sooner or later. */
  push(author: Author, push: Push): Promise<void> {
    return this.run(async () => {
      try {
        await this.#settlePush(author, push)
      } catch (error) {
        this.#context.emit({ kind: 'storage-failed', action: 'push', error })
        author.fail(error)
      }
    })
  }

  /** Appends a floor; with `ifHead`, only while the log ends there. */
  async appendFloor(floor: Floor, ifHead: number | undefined): Promise<number | undefined> {
    const appended = Promise.withResolvers<number | undefined>()
    await this.run(async () => {
      const state = await this.#ready()
      if (ifHead !== undefined && state.record.head !== ifHead) {
        appended.resolve(undefined)
        return
      }
      assert(
        floor.baseOffset <= state.record.head && floor.baseOffset >= (state.floor?.baseOffset ?? 0),
        'a floor rises, and is below the head',
      )
      const offset = state.record.head + 1
      const { hash } = this.#context
      const logHash = extendLogHash(state.record.hash, floorHash(floor, hash), hash)
      const entry = { kind: 'floor', offset, logHash, floor } as const
      state.appendFloor(entry)
      this.#accept({
        entry,
        origins: [],
        newStreams: [],
        authors: [],
        settled: (at, error) =>
          error === undefined ? appended.resolve(at) : appended.reject(error),
      })
    })
    return appended.promise
  }

  /** The facts, with everything accepted. To be used within {@link Room.run}. */
  async facts(): Promise<UniverseRecord> {
    return (await this.#ready()).record
  }

  /** Changes facts in the store and reads them anew. To be used within {@link Room.run}. */
  async change(write: () => Promise<void>): Promise<void> {
    await this.#pending.quiet()
    await write()
    this.#state = undefined
    await this.#ready()
  }

  /** Keeps the tables of a newer schema, and ends the sessions that may no longer read. */
  async setSchema(schema: NewSchema): Promise<void> {
    await this.run(async () => {
      const facts = await this.facts()
      if (schema.version <= facts.schemaVersion) return
      const minReader = Math.max(facts.minReader, schema.minReader)
      const minWriter = Math.max(facts.minWriter, schema.minWriter)
      const { store } = this.#context
      await this.change(() => store.setSchema(this.universe, { ...schema, minReader, minWriter }))
      for (const reader of [...this.#readers]) {
        if (reader.schemaVersion < minReader) reader.refuseReader(minReader)
      }
    })
  }

  /** True for an epoch that was not known and has led to a new one already. */
  isLost(epoch: Epoch): boolean {
    return this.#lostEpochs.has(epoch)
  }

  /**
   * Begins a new epoch from the head on, since a position under `proof` is not in the log, and ends the
   * connections of all others: they read the epoch when they open. To be used within {@link Room.run}.
   */
  async startEpoch(proof: Epoch, keeping: string): Promise<void> {
    const { store, scheduler, newEpoch, emit } = this.#context
    this.#lostEpochs.add(proof)
    const epoch = newEpoch()
    await this.change(() => store.startEpoch(this.universe, epoch, scheduler.now()))
    emit({ kind: 'epoch', universe: this.universe, head: this.#head })
    for (const reader of [...this.#readers]) {
      if (reader.sessionId !== keeping) reader.bye('shutting-down', 'the log began a new epoch')
    }
  }

  /** True for a while after a restore. */
  isRepairing(record: UniverseRecord): boolean {
    const { scheduler, repairMs } = this.#context
    return record.pastEpochs.length > 0 && scheduler.now() < record.epochMs + repairMs
  }

  noteCursor(stream: StreamId, offset: number): void {
    this.#cursors.set(stream, { stream, offset, atMs: this.#context.scheduler.now() })
  }

  /** @throws UniverseError of the store; the cursors are kept for the next time. */
  async keepCursors(): Promise<void> {
    if (this.#cursors.size === 0) return
    const cursors = [...this.#cursors.values()]
    await this.#context.store.putCursors(this.universe, cursors)
    for (const cursor of cursors) {
      if (this.#cursors.get(cursor.stream) === cursor) this.#cursors.delete(cursor.stream)
    }
  }

  /** Resolves when everything accepted is durable, or has failed. */
  async settle(): Promise<void> {
    await this.run(() => this.#pending.quiet())
  }

  takeAppend(): Append | undefined {
    return this.#pending.take(this.universe)
  }

  appended(): void {
    const accepted = this.#pending.takeDurable()
    const entries = accepted.map(({ entry }) => entry)
    const last = entries.at(-1) as StoredEntry
    this.#head = last.offset
    const { counters, limits } = this.#context
    counters.commits += 1
    // Order matters: an author hears of its batch before it reads it.
    for (const { entry, authors, settled } of accepted) {
      if (entry.kind === 'batch') {
        counters.batchesIn += 1
        counters.deltasIn += entry.deltaCount
        for (const author of authors) author.ack(entry)
      }
      settled?.(entry.offset)
    }
    const frames = framesOf(entries, limits.creditBytes)
    for (const reader of [...this.#tail]) reader.deliver(frames)
    this.#context.appended(this.universe, this.#head)
    this.#pending.tellQuiet()
  }

  appendFailed(error: unknown): void {
    const failed = this.#pending.takeFailed()
    this.#state = undefined
    this.#context.counters.commitsFailed += 1
    this.#context.emit({ kind: 'storage-failed', action: 'append', error })
    const isFull = isUniverseError(error, 'storage/quota-exceeded')
    for (const { entry, authors, settled } of failed) {
      settled?.(undefined, error)
      if (entry.kind === 'floor') continue
      const { stream, firstSeq: seq } = entry
      const message = 'the relay has no room left'
      for (const author of authors) {
        if (!isFull) author.fail(error)
        else
          author.nack(stream, {
            code: 'quota',
            seq,
            message,
            seqs: [],
            retryAfterMs: DISK_RETRY_MS,
          })
      }
    }
    this.#pending.tellQuiet()
  }

  async #settlePush(author: Author, push: Push): Promise<void> {
    for (;;) {
      const state = await this.#ready()
      const scene: PushScene = {
        state,
        pending: () => this.#pending.all().map(({ entry }) => entry),
        isRepairing: this.isRepairing(state.record),
      }
      const verdict = await checkPush(this.#context, scene, push)
      if (author.isClosed) return
      // An append failed meanwhile: what the batch was checked against is not there.
      if (state !== this.#state) continue
      const { batch } = push.verified
      const { stream, firstSeq, deltaCount, hash } = batch
      switch (verdict.kind) {
        case 'nack':
          author.nack(stream, verdict.refusal)
          return
        case 'again': {
          this.#context.counters.batchesAgain += 1
          const accepted = this.#pending.all().find(({ entry }) => entry === verdict.entry)
          if (accepted === undefined) author.ack(verdict.entry)
          else accepted.authors.push(author)
          return
        }
        case 'append': {
          const offset = state.record.head + 1
          const logHash = extendLogHash(state.record.hash, hash, this.#context.hash)
          const { wire, identity } = push
          const { origins, lastHlc, isNewStream } = verdict
          const entry: BatchEntry = {
            kind: 'batch',
            offset,
            stream,
            firstSeq,
            deltaCount,
            hash,
            logHash,
            batch: wire,
          }
          state.appendBatch(entry, { identity, lastHlc }, origins)
          const newStreams = isNewStream ? [{ stream, identity }] : []
          this.#accept({ entry, origins, newStreams, authors: [author], settled: undefined })
          return
        }
      }
    }
  }

  #accept(accepted: Accepted): void {
    this.#pending.add(accepted)
    this.#context.commits.add(this)
  }

  async #ready(): Promise<LogState> {
    if (this.#state !== undefined) return this.#state
    const state = await LogState.load(this.#context.store, this.universe)
    this.#state = state
    if (state.record.head !== this.#head) {
      // A failed append was done after all: those at the tail read it from the log.
      this.#head = state.record.head
      for (const reader of [...this.#tail]) reader.fallBehind()
    }
    return state
  }
}
