/**
 * The streams of this file, interned: rows and log name a stream by a small local index.
 * STORAGE.md ST7.
 */
import {
  assert,
  compareStamp,
  type Hash,
  type LocalStamp,
  type Stamp,
  type StreamId,
  type StreamSeq,
  streamIdFromBytes,
  streamIdToBytes,
  ZERO_HASH,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'

/** One stream as this file knows it. */
export interface StreamEntry {
  readonly index: number
  readonly id: StreamId
  /** Last seq written or applied; 0 before the first. Gapless. */
  headSeq: number
  /** hlc of that delta. */
  headHlc: number
  /** True when this file's engine wrote it. */
  isOwn: boolean
  /** Last seq of an own stream that a relay has acknowledged. */
  ackedSeq: number
  /** Hash of the batch that ends there. */
  ackedHash: Hash
  /** Last seq of the last batch: for an own stream the last sealed, for others the last received. */
  batchSeq: number
  /** Its hash. */
  batchHash: Hash
}

const COLUMNS = 'idx, id, head_seq, head_hlc, is_own, acked_seq, acked_hash, batch_seq, batch_hash'

/**
 * All streams, held in memory and written through. After a rollback call {@link Streams.reload}:
 * heads and newly interned streams may have been undone.
 */
export class Streams {
  readonly #driver: Driver
  #byIndex = new Map<number, StreamEntry>()
  #byId = new Map<StreamId, StreamEntry>()
  /** Asked for at every batch, and few among perhaps thousands. */
  #own: readonly StreamEntry[] = []
  #writing: StreamId | undefined

  constructor(driver: Driver) {
    this.#driver = driver
    this.reload()
  }

  /** Reads all streams anew. Cost: one row per stream. */
  reload(): void {
    this.#byIndex = new Map()
    this.#byId = new Map()
    this.#own = []
    const rows = this.#driver.prepare(`SELECT ${COLUMNS} FROM _stream ORDER BY idx`).all()
    for (const row of rows) {
      const [index, id, headSeq, headHlc, isOwn, ackedSeq, ackedHash, batchSeq, batchHash] = row
      this.#add({
        index: index as number,
        id: streamIdFromBytes(id as Uint8Array),
        headSeq: headSeq as number,
        headHlc: headHlc as number,
        isOwn: isOwn === 1,
        ackedSeq: ackedSeq as number,
        ackedHash: (ackedHash as Hash | null) ?? ZERO_HASH,
        batchSeq: batchSeq as number,
        batchHash: (batchHash as Hash | null) ?? ZERO_HASH,
      })
    }
  }

  /** All streams, in the order in which this file met them. */
  all(): Iterable<StreamEntry> {
    return this.#byIndex.values()
  }

  find(id: StreamId): StreamEntry | undefined {
    return this.#byId.get(id)
  }

  /** The stream at a local index. */
  at(index: number): StreamEntry {
    const entry = this.#byIndex.get(index)
    assert(entry !== undefined, `stream index ${index} is in _stream`)
    return entry
  }

  /** The stream's entry, made if this file has not met it. Needs an open transaction. */
  intern(id: StreamId, isOwn: boolean): StreamEntry {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const index = this.#byIndex.size + 1
    this.#driver
      .prepare(`INSERT INTO _stream (${COLUMNS}) VALUES (?1, ?2, 0, 0, ?3, 0, ?4, 0, ?4)`)
      .run([index, streamIdToBytes(id), isOwn ? 1 : 0, ZERO_HASH])
    const entry: StreamEntry = {
      index,
      id,
      headSeq: 0,
      headHlc: 0,
      isOwn,
      ackedSeq: 0,
      ackedHash: ZERO_HASH,
      batchSeq: 0,
      batchHash: ZERO_HASH,
    }
    this.#add(entry)
    return entry
  }

  /** The stream that new deltas go to. Asserts that one was chosen. */
  get writing(): StreamEntry {
    const entry = this.#writing === undefined ? undefined : this.#byId.get(this.#writing)
    assert(entry !== undefined, 'the stream to write was chosen')
    return entry
  }

  /** Chooses the stream that new deltas go to, one of the own. */
  write(id: StreamId): void {
    this.#writing = id
  }

  /** The streams this file's engine wrote, oldest first. */
  own(): readonly StreamEntry[] {
    return this.#own
  }

  /** Says whether this file's engine wrote a stream. */
  setOwn(entry: StreamEntry, isOwn: boolean): void {
    entry.isOwn = isOwn
    this.#own = [...this.#byIndex.values()].filter((one) => one.isOwn)
    this.#driver
      .prepare('UPDATE _stream SET is_own = ?1 WHERE idx = ?2')
      .run([isOwn ? 1 : 0, entry.index])
  }

  /** Notes the last batch of a stream. */
  setBatch(entry: StreamEntry, seq: number, hash: Hash): void {
    entry.batchSeq = seq
    entry.batchHash = hash
    this.#driver
      .prepare('UPDATE _stream SET batch_seq = ?1, batch_hash = ?2 WHERE idx = ?3')
      .run([seq, hash, entry.index])
  }

  /** Notes up to where an own stream is in the relay's log. */
  setAcked(entry: StreamEntry, seq: number, hash: Hash): void {
    entry.ackedSeq = seq
    entry.ackedHash = hash
    this.#driver
      .prepare('UPDATE _stream SET acked_seq = ?1, acked_hash = ?2 WHERE idx = ?3')
      .run([seq, hash, entry.index])
  }

  /** The last delta written to any own stream that has one. */
  lastWritten(): StreamSeq | undefined {
    const last = this.own().findLast(({ headSeq }) => headSeq > 0)
    return last && { stream: last.id, seq: last.headSeq }
  }

  /** Moves a stream's head, in the transaction that writes its log. */
  moveHead(entry: StreamEntry, seq: number, hlc: number): void {
    assert(seq > entry.headSeq, 'a stream head moves forward')
    this.#driver
      .prepare('UPDATE _stream SET head_seq = ?1, head_hlc = ?2 WHERE idx = ?3')
      .run([seq, hlc, entry.index])
    entry.headSeq = seq
    entry.headHlc = hlc
  }

  /** The stamp with its stream's id, as it can be compared and sent. */
  stampOf(stamp: LocalStamp): Stamp {
    return { hlc: stamp.hlc, stream: this.at(stamp.streamIndex).id }
  }

  /** Orders stamps as {@link compareStamp} does: by hlc, then by the streams' ids. */
  compare(a: LocalStamp, b: LocalStamp): number {
    if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1
    if (a.streamIndex === b.streamIndex) return 0
    return compareStamp(this.stampOf(a), this.stampOf(b))
  }

  #add(entry: StreamEntry): void {
    this.#byIndex.set(entry.index, entry)
    this.#byId.set(entry.id, entry)
    if (entry.isOwn) this.#own = [...this.#own, entry]
  }
}
