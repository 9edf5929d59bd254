/** A relay's storage in memory: for tests, simulations, and relays that keep nothing. */
import { assert, type Hash, type StreamId, UniverseError, ZERO_HASH } from '@inner-universe/core'
import { entryBytes } from './entry-bytes.ts'
import { chunkMissing, chunksOf } from './image-chunks.ts'
import type {
  Append,
  LogStore,
  NewUniverse,
  StoredCursor,
  StoredEntry,
  StoredImage,
  StoredOrigin,
  StoredStream,
  UniverseRecord,
} from './log-store.ts'

/** A {@link LogStore} in memory. */
export interface MemoryLogStore extends LogStore {
  /** A store of its own with the same contents: a backup, to restore from. */
  copy(): MemoryLogStore
}

/** Creates an empty store. */
export function createMemoryLogStore(): MemoryLogStore {
  return new MemoryStore(new Map(), new Map())
}

type Batch = Extract<StoredEntry, { kind: 'batch' }>

interface Universe {
  record: UniverseRecord
  /** The kept entries: the first has offset `truncatedThrough + 1`. */
  readonly entries: StoredEntry[]
  truncatedHash: Hash
  schemaText: string | undefined
  readonly streams: Map<StreamId, StoredStream>
  /** Kept batches of each stream, rising. */
  readonly batches: Map<StreamId, Batch[]>
  readonly origins: Map<StreamId, Set<Hash>>
  readonly cursors: Map<StreamId, StoredCursor>
  readonly images: Map<Hash, StoredImage & { readonly text: string }>
}

class MemoryStore implements MemoryLogStore {
  readonly #universes: Map<string, Universe>
  readonly #chunks: Map<Hash, Uint8Array>
  #isClosed = false

  constructor(universes: Map<string, Universe>, chunks: Map<Hash, Uint8Array>) {
    this.#universes = universes
    this.#chunks = chunks
  }

  copy(): MemoryLogStore {
    const universes = new Map<string, Universe>()
    for (const [name, universe] of this.#universes) {
      universes.set(name, {
        ...universe,
        entries: [...universe.entries],
        streams: new Map(universe.streams),
        batches: new Map([...universe.batches].map(([stream, list]) => [stream, [...list]])),
        origins: new Map([...universe.origins].map(([stream, set]) => [stream, new Set(set)])),
        cursors: new Map(universe.cursors),
        images: new Map(universe.images),
      })
    }
    return new MemoryStore(universes, new Map(this.#chunks))
  }

  async find(universe: string): Promise<UniverseRecord | undefined> {
    this.#assertOpen()
    return this.#universes.get(universe)?.record
  }

  async create(created: NewUniverse): Promise<UniverseRecord> {
    this.#assertOpen()
    const known = this.#universes.get(created.universe)
    if (known !== undefined) return known.record
    const record: UniverseRecord = {
      ...created,
      pastEpochs: [],
      head: 0,
      hash: ZERO_HASH,
      truncatedThrough: 0,
      floor: undefined,
      schemaVersion: 0,
      schemaHash: ZERO_HASH,
      minReader: 0,
      minWriter: 0,
      byteCount: 0,
    }
    this.#universes.set(created.universe, {
      record,
      entries: [],
      truncatedHash: ZERO_HASH,
      schemaText: undefined,
      streams: new Map(),
      batches: new Map(),
      origins: new Map(),
      cursors: new Map(),
      images: new Map(),
    })
    return record
  }

  async list(): Promise<readonly UniverseRecord[]> {
    this.#assertOpen()
    return [...this.#universes.values()].map(({ record }) => record)
  }

  async append(appends: readonly Append[]): Promise<void> {
    this.#assertOpen()
    for (const { universe, entries } of appends) {
      let next = this.#get(universe).record.head
      for (const { offset } of entries) assert(offset === ++next, 'an append follows the head')
    }
    for (const append of appends) this.#appendOne(this.#get(append.universe), append)
  }

  #appendOne(universe: Universe, { entries, origins, newStreams }: Append): void {
    const identities = new Map(newStreams.map(({ stream, identity }) => [stream, identity]))
    for (const entry of entries) {
      const { record } = universe
      universe.entries.push(entry)
      universe.record = {
        ...record,
        head: entry.offset,
        hash: entry.logHash,
        byteCount: record.byteCount + entryBytes(entry),
        floor:
          entry.kind === 'floor'
            ? { offset: entry.offset, baseOffset: entry.floor.baseOffset }
            : record.floor,
      }
      if (entry.kind === 'floor') continue
      const { stream, firstSeq, deltaCount, hash } = entry
      const identity = universe.streams.get(stream)?.identity ?? identities.get(stream)
      assert(identity !== undefined, 'a stream has an identity')
      universe.streams.set(stream, { stream, identity, hash, seq: firstSeq + deltaCount - 1 })
      const batches = universe.batches.get(stream)
      if (batches === undefined) universe.batches.set(stream, [entry])
      else batches.push(entry)
    }
    for (const { stream, hash } of origins) {
      const hashes = universe.origins.get(stream)
      if (hashes === undefined) universe.origins.set(stream, new Set([hash]))
      else hashes.add(hash)
    }
  }

  async read(
    universe: string,
    afterOffset: number,
    bytesMax: number,
  ): Promise<readonly StoredEntry[]> {
    this.#assertOpen()
    const { entries, record } = this.#get(universe)
    const start = Math.max(0, afterOffset - record.truncatedThrough)
    let end = start
    for (let bytes = 0; end < entries.length && (end === start || bytes < bytesMax); end++) {
      bytes += entryBytes(entries[end] as StoredEntry)
    }
    return entries.slice(start, end)
  }

