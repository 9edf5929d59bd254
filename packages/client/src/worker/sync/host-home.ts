/**
 * The home of a replica: the host's database, and how another one built beside it takes its place.
 *
 *     stage ─▶ chunks written ─▶ open: a second engine takes in the log ─▶ takeOver
 *
 * At `takeOver` the host is suspended (calls wait, in the order they came), what is local and what is
 * pending is carried over in one transaction of the new database, both are closed, and the store puts
 * one in place of the other in a single step: killed before it, the old database is there as it was;
 * after it, the new one with everything. Then the host goes on and tabs read again what they follow.
 */
import { assert } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import {
  type AdoptionPlan,
  type HashFunction,
  IMAGE_CHUNK_BYTES,
  type ImageManifest,
  type ReplicaHome,
  type StagedReplica,
  type TakeOverResult,
} from '@inner-universe/sync'
import type { OpenDatabase } from '../host-commands.ts'
import type { ReplicaStaging } from '../store.ts'

/** What a home is made of. */
export interface HostHomeOptions {
  readonly database: OpenDatabase
  readonly hash: HashFunction
}

/** The replica of the database that is open. */
export class HostHome implements ReplicaHome {
  readonly #options: HostHomeOptions
  #staging: ReplicaStaging | undefined

  constructor(options: HostHomeOptions) {
    this.#options = options
  }

  get replica(): Engine['replica'] {
    return this.#options.database.host.engine.replica
  }

  async stage(): Promise<StagedReplica> {
    // One that was broken off without a word still has its files.
    this.#staging?.close()
    this.#staging = await this.#options.database.store.stageReplica()
    return new StagedDatabase(this.#options, this.#staging)
  }

  /** Gives back the files of a replica that is being built; another attempt may go on with them. */
  release(): void {
    this.#staging?.close()
    this.#staging = undefined
  }

  /** Removes what attempts that were broken off have left. None is under way. */
  async dropStaged(): Promise<void> {
    this.release()
    await this.#options.database.store.dropStaged()
  }
}

class StagedDatabase implements StagedReplica {
  readonly #database: OpenDatabase
  readonly #hash: HashFunction
  readonly #staging: ReplicaStaging
  #engine: Engine | undefined

  constructor({ database, hash }: HostHomeOptions, staging: ReplicaStaging) {
    this.#database = database
    this.#hash = hash
    this.#staging = staging
  }

  /** The bytes themselves tell what was kept: no record of progress can be wrong about them. */
  async keptChunks({ byteCount, chunks }: ImageManifest): Promise<ReadonlySet<number>> {
    const kept = new Set<number>()
    chunks.forEach(({ hash }, index) => {
      const at = index * IMAGE_CHUNK_BYTES
      const bytes = this.#staging.read(at, Math.min(IMAGE_CHUNK_BYTES, byteCount - at))
      if (bytes.length > 0 && this.#hash(bytes) === hash) kept.add(index)
    })
    return kept
  }

  async writeChunk(_manifest: ImageManifest, index: number, bytes: Uint8Array): Promise<void> {
    this.#staging.write(index * IMAGE_CHUNK_BYTES, bytes)
  }

  async open(
    start: { readonly manifest: ImageManifest } | { readonly owner: string },
  ): Promise<Engine['replica']> {
    const { byteCount, owner } =
      'manifest' in start ? start.manifest : { byteCount: 0, owner: start.owner }
    this.#database.onLong()
    const driver = await this.#staging.open(byteCount)
    this.#engine = this.#database.openEngine(driver, 'new', { owner })
    return this.#engine.replica
  }

  async takeOver(plan: AdoptionPlan): Promise<TakeOverResult> {
    const { host, store, openEngine, clock, onLong } = this.#database
    const engine = this.#engine
    assert(engine !== undefined, 'a staged replica is open when it takes over')
    onLong()
    // Before anything is stamped anew.
    clock.offsetMs = plan.clockOffsetMs
    host.suspend()
    let result: TakeOverResult
    try {
      result = engine.adopt(host.engine.carryOver(), plan)
      this.#staging.seal()
    } catch (error) {
      host.resume(host.engine)
      throw error
    }
    engine.close()
    host.engine.close()
    try {
      await this.#staging.takeOver()
    } finally {
      // Whichever of the two it is now.
      const driver = await store.open()
      this.#database.driver = driver
      host.resume(openEngine(driver, 'continue'))
    }
    return result
  }

  async drop(): Promise<void> {
    this.#engine?.close()
    await this.#staging.drop()
  }
}
