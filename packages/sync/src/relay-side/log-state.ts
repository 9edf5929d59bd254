/**
 * The log of one universe as it will be once everything accepted is durable: what the next batch is
 * checked against, so that a replica need not wait for one acknowledgement before the next push.
 */
import {
  assert,
  type Base,
  type Hash,
  type StreamId,
  UniverseError,
  ZERO_HASH,
} from '@inner-universe/core'
import { decodeBatchHeader } from '../batch.ts'
import { entryBytes } from './entry-bytes.ts'
import type { LogStore, StoredEntry, StoredOrigin, UniverseRecord } from './log-store.ts'

/** The head of a stream. */
export interface StreamState {
  readonly identity: string
  readonly seq: number
  readonly hash: Hash
  /** Of its last delta, as far as that is known: at least what a floor says. */
  readonly lastHlc: number
}

/** What a floor forbids. */
export interface FloorState {
  readonly offset: number
  readonly baseOffset: number
  readonly hlc: number
}

/** Built from the store, then kept up by {@link LogState.append}; thrown away when an append failed. */
export class LogState {
  readonly #store: LogStore
  readonly #streams = new Map<StreamId, StreamState>()
  readonly #origins = new Map<StreamId, Set<Hash>>()
  /** Whether the store knows origins of a stream, for streams that were written to. */
  readonly #areOrigins = new Map<StreamId, boolean>()
  /** The store's facts; head, hash, floor and bytes are those of this state. */
  record: UniverseRecord
  floor: FloorState | undefined

  private constructor(store: LogStore, record: UniverseRecord, floor: FloorState | undefined) {
    this.#store = store
    this.record = record
    this.floor = floor
  }

  /** @throws UniverseError of the store. */
  static async load(store: LogStore, universe: string): Promise<LogState> {
    const record = await store.find(universe)
    assert(record !== undefined, 'a room is of a universe that is there')
    if (record.floor === undefined) return new LogState(store, record, undefined)
    const { offset, baseOffset } = record.floor
    const [entry] = await store.read(universe, offset - 1, 1)
    if (entry?.kind !== 'floor') {
      throw new UniverseError('storage/corrupt', `entry ${offset} of ${universe} is not its floor`)
    }
    return new LogState(store, record, { offset, baseOffset, hlc: entry.floor.hlc })
  }

  /** The head of a stream; undefined: nothing of it is in the log. */
  async stream(stream: StreamId): Promise<StreamState | undefined> {
    const known = this.#streams.get(stream)
    if (known !== undefined) return known
    const { universe } = this.record
    const stored = await this.#store.stream(universe, stream)
    // Not noted: whoever invents streams would fill the memory.
    if (stored === undefined) return undefined
    const last = await this.#store.batchOf(universe, stream, stored.seq)
    const lastHlc = last === undefined ? (this.floor?.hlc ?? 0) : headerOf(last).lastHlc
    const { identity, seq, hash } = stored
    const state = { identity, seq, hash, lastHlc }
    this.#streams.set(stream, state)
    return state
  }

  /** True when a delta of the log, durable or not, was authored anew from this one. */
  async hasOrigin({ stream, hash }: StoredOrigin): Promise<boolean> {
    const isAccepted = this.#origins.get(stream)?.has(hash) ?? false
    return isAccepted || this.#store.hasOrigin(this.record.universe, { stream, hash })
  }

  /** True when a delta of the log, durable or not, was authored anew from one of this stream. */
  async hasOriginsOf(stream: StreamId): Promise<boolean> {
    if (this.#origins.has(stream)) return true
    const known = this.#areOrigins.get(stream)
    if (known !== undefined) return known
    const isOrigin = await this.#store.hasOriginsOf(this.record.universe, stream)
    // As with heads: noted only for streams that are in the log.
    if (this.#streams.has(stream)) this.#areOrigins.set(stream, isOrigin)
    return isOrigin
  }

  /** What a base comes to in the present epoch: the author has read at least up to there. */
  effectiveBase({ epoch, offset }: Base): number {
    const { record } = this
    if (epoch === record.epoch) return offset
    const { pastEpochs } = record
    const first = pastEpochs.findIndex((each) => each.epoch === epoch)
    if (first < 0) return 0
    // A later restore may have gone back further than the one that ended this epoch.
    return Math.min(offset, ...pastEpochs.slice(first).map(({ lastOffset }) => lastOffset))
  }

  /** Takes a batch for granted. */
  appendBatch(
    entry: Extract<StoredEntry, { kind: 'batch' }>,
    { identity, lastHlc }: { readonly identity: string; readonly lastHlc: number },
    origins: readonly StoredOrigin[],
  ): void {
    this.#append(entry)
    for (const origin of origins) {
      const hashes = this.#origins.get(origin.stream)
      if (hashes === undefined) this.#origins.set(origin.stream, new Set([origin.hash]))
      else hashes.add(origin.hash)
    }
    const { stream, hash, firstSeq, deltaCount } = entry
    const owner = this.#streams.get(stream)?.identity ?? identity
    this.#streams.set(stream, { identity: owner, seq: firstSeq + deltaCount - 1, hash, lastHlc })
  }

  /** Takes a floor for granted. */
  appendFloor(entry: Extract<StoredEntry, { kind: 'floor' }>): void {
    this.#append(entry)
    const { baseOffset, hlc } = entry.floor
    this.floor = { offset: entry.offset, baseOffset, hlc }
    this.record = { ...this.record, floor: { offset: entry.offset, baseOffset } }
  }

  #append(entry: StoredEntry): void {
    const { record } = this
    assert(entry.offset === record.head + 1, 'entries are appended in order of offset')
    const byteCount = record.byteCount + entryBytes(entry)
    this.record = { ...record, head: entry.offset, hash: entry.logHash, byteCount }
  }
}

/** What must be the hash before a stream's next batch. */
export function headHash(state: StreamState | undefined): Hash {
  return state?.hash ?? ZERO_HASH
}

function headerOf(entry: Extract<StoredEntry, { kind: 'batch' }>) {
  return decodeBatchHeader(entry.batch.header)
}
