/** One replica of a world: its disk, its engine, its half of the protocol, and its mishaps. */
import {
  type AdoptedDelta,
  createClientId,
  formatCallId,
  type Hash,
  type StreamId,
} from '@inner-universe/core'
import type { CallOutcome, CallUndo, Engine } from '@inner-universe/engine'
import {
  type Connect,
  type Connection,
  decodeRelayMessage,
  ReplicaSync,
} from '@inner-universe/sync'
import { compression } from './compression.ts'
import { fastHash } from './fast-hash.ts'
import { createMemory, type LiveMemory, type Memory } from './ledger.ts'
import { type CallArguments, moduleOf } from './module-under-test.ts'
import { type Accept, createLine, type Line } from './network.ts'
import { randomFor, type TrapPlace } from './plan.ts'
import { openSimHome, type SimHome } from './sim-home.ts'
import { tokenOf, UNIVERSE } from './sim-relay.ts'
import { createNodeClock, type Life, type NodeClock, type VirtualTime } from './virtual-time.ts'
import type { Watch } from './watch.ts'

/** What is on a replica's disk, and what should be. */
export interface DiskCopy {
  readonly bytes: Uint8Array | undefined
  readonly memory: Memory
  /** Streams that whoever runs on it may write, or push what is written of. */
  readonly ownStreams: ReadonlySet<StreamId>
  readonly chunks: ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>
}

/** A replica. Off until started. */
export interface SimReplica {
  readonly name: string
  readonly identity: string
  readonly isLimited: boolean
  schemaVersion: 1 | 2
  readonly clock: NodeClock
  readonly line: Line
  /** The engine in use; also while it is off, as long as its disk is there. */
  readonly engine: Engine | undefined
  readonly sync: ReplicaSync | undefined
  readonly isOn: boolean
  /** There may be something to do for versions. */
  readonly isFilling: boolean
  readonly memory: LiveMemory
  start(): void
  /** The app stops synchronisation, and lets it go on. */
  pause(): void
  resume(): void
  /** Ends this life at once; what was committed stays. */
  kill(isSilent: boolean): void
  /** Copies the disk of a replica that is on or off. */
  copyDisk(): DiskCopy
  /** Puts another disk in place; only while off. */
  replaceDisk(copy: DiskCopy | undefined): void
  /** Closes what is open of it. Only while off. */
  discard(): void
  /** Calls reducers as one group; those that commit are noted. */
  call(calls: readonly { readonly reducer: string; readonly args: CallArguments }[]): void
  /** Calls reducers as one group, and tells the relay soon. Nothing happens while it is off. */
  commit(calls: readonly SimCall[]): readonly CallOutcome[]
  /** Whether its disk holds a batch. */
  holds(stream: StreamId, firstSeq: number, hash: Hash): boolean
}

/** A call of any reducer. */
export interface SimCall {
  readonly reducer: string
  readonly args: unknown
  readonly undo?: CallUndo
}

/** What a replica is made of. */
export interface SimReplicaOptions {
  readonly time: VirtualTime
  readonly seed: number
  /** Unique in its world. */
  readonly name: string
  /** Who uses it; a clone shares it. */
  readonly identity: string
  readonly schemaVersion: 1 | 2
  readonly skewMs: number
  readonly isLimited: boolean
  readonly isCoarse: boolean
  readonly accept: Accept
  readonly fetchImage: FetchImage
  readonly watch: Watch
  readonly spring: (place: TrapPlace) => void
  /** A call committed anywhere. */
  readonly onCommitted: (marker: string, reducer: string) => void
}

/** What is fetched beside the connection, as over HTTP. */
export interface FetchImage {
  manifest(universe: string, hash: Hash): Promise<string | undefined>
  chunk(hash: Hash): Promise<Uint8Array | undefined>
  isUp(): boolean
}

/** The same refusal of the same batch so often, without anything acknowledged between, is a loop. */
const REFUSALS_MAX = 4

/** The same for gaps: all that were pushed behind a refused batch fall into one. */
const GAPS_MAX = 40

/** What a coarse device takes for no error of its clock, ms. */
const COARSE_MS = 1000

/** Longest time until a device is idle, ms. */
const FILL_MS_MAX = 5000

/** Longest time fetching one thing takes, ms. */
const FETCH_MS_MAX = 100

