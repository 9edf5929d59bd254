/**
 * Keeps logs short: folds them, makes images, lays floors, and truncates what both have replaced.
 *
 * One step of a universe, in this order:
 *
 *     catch up      the fold reads the log to its head, or is built anew when it does not fit
 *     lay           a mark that is old enough, and that every replica has read past, becomes a floor
 *     note          without a mark, and with entries since the last floor, one is noted at the head
 *     image         when enough entries came since the last, or a floor has none above it
 *     truncate      up to the floor's base, once an image at or above the floor's offset is kept
 *
 * A step that fails or is broken off leaves nothing half done: the next one begins where it stopped.
 */
import { assert, type Epoch, isUniverseError, UniverseError } from '@inner-universe/core'
import {
  encodeImageManifest,
  type HashFunction,
  type ImageManifest,
  imageManifestHash,
  parseImageManifest,
} from '@inner-universe/sync'
import type {
  LogStore,
  RelaySide,
  StoredImage,
  UniverseRecord,
} from '@inner-universe/sync/relay-side'
import type { Retention } from '../config.ts'
import type { FoldState } from './fold.ts'
import type { Folds } from './folds.ts'

/** Bytes of log read at a time: reading and copying them holds the relay up for about 2 ms. */
const READ_BYTES = 256 * 1024

/** Entries forgotten at a time: about 2 ms of the store, which is free for others in between. */
const TRUNCATE_ENTRIES = 200

/**
 * While a universe is written to, an image is made anew after log of a quarter of its size: so what
 * images cost grows with the log only.
 */
const IMAGE_BYTES_PER_LOG_BYTE = 4

/** Faults of a fold's file; those of its contents are `engine/…`. */
const PAST_USE: ReadonlySet<string> = new Set(['storage/corrupt', 'storage/not-a-database'])

/** What a compactor did, for the relay's log. */
export type CompactorEvent =
  | {
      readonly kind: 'image'
      readonly universe: string
      readonly offset: number
      readonly byteCount: number
    }
  | {
      readonly kind: 'floor'
      readonly universe: string
      readonly offset: number
      readonly baseOffset: number
      readonly forgottenCount: number
    }
  | { readonly kind: 'truncated'; readonly universe: string; readonly throughOffset: number }
  | { readonly kind: 'rebuilt'; readonly universe: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly universe: string; readonly error: unknown }

/** What a compactor needs. */
export interface CompactorOptions {
  readonly store: LogStore
  readonly folds: Folds
  readonly relay: Pick<RelaySide, 'appendFloor' | 'truncate'>
  readonly hash: HashFunction
  readonly retention: Pick<
    Retention,
    'floorLagMs' | 'sessionMemoryMs' | 'imageEveryEntries' | 'imageEveryBytes' | 'imagesKept'
  >
  readonly onEvent?: (event: CompactorEvent) => void
}

/** Compacts the universes of one store. Steps are not to overlap. */
export class Compactor {
  readonly #options: CompactorOptions
  /** Head and mark of universes as their last step left them: what need not be looked at again. */
  readonly #settled = new Map<
    string,
    { readonly epoch: Epoch; readonly head: number; readonly isMarked: boolean }
  >()

  /** Bytes of log kept when the last image was made; of before a restart nothing is known: 0. */
  readonly #bytesAtImage = new Map<string, number>()

  constructor(options: CompactorOptions) {
    this.#options = options
  }

  /** One step of every universe. A universe that fails is told of and tried again by the next. */
  async step(nowMs: number): Promise<void> {
    const { store, onEvent } = this.#options
    for (const { universe, head, epoch } of await store.list()) {
      const settled = this.#settled.get(universe)
      if (settled?.head === head && settled.epoch === epoch && !settled.isMarked) continue
      try {
        await this.stepUniverse(universe, nowMs)
      } catch (error) {
        onEvent?.({ kind: 'failed', universe, error })
      }
    }
  }

