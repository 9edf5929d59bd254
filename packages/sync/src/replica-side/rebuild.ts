/**
 * Building a replica anew beside the one in use (PROTOCOL.md RS16).
 *
 *     staging ─▶ fetching the image ─▶ opening ─▶ filling from the log ─▶ taking over
 *
 * Each step survives a lost connection: the next run goes on where the last one stopped. Until it has
 * taken over, nothing of the replica in use is changed.
 */
import { type HashFunction, type Replica, UniverseError } from '@inner-universe/core'
import type { ImageManifest } from '../image-manifest.ts'
import type { Compression, Scheduler } from '../transport.ts'
import type { Backoff } from './backoff.ts'
import {
  type ChunkHash,
  fetchChunks,
  fetchManifest,
  type ImageSource,
  type Over,
} from './image-fetch.ts'
import type { OpenedMessage } from './opening.ts'
import type { RelayLink } from './relay-link.ts'
import type { AdoptionPlan, ReplicaHome, StagedReplica, TakeOverResult } from './replica-home.ts'
import { ReplicaSession } from './replica-session.ts'

/** What a rebuild is made of. */
export interface RebuildOptions {
  readonly home: ReplicaHome
  readonly universe: string
  readonly images: ImageSource
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly hash: HashFunction
  readonly hashChunk: ChunkHash
  readonly createBackoff: () => Backoff
  /** Bytes of the image, or offsets of the log. */
  readonly onProgress: (phase: 'image' | 'log', done: number, total: number) => void
}

/** The connection a run uses. */
export interface RebuildRun {
  readonly link: RelayLink
  readonly channel: number
  /** The newest answer to `open`: which image there is. */
  readonly opened: OpenedMessage
  readonly plan: () => AdoptionPlan
}

/** One rebuild, over as many connections as it takes. One run at a time. */
export class Rebuild {
  readonly #options: RebuildOptions
  #staged: StagedReplica | undefined
  #replica: Replica | undefined
  #session: ReplicaSession | undefined
  /** Opening begun by an earlier run: it may still be writing. */
  #opening: Promise<Replica | undefined> = Promise.resolve(undefined)
  /** Ends the present run. */
  #suspend: (() => void) | undefined

  constructor(options: RebuildOptions) {
    this.#options = options
  }

  /** The session that fills; its channel's messages are for it. */
  get session(): ReplicaSession | undefined {
    return this.#session
  }

  /**
   * Goes as far as the connection lasts. Resolves to what taking over did, or to undefined when it
   * was suspended. A failure drops what was staged, unless another attempt can go on with it.
   */
  async run(run: RebuildRun): Promise<TakeOverResult | undefined> {
    const over = this.#begin()
    const staged = this.#staged ?? (await this.#options.home.stage())
    this.#staged = staged
    // What an earlier run left under way, such as writing a chunk, ends first; its failure was told.
    await this.#opening.catch(() => undefined)
    if (over.isOver) return undefined
    if (this.#replica === undefined) this.#opening = this.#open(staged, run, over)
    await this.#opening
    const replica = this.#replica
    if (replica === undefined || over.isOver) return undefined
    const outcome = await Promise.race([this.#fill(replica, run), over.end])
    if (outcome === undefined || over.isOver) return undefined
    if (outcome.kind === 'lost') return this.#startOver(outcome.error)
    try {
      return await staged.takeOver(run.plan())
    } catch (error) {
      return this.#startOver(error)
    }
  }

  /** The connection is gone: ends the run, and keeps what there is for the next. */
  suspend(): void {
    this.#suspend?.()
  }

  #begin(): Over {
    const { promise: end, resolve } = Promise.withResolvers<undefined>()
    const over = { isOver: false, end }
    this.#suspend = () => {
      over.isOver = true
      this.#session?.close()
      this.#session = undefined
      resolve(undefined)
    }
    return over
  }

  async #open(staged: StagedReplica, run: RebuildRun, over: Over): Promise<Replica | undefined> {
    const manifest = await this.#image(staged, run, over)
    if (over.isOver) return undefined
    const { owner } = run.opened
    try {
      this.#replica = await staged.open(manifest === undefined ? { owner } : { manifest })
      return this.#replica
    } catch (error) {
      return this.#startOver(error)
    }
  }

  /** Fetches the image; undefined: there is none that this version can open. */
  async #image(
    staged: StagedReplica,
    { opened }: RebuildRun,
    over: Over,
  ): Promise<ImageManifest | undefined> {
    const { home, universe, images, onProgress } = this.#options
    if (opened.image === undefined) return undefined
    const { moduleName: module, schemaVersion } = home.replica
    const { manifest: offered } = opened.image
    const options = { ...this.#options, source: images, over }
    const manifest = await fetchManifest(offered, { universe, module }, options)
    if (manifest === undefined || manifest.schemaVersion > schemaVersion) return undefined
    await fetchChunks(manifest, {
      ...options,
      staged,
      onProgress: (done, total) => onProgress('image', done, total),
    })
    return manifest
  }

  /** Reads the log from the staged replica's place up to its head. */
  #fill(replica: Replica, { link, channel }: RebuildRun): Promise<FillOutcome> {
    const { universe, scheduler, compression, hash, createBackoff, onProgress } = this.#options
    return new Promise((resolve) => {
      const lost = (error: unknown): void => resolve({ kind: 'lost', error })
      this.#session = new ReplicaSession({
        link,
        channel,
        universe,
        mode: 'fill',
        replica,
        scheduler,
        compression,
        hash,
        backoff: createBackoff(),
        events: {
          onProgress: (offset, head) => {
            onProgress('log', offset, head)
            if (offset < head) return
            this.#session?.close()
            this.#session = undefined
            resolve({ kind: 'filled' })
          },
          onRebuild: ({ reason }) => lost(lostPlace(replica, reason)),
          onRefused: ({ code, message }) =>
            lost(
              new UniverseError(
                'sync/refused',
                `the relay refused a rebuild (${code}): ${message}`,
              ),
            ),
          onFailed: lost,
        },
      })
    })
  }

  /** Drops what was staged: the next run begins from nothing. */
  async #startOver(error: unknown): Promise<never> {
    const staged = this.#staged
    this.#staged = undefined
    this.#replica = undefined
    this.#session?.close()
    this.#session = undefined
    await staged?.drop()
    throw error
  }
}

type FillOutcome = { readonly kind: 'filled' } | { readonly kind: 'lost'; readonly error: unknown }

/** A replica that is being filled stands at a place the log does not have, or no longer. */
function lostPlace(replica: Replica, reason: string): UniverseError {
  const { offset } = replica.position()
  if (offset === 0 && reason !== 'fork') {
    const text = 'the log is no longer whole, and the image needs a newer version of this app'
    return new UniverseError('sync/update-required', text)
  }
  return new UniverseError('sync/image-invalid', `the log does not go on from offset ${offset}`)
}
