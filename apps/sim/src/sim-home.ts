/**
 * Where a simulated replica lives: a real engine on a database in memory, whose bytes can be copied,
 * lost and put back.
 */
import {
  type AdoptedDelta,
  documentReducers,
  type Module,
  type Random,
  type Replica,
  type SealedBatch,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { history } from '@inner-universe/engine/history'
import { replication } from '@inner-universe/engine/replication'
import { undo } from '@inner-universe/engine/undo'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type {
  AdoptionPlan,
  ImageManifest,
  ReplicaHome,
  StagedReplica,
  TakeOverResult,
} from '@inner-universe/sync'
import { SCOPES, type TrapPlace } from './plan.ts'
import type { NodeClock } from './virtual-time.ts'

/** A home as the simulator sees it. */
export interface SimHome extends ReplicaHome {
  readonly engine: Engine
  /** The bytes on its disk. */
  bytes(): Uint8Array
  /** Its life is over: nothing is answered any more. What is being built beside it is lost. */
  abandon(): void
  /** Closes what is open of it. */
  close(): void
}

/** What a home is made of. */
export interface SimHomeOptions {
  readonly module: Module
  readonly clock: NodeClock
  readonly random: Random
  readonly identity: string
  /** What is on the disk; undefined: nothing. */
  readonly contents: Uint8Array | undefined
  /** Chunks of images that earlier lives kept, by manifest: part of the disk. */
  readonly chunks: Map<string, Map<number, Uint8Array>>
  /** Own clock corrected by what is known of the relay's, ms. */
  readonly clockOffsetMs: () => number
  readonly spring: (place: TrapPlace) => void
  /** The store refused what it never should. */
  readonly onError: (what: string, error: unknown) => void
  /** An invariant does not hold. */
  readonly onFault: (invariant: string, message: string) => void
  /** `seats`: who held each before anything pending was put on top of the log. */
  readonly onTakenOver: (
    plan: AdoptionPlan,
    adopted: readonly AdoptedDelta[],
    seats: ReadonlyMap<string, string>,
  ) => void
}

/** Opens a home, creating a universe where there is none. */
export function openSimHome(options: SimHomeOptions): SimHome {
  const { module, clock, random, identity, contents, spring } = options
  let isClosed = false
  let correctionMs: number | undefined

  const open = (bytes: Uint8Array | undefined, join?: { readonly owner: string }): OpenDatabase => {
    const driver = openNodeDatabase({
      path: ':memory:',
      durability: 'process',
      ...(bytes !== undefined && { contents: bytes }),
    })
    const engine = openEngine({
      driver,
      module,
      now: () => clock.now(),
      clockNow: () => clock.now() + (correctionMs ?? options.clockOffsetMs()),
      randomBytes: (count) => random.bytes(count),
      identity,
      replication,
      undo: () => undo,
      documents: documentReducers,
      history,
      stream: join === undefined ? 'continue' : 'new',
      ...(join !== undefined && { join }),
    })
    return { driver, engine }
  }

  let current: OpenDatabase = open(contents)

  /** Whoever asks the dead gets no answer. */
  const never = new Promise<never>(() => undefined)
  let staged: OpenDatabase | undefined

  const stage = async (): Promise<StagedReplica> => {
    if (isClosed) return never
    return {
      keptChunks: async (manifest) => new Set(chunksOf(options, manifest).keys()),
      async writeChunk(manifest, index, bytes) {
        if (isClosed) return never
        chunksOf(options, manifest).set(index, bytes.slice())
      },
      async open(start): Promise<Replica> {
        if (isClosed) return never
        staged?.engine.close()
        if ('manifest' in start) {
          const { manifest } = start
          staged = open(joined(manifest, chunksOf(options, manifest)), { owner: manifest.owner })
          checkImage(options, staged, manifest)
        } else {
          staged = open(undefined, { owner: start.owner })
        }
        const replica = watched(options, staged.engine.replica)
        spring('stage-opened')
        return isClosed ? never : replica
      },
      async takeOver(plan): Promise<TakeOverResult> {
        if (staged === undefined) throw new Error('nothing was opened to take over')
        if (isClosed) return never
        spring('take-over-begun')
        if (isClosed) return never
        const seats = seatsOf(staged.engine)
        correctionMs = plan.clockOffsetMs
        const { keepsStream, denied, settled } = plan
        const { engine: next } = staged
        const carryOver = current.engine.carryOver()
        const result = reporting(options, 'taking over', () =>
          next.adopt(carryOver, { keepsStream, denied, settled }),
        )
        checkAnew(options, next, carryOver.sealed, result.adopted)
        checkSteps(options, current.engine, next)
        correctionMs = undefined
        const { engine } = current
        current = staged
        staged = undefined
        engine.close()
        options.chunks.clear()
        options.onTakenOver(plan, result.adopted, seats)
        spring('take-over-done')
        return isClosed ? never : result
      },
      async drop() {
        staged?.engine.close()
        staged = undefined
      },
    }
  }

  return {
    get replica() {
      return watched(options, current.engine.replica)
    },
    get engine() {
      return current.engine
    },
    stage,
    bytes: () => bytesOf(current.driver),
    abandon() {
      isClosed = true
    },
    close() {
      isClosed = true
      staged?.engine.close()
      current.engine.close()
    },
  }
}

/** Tells of whatever is thrown, and throws it on. */
function reporting<T>(options: SimHomeOptions, what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    options.onError(what, error)
    throw error
  }
}