  async hashAt(universe: string, offset: number): Promise<Hash | undefined> {
    this.#assertOpen()
    const { entries, record, truncatedHash } = this.#get(universe)
    if (offset === record.truncatedThrough) return truncatedHash
    return entries[offset - record.truncatedThrough - 1]?.logHash
  }

  async stream(universe: string, stream: StreamId): Promise<StoredStream | undefined> {
    this.#assertOpen()
    return this.#get(universe).streams.get(stream)
  }

  async streams(universe: string): Promise<readonly StoredStream[]> {
    this.#assertOpen()
    return [...this.#get(universe).streams.values()]
  }

  async batchOf(universe: string, stream: StreamId, seq: number): Promise<Batch | undefined> {
    this.#assertOpen()
    return this.#get(universe)
      .batches.get(stream)
      ?.findLast(({ firstSeq, deltaCount }) => firstSeq <= seq && seq < firstSeq + deltaCount)
  }

  async hasOrigin(universe: string, { stream, hash }: StoredOrigin): Promise<boolean> {
    this.#assertOpen()
    return this.#get(universe).origins.get(stream)?.has(hash) ?? false
  }

  async hasOriginsOf(universe: string, stream: StreamId): Promise<boolean> {
    this.#assertOpen()
    return this.#get(universe).origins.has(stream)
  }

  async setSchema(universe: string, schema: Parameters<LogStore['setSchema']>[1]): Promise<void> {
    this.#assertOpen()
    const held = this.#get(universe)
    held.schemaText = schema.text
    held.record = {
      ...held.record,
      schemaVersion: schema.version,
      schemaHash: schema.hash,
      minReader: schema.minReader,
      minWriter: schema.minWriter,
    }
  }

  async schemaText(universe: string): Promise<string | undefined> {
    this.#assertOpen()
    return this.#get(universe).schemaText
  }

  async startEpoch(
    universe: string,
    epoch: UniverseRecord['epoch'],
    epochMs: number,
  ): Promise<void> {
    this.#assertOpen()
    const held = this.#get(universe)
    const { record } = held
    held.record = {
      ...record,
      epoch,
      epochMs,
      pastEpochs: [...record.pastEpochs, { epoch: record.epoch, lastOffset: record.head }],
    }
  }

  async putCursors(universe: string, cursors: readonly StoredCursor[]): Promise<void> {
    this.#assertOpen()
    const held = this.#get(universe).cursors
    for (const cursor of cursors) held.set(cursor.stream, cursor)
  }

  async cursors(universe: string): Promise<readonly StoredCursor[]> {
    this.#assertOpen()
    return [...this.#get(universe).cursors.values()]
  }

  async truncate(universe: string, throughOffset: number, entriesMax: number): Promise<number> {
    this.#assertOpen()
    const held = this.#get(universe)
    const { truncatedThrough, head, byteCount } = held.record
    assert(throughOffset <= head, 'a log is truncated up to its head at most')
    const gone = held.entries.splice(
      0,
      Math.max(0, Math.min(throughOffset - truncatedThrough, entriesMax)),
    )
    const last = gone.at(-1)
    if (last === undefined) return 0
    for (const entry of gone) {
      if (entry.kind === 'batch') held.batches.get(entry.stream)?.shift()
    }
    held.truncatedHash = last.logHash
    held.record = {
      ...held.record,
      truncatedThrough: last.offset,
      byteCount: gone.reduce((total, entry) => total - entryBytes(entry), byteCount),
    }
    return throughOffset - last.offset
  }

  async putImage(universe: string, image: StoredImage & { readonly text: string }): Promise<void> {
    this.#assertOpen()
    for (const chunk of chunksOf(image.text)) {
      if (!this.#chunks.has(chunk)) throw chunkMissing(image.manifest, chunk)
    }
    this.#get(universe).images.set(image.manifest, image)
  }

  async images(universe: string): Promise<readonly StoredImage[]> {
    this.#assertOpen()
    return [...this.#get(universe).images.values()]
      .map(({ manifest, offset, byteCount, createdMs }) => ({
        manifest,
        offset,
        byteCount,
        createdMs,
      }))
      .sort((a, b) => a.offset - b.offset)
  }

  async manifestText(universe: string, manifest: Hash): Promise<string | undefined> {
    this.#assertOpen()
    return this.#get(universe).images.get(manifest)?.text
  }

  async dropImages(universe: string, manifests: readonly Hash[]): Promise<void> {
    this.#assertOpen()
    const { images } = this.#get(universe)
    const candidates = new Set<Hash>()
    for (const manifest of manifests) {
      for (const chunk of chunksOf(images.get(manifest)?.text)) candidates.add(chunk)
      images.delete(manifest)
    }
    for (const { images } of this.#universes.values()) {
      for (const { text } of images.values()) {
        for (const chunk of chunksOf(text)) candidates.delete(chunk)
      }
    }
    for (const chunk of candidates) this.#chunks.delete(chunk)
  }

  async hasChunk(chunk: Hash): Promise<boolean> {
    this.#assertOpen()
    return this.#chunks.has(chunk)
  }

  async putChunk(chunk: Hash, bytes: Uint8Array): Promise<void> {
    this.#assertOpen()
    this.#chunks.set(chunk, bytes)
  }

  async chunk(chunk: Hash): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#chunks.get(chunk)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #get(name: string): Universe {
    const universe = this.#universes.get(name)
    assert(universe !== undefined, 'a universe is created before it is used')
    return universe
  }

  #assertOpen(): void {
    if (this.#isClosed) {
      throw new UniverseError('engine/closed', 'the log store was closed; open it again')
    }
  }
}
