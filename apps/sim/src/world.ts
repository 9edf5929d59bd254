/**
 * A world: a relay, replicas and the lines between them, in one virtual time. It does what a plan's
 * actions say, and knows which loss a fault explains.
 */

import type { Hash, StreamId } from '@inner-universe/core'
import { appendWord, compactDocument } from './document-work.ts'
import { attack } from './hostile-peer.ts'
import type { Action, Plan, TrapPlace } from './plan.ts'
import { randomFor } from './plan.ts'
import { createLogReader, markersOf, type OpenedEntry } from './relay-log.ts'
import { createSimRelay, type SimRelay, UNIVERSE } from './sim-relay.ts'
import { createSimReplica, type DiskCopy, type SimReplica } from './sim-replica.ts'
import { sketch, turn } from './undo-work.ts'
import type { VersionLedger } from './version-ledger.ts'
import { draft, dropVersions, mergeBranch, nameVersion, revert } from './version-work.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'
import { createWatch, type Watch } from './watch.ts'

type BatchEntry = Extract<OpenedEntry, { kind: 'batch' }>

const isBatch = (entry: OpenedEntry): entry is BatchEntry => entry.kind === 'batch'

/** A batch that a restore took out of the log, and which disks still had it. */
interface Lost {
  readonly batch: BatchEntry
  readonly holders: Set<SimReplica>
  /** Nobody has to bring it back. */
  isExcused: boolean
}

/** A world. */
export interface World {
  readonly time: VirtualTime
  readonly watch: Watch
  readonly relay: SimRelay
  /** All there are, also those whose disk was lost (as new ones). */
  readonly replicas: readonly SimReplica[]
  /** Markers of calls that committed somewhere. */
  readonly committed: ReadonlySet<string>
  /** Markers of batches that were durable at the relay at some time. */
  readonly logged: ReadonlySet<string>
  /** Owners of the documents that words were added to, each as its table and key, by word. */
  readonly words: ReadonlyMap<string, readonly [table: string, id: string]>
  readonly versions: VersionLedger
  /** Markers of calls whose write of `vault` the relay has to refuse. */
  readonly forbidden: ReadonlySet<string>
  /** Streams that two copies of a replica may have written: after a rollback or a clone. */
  readonly twoWriters: ReadonlySet<StreamId>
  /** The whole log, opened. */
  log(): readonly OpenedEntry[]
  /** Batches that restores took away and nobody need bring back. */
  excused(): ReadonlySet<string>
  act(action: Action): void
  /** Ends all faults and starts everything that is off. */
  heal(): void
  close(): void
}