/** A replica that tells of whatever its methods throw: the protocol would only try again. */
function watched(options: SimHomeOptions, replica: Replica): Replica {
  return new Proxy(replica, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]) =>
        reporting(options, String(name), () => Reflect.apply(value, target, args))
    },
  })
}

/** [image] An image is what its manifest says, and whoever begins from it owns what it begins alone. */
function checkImage(
  { module, onFault }: SimHomeOptions,
  { engine, driver }: OpenDatabase,
  { epoch, offset, hash, digest, schemaVersion }: ImageManifest,
): void {
  const is = engine.replica.position()
  if (is.epoch !== epoch || is.offset !== offset || is.hash !== hash) {
    onFault('image', `the image of ${epoch} ${offset} is one of ${is.epoch} ${is.offset}`)
  }
  // Another version names other columns.
  const isComparable = schemaVersion === module.version
  if (isComparable && engine.digest() !== digest)
    onFault('image', `the image at ${offset} has another digest`)
  const [ownCount] = driver.prepare('SELECT count(*) FROM _stream WHERE is_own = 1').get() ?? []
  if (ownCount !== 1) onFault('image', `${String(ownCount)} streams are own after an image`)
}

/** [once] What is authored anew is of no batch that was pushed, and has been read in the log. */
function checkAnew(
  options: SimHomeOptions,
  { replica }: Engine,
  sealed: readonly SealedBatch[],
  adopted: readonly AdoptedDelta[],
): void {
  for (const { kind, from } of adopted) {
    if (kind !== 'reauthored') continue
    const batch = sealed.find(
      ({ stream, firstSeq, deltaCount }) =>
        stream === from.stream && firstSeq <= from.seq && from.seq < firstSeq + deltaCount,
    )
    if (batch === undefined) continue
    const [read] = replica.batchesAfter(batch.stream, batch.firstSeq - 1, 1)
    if (read?.hash !== batch.hash) continue
    options.onFault('once', `authored anew what was read in the log: ${from.stream} ${from.seq}`)
  }
}

/** [undo] What could be undone before a rebuild can be undone after it. */
function checkSteps({ identity, onFault }: SimHomeOptions, before: Engine, after: Engine): void {
  for (const scope of SCOPES) {
    const [had, has] = [before, after].map(({ undo }) =>
      JSON.stringify(undo.state({ identity, scope })),
    )
    if (had !== has) onFault('undo', `a rebuild made of the steps of ${scope} ${has}, not ${had}`)
  }
}

function seatsOf(engine: Engine): ReadonlyMap<string, string> {
  const rows = engine.query({ table: 'seat', orderBy: [] })
  return new Map(rows.map(({ key, holder }) => [String(key), String(holder)]))
}

interface OpenDatabase {
  readonly driver: Driver
  readonly engine: Engine
}

function chunksOf(options: SimHomeOptions, manifest: ImageManifest): Map<number, Uint8Array> {
  const key = JSON.stringify(manifest)
  let chunks = options.chunks.get(key)
  if (chunks === undefined) {
    chunks = new Map()
    options.chunks.set(key, chunks)
  }
  return chunks
}

function joined(manifest: ImageManifest, chunks: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const parts = manifest.chunks.map((_, index) => chunks.get(index) ?? new Uint8Array())
  return new Uint8Array(Buffer.concat(parts))
}

/** The bytes of a whole database. */
export function bytesOf(driver: Driver): Uint8Array {
  return new Uint8Array(Buffer.concat([...driver.exportChunks(CHUNK_BYTES)]))
}

const CHUNK_BYTES = 64 * 1024 * 1024
