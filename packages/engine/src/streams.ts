/**
 * The streams of this file, interned: rows and log name a stream by a small local index.
 * STORAGE.md ST7.
 */
import {
  assert,
  compareStamp,
  type LocalStamp,
  type Stamp,
  type StreamId,
  streamIdFromBytes,
  streamIdToBytes,
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
  readonly isOwn: boolean
  /** Last seq of an own stream that a relay has acknowledged. */
  ackedSeq: number
}

/**
 * All streams, held in memory and written through. After a rollback call {@link Streams.reload}:
 * heads and newly interned streams may have been undone.
 */
export class Streams {
  readonly #driver: Driver
  #byIndex = new Map<number, StreamEntry>()
  #byId = new Map<StreamId, StreamEntry>()

  constructor(driver: Driver) {
    this.#driver = driver
    this.reload()
  }

  /** Reads all streams anew. Cost: one row per stream. */
  reload(): void {
    this.#byIndex = new Map()
    this.#byId = new Map()
    const rows = this.#driver
      .prepare('SELECT idx, id, head_seq, head_hlc, is_own, acked_seq FROM _stream')
      .all()
    for (const [index, id, headSeq, headHlc, isOwn, ackedSeq] of rows) {
      this.#add({
        index: index as number,
        id: streamIdFromBytes(id as Uint8Array),
        headSeq: headSeq as number,
        headHlc: headHlc as number,
        isOwn: isOwn === 1,
        ackedSeq: ackedSeq as number,
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
      .prepare('INSERT INTO _stream VALUES (?1, ?2, 0, 0, ?3, 0)')
      .run([index, streamIdToBytes(id), isOwn ? 1 : 0])
    const entry = { index, id, headSeq: 0, headHlc: 0, isOwn, ackedSeq: 0 }
    this.#add(entry)
    return entry
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
  }
}
