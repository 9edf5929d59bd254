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
import { assert, type Replica } from '@inner-universe/core'
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
  #dropping: Promise<void> = Promise.resolve()
  /** What is asked of a replica while one takes the place of another. */
  #between: Pick<Replica, 'unsyncedCount'> | undefined

  constructor(options: HostHomeOptions) {
    this.#options = options
  }

  get replica(): Replica {
    return (this.#between as Replica | undefined) ?? this.#options.database.host.engine.replica
  }

  async stage(): Promise<StagedReplica> {
    // One that was broken off without a word still has its files.
    this.#staging?.close()
    // Whoever dropped is told why it failed; what is left is overwritten.
    await this.#dropping.catch(() => undefined)
    this.#staging = await this.#options.database.store.stageReplica()
    return new StagedDatabase({
      ...this.#options,
      staging: this.#staging,
      onBetween: (between) => {
        this.#between = between
      },
    })
  }

  /** Gives back the files of a replica that is being built; another attempt may go on with them. */
  release(): void {
    this.#staging?.close()
    this.#staging = undefined
  }

  /** Removes what attempts that were broken off have left. None is under way. */
  dropStaged(): Promise<void> {
    this.release()
    this.#dropping = this.#options.database.store.dropStaged()
    return this.#dropping
  }
}

interface StagedDatabaseOptions extends HostHomeOptions {
  readonly staging: ReplicaStaging
  /** No database is open; undefined: one is again. */
  readonly onBetween: (between: Pick<Replica, 'unsyncedCount'> | undefined) => void
}

class StagedDatabase implements StagedReplica {
  readonly #options: StagedDatabaseOptions
  #engine: Engine | undefined

  constructor(options: StagedDatabaseOptions) {
    this.#options = options
  }

  /** The bytes themselves tell what was kept: no record of progress can be wrong about them. */
  async keptChunks({ byteCount, chunks }: ImageManifest): Promise<ReadonlySet<number>> {
    const { staging, hash: hashOf } = this.#options
    const kept = new Set<number>()
    chunks.forEach(({ hash }, index) => {
      const at = index * IMAGE_CHUNK_BYTES
      const bytes = staging.read(at, Math.min(IMAGE_CHUNK_BYTES, byteCount - at))
      if (bytes.length > 0 && hashOf(bytes) === hash) kept.add(index)
    })
    return kept
  }

  async writeChunk(_manifest: ImageManifest, index: number, bytes: Uint8Array): Promise<void> {
    this.#options.staging.write(index * IMAGE_CHUNK_BYTES, bytes)
  }

  async open(
    start: { readonly manifest: ImageManifest } | { readonly owner: string },
  ): Promise<Replica> {
    const { database, staging } = this.#options
    const { byteCount, owner } =
      'manifest' in start ? start.manifest : { byteCount: 0, owner: start.owner }
    database.onLong()
    const driver = await staging.open(byteCount)
    this.#engine = await database.openEngine(driver, 'new', { owner })
    return this.#engine.replica
  }

  async takeOver(plan: AdoptionPlan): Promise<TakeOverResult> {
    const { database, staging } = this.#options
    const { host, clock, onLong } = database
    const engine = this.#engine
    assert(engine !== undefined, 'a staged replica is open when it takes over')
    onLong()
    // Before anything is stamped anew.
    clock.offsetMs = plan.clockOffsetMs
    host.suspend()
    let result: TakeOverResult
    try {
      result = engine.adopt(host.engine.carryOver(), plan)
      staging.seal()
    } catch (error) {
      host.resume(host.engine)
      throw error
    }
    engine.close()
    await this.#replace()
    return result
  }

  /** Puts the staged database in place of the open one. If that fails, the old one goes on. */
  async #replace(): Promise<void> {
    const { database, staging, onBetween } = this.#options
    const { host, store, openEngine } = database
    const unsyncedCount = host.engine.unsyncedCount()
    onBetween({ unsyncedCount: () => unsyncedCount })
    host.engine.close()
    try {
      await staging.takeOver()
    } finally {
      await store
        .open()
        .then(async (driver) => {
          database.driver = driver
          host.resume(await openEngine(driver, 'continue'))
        })
        .catch((error: unknown) => {
          // Uncaught where it can be, so that another worker is started.
          queueMicrotask(() => host.abandon())
          throw error
        })
      onBetween(undefined)
    }
  }

  async drop(): Promise<void> {
    this.#engine?.close()
    await this.#options.staging.drop()
  }
}
