/** Entries of the log as `data` frames: each entry is encoded once, whoever gets it. */
import type { Hash } from '@inner-universe/core'
import { dataFrame, encodeEntry } from '../frame-codec.ts'
import { DATA_BYTES, DATA_ENTRIES_MAX } from '../limits.ts'
import { entryBytes } from './entry-bytes.ts'
import type { StoredEntry } from './log-store.ts'

/** Says whether a session pushed the entry itself and gets its name only. */
export type IsOwn = (entry: StoredEntry) => boolean

/** Consecutive entries that fit one frame. */
export class DataFrames {
  readonly lastOffset: number
  readonly lastHash: Hash
  readonly entryCount: number
  /** What they count for in credit. */
  readonly byteCount: number
  readonly #entries: readonly StoredEntry[]
  #encoded: readonly Uint8Array[] | undefined
  /** Frames without own entries, by channel: most replicas use the same few numbers. */
  readonly #frames = new Map<number, Uint8Array>()

  constructor(entries: readonly StoredEntry[], byteCount: number) {
    const last = entries.at(-1) as StoredEntry
    this.#entries = entries
    this.lastOffset = last.offset
    this.lastHash = last.logHash
    this.entryCount = entries.length
    this.byteCount = byteCount
  }

  /** The frame for one session. */
  frame(channel: number, head: number, isOwn: IsOwn): Uint8Array {
    this.#encoded ??= this.#entries.map(encodeFull)
    const encoded = this.#encoded
    if (this.#entries.some(isOwn)) {
      const parts = this.#entries.map((entry, index) =>
        isOwn(entry) ? encodeOwn(entry) : (encoded[index] as Uint8Array),
      )
      return dataFrame(channel, head, this.lastHash, parts)
    }
    let frame = this.#frames.get(channel)
    if (frame === undefined) {
      frame = dataFrame(channel, head, this.lastHash, encoded)
      this.#frames.set(channel, frame)
    }
    return frame
  }
}

/** Cuts consecutive entries into frames of about `bytesMax`, {@link DATA_BYTES} at most. */
export function framesOf(entries: readonly StoredEntry[], bytesMax: number): readonly DataFrames[] {
  const limit = Math.min(bytesMax, DATA_BYTES)
  const frames: DataFrames[] = []
  let part: StoredEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    const size = entryBytes(entry)
    if (part.length > 0 && (bytes + size > limit || part.length === DATA_ENTRIES_MAX)) {
      frames.push(new DataFrames(part, bytes))
      part = []
      bytes = 0
    }
    part.push(entry)
    bytes += size
  }
  if (part.length > 0) frames.push(new DataFrames(part, bytes))
  return frames
}

function encodeFull(entry: StoredEntry): Uint8Array {
  const { offset } = entry
  return entry.kind === 'batch'
    ? encodeEntry({ kind: 'batch', offset, batch: entry.batch })
    : encodeEntry({ kind: 'floor', offset, floor: entry.floor })
}

function encodeOwn(entry: StoredEntry): Uint8Array {
  if (entry.kind === 'floor') return encodeFull(entry)
  const { offset, stream, firstSeq, deltaCount, hash } = entry
  return encodeEntry({ kind: 'own', offset, stream, firstSeq, deltaCount, hash })
}