/** Creates a replica with an empty disk. */
export function createSimReplica(options: SimReplicaOptions): SimReplica {
  const { time, seed, name, identity, isLimited, watch } = options
  const clock = createNodeClock(time, options.skewMs)
  const random = randomFor(seed, name)
  const client = createClientId((count) => random.bytes(count))
  let disk: DiskCopy = EMPTY_DISK
  let memory = createMemory()
  let chunks = new Map<string, Map<number, Uint8Array>>()
  let home: SimHome | undefined
  /** Homes of ended lives: their last thoughts may still look into them. */
  const graves: SimHome[] = []
  /** Seats by the marker of their booking. */
  const bookings = new Map<string, string>()
  let sync: ReplicaSync | undefined
  let life: Life | undefined
  let isPaused = false
  let callCount = 0
  let isFilling = false
  let clockOffsetMs = 0
  let refusal = ''
  let refusalCount = 0

  const idle = randomFor(seed, `${name} idle`)

  /** Does what there is to do for versions, a slice now and then. */
  const fillSoon = (alive: Life): void => {
    if (isFilling) return
    isFilling = true
    // Mostly at once; now and then a device is busy for long.
    alive.setTimer(idle.next() ** 4 * FILL_MS_MAX, () => {
      isFilling = false
      if (home?.engine.history.fill() !== true) return
      sync?.poke()
      fillSoon(alive)
    })
  }

  const line = createLine(time, randomFor(seed, `${name} line`), options.accept)

  /** Hears what the relay says before the replica does. */
  const connectIn =
    (alive: Life): Connect =>
    (events) =>
      alive.isOver
        ? DEAD_CONNECTION
        : line.connect({
            ...events,
            onMessage(bytes) {
              const message = decodeRelayMessage(bytes)
              if (message?.type === 'nack') {
                watch.count(`nack ${message.code}`)
                const what = `${message.code} ${message.stream} ${message.seq}`
                refusalCount = what === refusal ? refusalCount + 1 : 1
                refusal = what
                if (refusalCount > (message.code === 'gap' ? GAPS_MAX : REFUSALS_MAX)) {
                  watch.fail(
                    'loop',
                    `${name} was refused ${refusalCount} times alike: ${what}: ${message.message}`,
                  )
                }
              }
              if (message?.type === 'ack') refusal = ''
              if (message?.type === 'bye') watch.count(`bye ${message.code}`)
              if (message?.type === 'refused') watch.count(`refused ${message.code}`)
              events.onMessage(bytes)
              options.spring('message-received')
              fillSoon(alive)
            },
          })

  const fetch = <T>(alive: Life, get: () => Promise<T | undefined>): Promise<T> =>
    new Promise((resolve, reject) => {
      alive.setTimer(random.next() * FETCH_MS_MAX, () => {
        if (!options.fetchImage.isUp()) reject(new Error('the relay does not answer'))
        else {
          get().then((found) => {
            if (found === undefined) reject(new Error('404'))
            else resolve(found)
          }, reject)
        }
      })
    })

  const open = (): SimHome =>
    openSimHome({
      module: moduleOf(replica.schemaVersion),
      clock,
      random,
      identity,
      contents: disk.bytes,
      chunks,
      clockOffsetMs: () =>
        options.isCoarse && Math.abs(clockOffsetMs) < COARSE_MS ? 0 : clockOffsetMs,
      spring: options.spring,
      onError(what, error) {
        watch.fail('exception', `${name}, ${what}: ${(error as Error).stack}`)
      },
      onFault: (invariant, message) => watch.fail(invariant, `${name}: ${message}`),
      onTakenOver(plan, adopted, seats) {
        checkRecheck(adopted, seats)
        watch.count(`rebuild ${plan.reason}`)
        watch.trace(() => `${name} rebuilt (${plan.reason}): ${JSON.stringify(adopted)}`)
        memory.adopted(adopted)
      },
    })

  /** [recheck] A booking that is authored anew is refused where its seat is taken by now. */
  const checkRecheck = (
    adopted: readonly AdoptedDelta[],
    seats: ReadonlyMap<string, string>,
  ): void => {
    // Of the first alone it is known what it was run on.
    const first = adopted.find(({ kind }) => kind !== 'settled')
    if (first?.kind !== 'reauthored') return
    const marker = memory.markerOf(first.from)
    const seat = marker === undefined ? undefined : bookings.get(marker)
    const holder = seat === undefined ? undefined : seats.get(seat)
    if (holder !== undefined && holder !== marker) {
      watch.fail('recheck', `${name} booked seat ${seat} for ${marker}, which ${holder} had`)
    }
  }

  const replica: SimReplica = {
    name,
    identity,
    isLimited,
    schemaVersion: options.schemaVersion,
    clock,
    line,
    get engine() {
      return home?.engine
    },
    get sync() {
      return sync
    },
    get isOn() {
      return sync !== undefined
    },
    get isFilling() {
      return isFilling
    },
    get memory() {
      return memory
    },
    start() {
      const alive = clock.live()
      life = alive
      home = open()
      clockOffsetMs = 0
      sync = new ReplicaSync({
        home,
        universe: UNIVERSE,
        connect: connectIn(alive),
        scheduler: alive,
        compression,
        hash: fastHash,
        images: {
          manifest: (hash) => fetch(alive, () => options.fetchImage.manifest(UNIVERSE, hash)),
          chunk: (hash) => fetch(alive, () => options.fetchImage.chunk(hash)),
        },
        getToken: async () => tokenOf(identity, { isLimited }),
        agent: `sim ${name}`,
        randomFloat: () => random.next(),
        onClockOffset(offsetMs) {
          clockOffsetMs = offsetMs
        },
        onStatus: (status) => watch.trace(() => `${name} ${JSON.stringify(status)}`),
        onConflicts(conflicts) {
          for (const { kind } of conflicts) watch.count(`conflict ${kind}`)
        },
      })
      isFilling = false
      fillSoon(alive)
      if (isPaused) sync.pause()
      sync.start()
    },
    pause() {
      isPaused = true
      sync?.pause()
    },
    resume() {
      isPaused = false
      sync?.resume()
    },
    kill(isSilent) {
      line.die(isSilent)
      life?.end()
      sync = undefined
      if (home === undefined) return
      disk = copyDisk()
      home.abandon()
      graves.push(home)
      home = undefined
    },
    copyDisk,
    replaceDisk(copy = EMPTY_DISK) {
      if (home !== undefined) graves.push(home)
      home = undefined
      disk = copy
      memory = createMemory(copy.memory)
      chunks = new Map([...copy.chunks].map(([key, kept]) => [key, new Map(kept)]))
    },
    discard() {
      for (const each of [...graves, ...(home === undefined ? [] : [home])]) each.close()
      home = undefined
    },
    call(calls) {
      replica.commit(calls).forEach((outcome, index) => {
        const call = calls[index]
        if (call === undefined) return
        const { marker } = call.args
        watch.trace(
          () => `${name} ${call.reducer} ${marker}: ${outcome.ok ? 'done' : outcome.error.message}`,
        )
        if (!outcome.ok) {
          watch.count(`refused call ${call.reducer}`)
          return
        }
        if (call.reducer === 'book') bookings.set(marker, String(call.args.seat))
        memory.committed(marker, outcome.delta, call.reducer === 'write')
        options.onCommitted(marker, call.reducer)
      })
    },
    commit(calls) {
      if (sync === undefined || home === undefined) return []
      const { outcomes } = home.engine.commit(
        calls.map(({ reducer, args, undo }) => {
          callCount += 1
          return {
            callId: formatCallId(client, callCount),
            reducer,
            args,
            timestampMs: clock.now(),
            sender: identity,
            connectionId: null,
            oldestPendingNumber: callCount,
            undo,
          }
        }),
      )
      sync.poke()
      if (life !== undefined) fillSoon(life)
      return outcomes
    },
    holds(stream, firstSeq, hash) {
      const looked = home ?? open()
      const held = looked.engine.replica.batchesAfter(stream, firstSeq - 1, 1)
      if (looked !== home) looked.close()
      return held.some((batch) => batch.hash === hash)
    },
  }

  function copyDisk(): DiskCopy {
    if (home === undefined) return disk
    const { replica: store } = home.engine
    const kept = memory.copy()
    const ownStreams = new Set([store.stream])
    for (const { stream } of store.pendingStreams()) ownStreams.add(stream)
    for (const { stream } of kept.deltas.values()) ownStreams.add(stream)
    return {
      bytes: home.bytes(),
      memory: kept,
      ownStreams,
      chunks: new Map([...chunks].map(([key, kept]) => [key, new Map(kept)])),
    }
  }

  return replica
}

/** What the dead connect by. */
const DEAD_CONNECTION: Connection = {
  send: () => undefined,
  bufferedBytes: () => 0,
  close: () => undefined,
}

const EMPTY_DISK: DiskCopy = {
  bytes: undefined,
  memory: createMemory().copy(),
  ownStreams: new Set(),
  chunks: new Map(),
}