/** Creates a world with nothing started. */
export function createWorld(plan: Plan, onTrace?: (line: string) => void): World {
  const { seed, settings } = plan
  const time = createVirtualTime()
  const watch = createWatch(() => time.elapsedMs(), onTrace)
  const readLog = createLogReader()
  const replicas: SimReplica[] = []
  const committed = new Set<string>()
  const logged = new Set<string>()
  const forbidden = new Set<string>()
  const words = new Map<string, readonly [table: string, id: string]>()
  const versions: VersionLedger = { seen: new Map() }
  const lost: Lost[] = []
  const snapshots = new Map<SimReplica, DiskCopy>()
  const twoWriters = new Set<StreamId>()
  const traps = new Map<string, { times: number; downMs: number; replica: number }>()
  let isHealed = false
  let replicaCount = 0

  const relay = createSimRelay({
    time,
    random: randomFor(seed, 'relay'),
    settings,
    watch,
    spring: (place) => springRelay(place),
  })

  const log = (): readonly OpenedEntry[] => readLog(relay.disk.fullLog())

  const noteLogged = (): void => {
    for (const entry of log()) {
      if (entry.kind !== 'batch') continue
      for (const delta of entry.deltas) for (const marker of markersOf(delta)) logged.add(marker)
    }
  }

  const crashRelay = (downMs: number, isSilent: boolean, change: () => void = () => undefined) => {
    watch.count('relay crashes')
    if (relay.isUp) {
      relay.kill()
      for (const { line } of replicas) line.relayDied(isSilent)
    }
    change()
    time.after(downMs, () => {
      if (!relay.isUp) relay.start()
    })
  }

  const springRelay = (place: TrapPlace): void => {
    const trap = traps.get(place)
    if (trap === undefined || trap.times <= 0 || isHealed || !relay.isUp) return
    trap.times -= 1
    watch.trace(() => `trap ${place}`)
    watch.count(`trap ${place}`)
    crashRelay(trap.downMs, false)
  }

  const addReplica = (options: {
    readonly identity: string
    readonly schemaVersion: 1 | 2
    readonly skewMs: number
    readonly isLimited: boolean
  }): SimReplica => {
    const index = replicaCount
    replicaCount += 1
    const replica = createSimReplica({
      ...options,
      isCoarse: settings.isCoarse,
      time,
      seed,
      name: `r${index}`,
      accept: (connection) => relay.accept(connection),
      fetchImage: {
        manifest: (universe, hash) => relay.disk.store().manifestText(universe, hash),
        chunk: (hash) => relay.disk.store().chunk(hash),
        isUp: () => relay.isUp,
      },
      watch,
      spring(place) {
        const trap = traps.get(`${place} ${replicas.indexOf(replica) % 6}`)
        if (trap === undefined || trap.times <= 0 || isHealed || !replica.isOn) return
        trap.times -= 1
        watch.trace(() => `trap ${place} at ${replica.name}`)
        watch.count(`trap ${place}`)
        restart(replica, trap.downMs)
      },
      onCommitted(marker, reducer) {
        committed.add(marker)
        if (reducer === 'hoard' && options.isLimited) forbidden.add(marker)
      },
    })
    replicas.push(replica)
    return replica
  }

  const restart = (replica: SimReplica, downMs: number, change: () => void = () => undefined) => {
    if (replica.isOn) replica.kill(false)
    change()
    time.after(downMs, () => {
      if (!replica.isOn) replica.start()
    })
  }

  /** The disk of a replica is not what it was: what it alone still had may be gone. */
  const noteStorageLoss = (replica: SimReplica): void => {
    for (const each of lost) {
      each.holders.delete(replica)
      if (each.holders.size === 0 && !isInLog(each.batch.hash)) each.isExcused = true
    }
  }

  const isInLog = (hash: Hash): boolean =>
    log().some((entry) => entry.kind === 'batch' && entry.hash === hash)

  const restore = (age: number): void => {
    noteLogged()
    const before = log()
    if (!relay.restore(age)) return
    watch.count('relay restores')
    const kept = new Set(log().map(({ logHash }) => logHash))
    /** Streams of which a replica may not offer what follows, by its rights. */
    const barred = new Map(replicas.map((replica) => [replica, new Set<StreamId>()]))
    for (const batch of before) {
      if (batch.kind !== 'batch' || kept.has(batch.logHash)) continue
      const { stream, firstSeq } = batch.header
      const touchesVault = batch.deltas.some((delta) =>
        delta.operations.some(({ table }) => table === 'vault'),
      )
      const holders = new Set(
        replicas.filter((replica) => {
          if (replica.isLimited && touchesVault) barred.get(replica)?.add(stream)
          return !barred.get(replica)?.has(stream) && replica.holds(stream, firstSeq, batch.hash)
        }),
      )
      lost.push({ batch, holders, isExcused: holders.size === 0 })
    }
    void noteUnknownLives(lost.filter(({ batch }) => !kept.has(batch.logHash)))
  }

  /** Of a life of the log that the backup does not know, and below its floor: its author's to bring back. */
  const noteUnknownLives = async (batches: readonly Lost[]): Promise<void> => {
    const record = await relay.disk.store().find(UNIVERSE)
    if (record?.floor === undefined) return
    const known = new Set([record.epoch, ...record.pastEpochs.map(({ epoch }) => epoch)])
    for (const each of batches) {
      const { stream, base } = each.batch.header
      if (base.offset === 0 || known.has(base.epoch)) continue
      for (const holder of each.holders) {
        const own = [...holder.memory.copy().deltas.values()]
        if (!own.some((delta) => delta.stream === stream)) each.holders.delete(holder)
      }
      if (each.holders.size === 0) each.isExcused = true
    }
  }

  /** A batch with a delta that two copies had pending is refused with all that follows, if the other comes first. */
  const spreadTwoWriters = (): void => {
    for (const { header } of [...lost.map(({ batch }) => batch), ...log()].filter(isBatch)) {
      const isOfTwo = header.origins.some((origin) => origin && twoWriters.has(origin.stream))
      if (isOfTwo) twoWriters.add(header.stream)
    }
  }

  const at = (index: number): SimReplica | undefined =>
    replicas.length === 0 ? undefined : replicas[index % replicas.length]

  const act = (action: Action): void => {
    if (action.kind !== 'call') {
      watch.trace(() => JSON.stringify(action))
      watch.count(action.kind)
    }
    if (!('replica' in action)) {
      actOnRelay(action)
      return
    }
    const replica = at(action.replica)
    if (replica === undefined) return
    switch (action.kind) {
      case 'call':
        replica.call(action.calls)
        return
      case 'append': {
        const { marker, table } = action
        const row = appendWord(replica, action, marker, watch)
        if (row !== undefined) words.set(marker, [table, row])
        return
      }
      case 'compact-document':
        compactDocument(replica, action, action.isPartial, watch)
        return
      case 'sketch':
        sketch(replica, action, watch)
        return
      case 'turn':
        turn(replica, action, watch)
        return
      case 'name-version':
      case 'draft':
      case 'merge-branch':
      case 'revert':
      case 'drop-versions':
        actOnVersions(replica, action)
        return
      case 'drop':
        if (action.isSilent) replica.line.halfOpen()
        else replica.line.drop()
        return
      case 'cut':
        replica.line.setCut(true)
        time.after(action.forMs, () => replica.line.setCut(false))
        return
      case 'delay':
        replica.line.extraDelayMs = action.byMs
        time.after(action.forMs, () => {
          replica.line.extraDelayMs = 0
        })
        return
      case 'pause':
        replica.pause()
        time.after(action.forMs, () => replica.resume())
        return
      case 'crash':
        restart(replica, action.downMs)
        return
      case 'snapshot':
        snapshots.set(replica, replica.copyDisk())
        return
      case 'rollback': {
        const copy = snapshots.get(replica)
        if (copy === undefined) return
        for (const stream of copy.ownStreams) twoWriters.add(stream)
        restart(replica, action.downMs, () => {
          replica.replaceDisk(copy)
          noteStorageLoss(replica)
        })
        return
      }
      case 'evict':
        restart(replica, action.downMs, () => {
          replica.replaceDisk(undefined)
          noteStorageLoss(replica)
        })
        return
      case 'clone': {
        const { identity, schemaVersion, isLimited } = replica
        const clone = addReplica({ identity, schemaVersion, skewMs: 0, isLimited })
        const copy = replica.copyDisk()
        for (const stream of copy.ownStreams) twoWriters.add(stream)
        clone.replaceDisk(copy)
        clone.start()
        return
      }
      case 'upgrade':
        restart(replica, 0, () => {
          replica.schemaVersion = 2
        })
        return
      case 'skew':
        replica.clock.skewMs = action.skewMs
        return
      case 'trap': {
        const isRelay = action.place.startsWith('append')
        const key = isRelay ? action.place : `${action.place} ${action.replica % replicas.length}`
        traps.set(key, { ...action })
        return
      }
    }
  }

  const actOnVersions = (replica: SimReplica, action: Action): void => {
    const { engine, isOn } = replica
    if (engine === undefined || !isOn) return
    const scene = { replica, engine, ledger: versions, watch }
    if (action.kind === 'name-version') nameVersion(scene, action)
    if (action.kind === 'draft') draft(scene, action)
    if (action.kind === 'merge-branch') mergeBranch(scene, action)
    if (action.kind === 'revert') revert(scene, action)
    if (action.kind === 'drop-versions') dropVersions(scene, action)
  }

  const actOnRelay = (action: Exclude<Action, { readonly replica: number }>): void => {
    switch (action.kind) {
      case 'join':
        addReplica({
          identity: `late${replicaCount}`,
          schemaVersion: action.schemaVersion,
          skewMs: 0,
          isLimited: false,
        }).start()
        return
      case 'relay-crash':
        crashRelay(action.downMs, action.isSilent)
        return
      case 'relay-backup':
        relay.backup()
        return
      case 'relay-restore':
        crashRelay(action.downMs, false, () => restore(action.age))
        return
      case 'compact':
        relay.compactSoon()
        return
      case 'hostile': {
        // After a restore anyone may offer the batches of others, so nobody can tell them from forged ones.
        if (lost.length > 0 && action.hostility === 'foreign-stream') return
        // It runs what the newest of the others runs.
        const model = replicas.find(
          ({ schemaVersion, engine }) => schemaVersion === 2 && engine !== undefined,
        )
        const schema = model?.engine?.replica.schema
        if (schema === undefined) return
        attack({
          ...action,
          schema,
          time,
          random: randomFor(seed, `hostile ${action.atMs}`),
          accept: (connection) => relay.accept(connection),
          log: log(),
          schemaVersion: 2,
        })
      }
    }
  }

  for (const [index, options] of settings.replicas.entries()) {
    const replica = addReplica({ ...options, identity: `user${index}` })
    time.after(options.startsAtMs, () => {
      if (!replica.isOn) replica.start()
    })
  }
  relay.start()

  const world: World = {
    time,
    watch,
    relay,
    replicas,
    committed,
    logged,
    words,
    versions,
    forbidden,
    twoWriters,
    log,
    excused() {
      noteLogged()
      spreadTwoWriters()
      const markers = new Set<string>()
      for (const { batch, isExcused } of lost) {
        if (!isExcused && !twoWriters.has(batch.header.stream)) continue
        for (const delta of batch.deltas) for (const marker of markersOf(delta)) markers.add(marker)
      }
      return markers
    },
    act,
    heal() {
      isHealed = true
      if (!relay.isUp) relay.start()
      for (const replica of replicas) {
        replica.line.setCut(false)
        replica.line.extraDelayMs = 0
        replica.clock.skewMs = 0
        replica.resume()
        if (replica.schemaVersion === 1 || !replica.isOn) {
          if (replica.isOn) replica.kill(false)
          replica.schemaVersion = 2
          replica.start()
        }
      }
    },
    close() {
      for (const replica of replicas) {
        if (replica.isOn) replica.kill(true)
        replica.discard()
      }
      if (relay.isUp) relay.kill()
    },
  }
  return world
}