  /** One step of one universe. @throws UniverseError what stopped it. */
  async stepUniverse(universe: string, nowMs: number): Promise<void> {
    const { store, folds } = this.#options
    const record = await store.find(universe)
    if (record === undefined || record.head === 0) return
    const schema = await store.schemaText(universe)
    let state = await this.#catchUp(record, schema)
    if (state === undefined) return
    if (await this.#layFloor(universe, state, nowMs)) state = await this.#read(universe, state)
    const { floor } = (await store.find(universe)) ?? record
    if (state.mark === undefined && state.position.offset > (floor?.offset ?? 0)) {
      state = await folds.noteMark(universe, nowMs)
    }
    await this.#makeImage(universe, state, { nowMs, bytesRead: record.byteCount })
    await this.#truncate(universe)
    this.#settled.set(universe, {
      epoch: record.epoch,
      head: state.position.offset,
      isMarked: state.mark !== undefined,
    })
  }

  /** The fold at the head; undefined: its tables are not known yet. */
  async #catchUp(
    record: UniverseRecord,
    schema: string | undefined,
  ): Promise<FoldState | undefined> {
    const { folds, onEvent } = this.#options
    const { universe, module, owner } = record
    const folded = { universe, module, owner, schema }
    try {
      const state = await folds.open(folded)
      if (await this.#isInLog(record, state)) return await this.#read(universe, state)
      throw new UniverseError('storage/corrupt', 'it is not in the log')
    } catch (error) {
      if (isUniverseError(error, 'module/invalid')) return undefined
      if (!isPastUse(error)) throw error
      onEvent?.({ kind: 'rebuilt', universe, reason: (error as Error).message })
    }
    await folds.reset(universe)
    if (record.truncatedThrough > 0) await this.#loadImage(record)
    return this.#read(universe, await folds.open(folded))
  }

  /** True when the fold's place is one of this log, and what follows it is still kept. */
  async #isInLog(
    { universe, truncatedThrough }: UniverseRecord,
    { position }: FoldState,
  ): Promise<boolean> {
    if (position.offset === 0) return truncatedThrough === 0
    return (await this.#options.store.hashAt(universe, position.offset)) === position.hash
  }

  async #read(universe: string, from: FoldState): Promise<FoldState> {
    const { store, folds } = this.#options
    let state = from
    for (;;) {
      const entries = await store.read(universe, state.position.offset, READ_BYTES)
      if (entries.length === 0) return state
      // Asked for after the entries were read: a restore may be learned of meanwhile, and what is
      // written after it is in no earlier epoch.
      const record = await store.find(universe)
      assert(record !== undefined, 'a universe with a log is there')
      state = await folds.receive(universe, entries, record.epoch)
    }
  }

  /** Begins a fold from the newest image that is whole. */
  async #loadImage({ universe }: UniverseRecord): Promise<void> {
    const { store, folds } = this.#options
    const images = [...(await store.images(universe))].sort((a, b) => b.offset - a.offset)
    const [newest] = images
    const text = newest && (await store.manifestText(universe, newest.manifest))
    if (text === undefined) {
      throw new UniverseError(
        'storage/corrupt',
        `the log of ${universe} is truncated and there is no image; restore a backup`,
      )
    }
    for (const { hash } of parseImageManifest(text).chunks) {
      const bytes = await store.chunk(hash)
      if (bytes === undefined) {
        throw new UniverseError(
          'storage/corrupt',
          `chunk ${hash} of the image of ${universe} is missing; restore a backup`,
        )
      }
      await folds.addChunk(universe, bytes)
    }
  }

  /** Makes a floor of a mark that is old enough; true if it did. */
  async #layFloor(
    universe: string,
    { mark, position }: FoldState,
    nowMs: number,
  ): Promise<boolean> {
    const { store, folds, relay, retention, onEvent } = this.#options
    if (mark === undefined) return false
    const kept = await store.hashAt(universe, mark.position.offset)
    if (kept !== mark.position.hash) {
      // The log was restored to before it, or a floor of another relay has passed it.
      await folds.dropMark(universe)
      return false
    }
    if (nowMs - mark.atMs < retention.floorLagMs) return false
    for (const { offset, atMs } of await store.cursors(universe)) {
      if (nowMs - atMs <= retention.sessionMemoryMs && offset < mark.position.offset) return false
    }
    const floor = await folds.floor(universe)
    if (floor === undefined) return false
    // Dead are the rows at the fold's place: with an entry more, one may not be.
    const offset = await relay.appendFloor(universe, floor, position.offset)
    if (offset === undefined) return false
    await folds.dropMark(universe)
    onEvent?.({
      kind: 'floor',
      universe,
      offset,
      baseOffset: floor.baseOffset,
      forgottenCount: floor.forgotten.reduce((total, { ids }) => total + ids.length, 0),
    })
    return true
  }

  /** `bytesRead`: bytes of log that were kept when the fold had read no further than it has now. */
  async #makeImage(
    universe: string,
    { position }: FoldState,
    { nowMs, bytesRead }: { readonly nowMs: number; readonly bytesRead: number },
  ): Promise<void> {
    const { store, retention } = this.#options
    const record = await store.find(universe)
    const images = await store.images(universe)
    const newestImage = images.reduce<StoredImage | undefined>(
      (newest, image) => (newest !== undefined && newest.offset > image.offset ? newest : image),
      undefined,
    )
    const newest = newestImage?.offset ?? 0
    const floorOffset = record?.floor?.offset ?? 0
    const isNeeded = newest < floorOffset && position.offset >= floorOffset
    if (record === undefined || position.offset <= newest) return
    // Truncating makes it less than it was at the last image.
    const bytesBefore = Math.min(this.#bytesAtImage.get(universe) ?? 0, record.byteCount)
    // While a universe is being filled, images would soon be out of date; once it is quiet they last.
    const isQuiet = this.#settled.get(universe)?.head === position.offset
    const proportional = (newestImage?.byteCount ?? 0) / IMAGE_BYTES_PER_LOG_BYTE
    const isDue =
      position.offset - newest >= retention.imageEveryEntries ||
      record.byteCount - bytesBefore >=
        Math.max(retention.imageEveryBytes, isQuiet ? 0 : proportional)
    if (!(isDue || isNeeded)) return
    await this.#putImage(record, nowMs)
    // Not what is kept by now: what came meanwhile is in no image yet.
    this.#bytesAtImage.set(universe, bytesRead)
    const kept = [...(await store.images(universe))].sort((a, b) => b.offset - a.offset)
    const surplus = kept.slice(retention.imagesKept).map(({ manifest }) => manifest)
    if (surplus.length > 0) await store.dropImages(universe, surplus)
  }

  async #putImage({ universe, module, owner }: UniverseRecord, nowMs: number): Promise<void> {
    const { store, folds, hash, onEvent } = this.#options
    const { position, schemaVersion, schemaHash, digest, byteCount } =
      await folds.beginImage(universe)
    const chunks: { hash: ImageManifest['digest']; byteCount: number }[] = []
    try {
      for (;;) {
        const chunk = await folds.nextChunk(universe)
        if (chunk === undefined) break
        if (!(await store.hasChunk(chunk.hash))) await store.putChunk(chunk.hash, chunk.bytes)
        chunks.push({ hash: chunk.hash, byteCount: chunk.bytes.length })
      }
    } finally {
      await folds.endImage(universe)
    }
    const text = encodeImageManifest({
      format: 1,
      universe,
      module,
      schemaVersion,
      schemaHash,
      epoch: position.epoch,
      offset: position.offset,
      hash: position.hash,
      owner,
      digest,
      byteCount,
      chunks,
    })
    const compressed = chunks.reduce((total, each) => total + each.byteCount, 0)
    await store.putImage(universe, {
      manifest: imageManifestHash(text, hash),
      offset: position.offset,
      byteCount: compressed,
      createdMs: nowMs,
      text,
    })
    onEvent?.({ kind: 'image', universe, offset: position.offset, byteCount: compressed })
  }

  async #truncate(universe: string): Promise<void> {
    const { store, relay, onEvent } = this.#options
    const record = await store.find(universe)
    const { floor, truncatedThrough = 0 } = record ?? {}
    if (floor === undefined || floor.baseOffset <= truncatedThrough) return
    const images = await store.images(universe)
    if (!images.some(({ offset }) => offset >= floor.offset)) return
    for (;;) {
      const left = await relay.truncate(universe, floor.baseOffset, TRUNCATE_ENTRIES)
      if (left === 0) break
    }
    onEvent?.({ kind: 'truncated', universe, throughOffset: floor.baseOffset })
  }
}

/** True when a fold itself is what is wrong, so that another one may do. */
function isPastUse(error: unknown): boolean {
  if (!isUniverseError(error)) return false
  return error.code.startsWith('engine/') || PAST_USE.has(error.code)
}
