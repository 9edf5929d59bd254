/** The relay of a world: the real relay side over a disk that outlives it. */
import { bytesToHex, type Random } from '@inner-universe/core'
import { type Connection, decodeRelayMessage } from '@inner-universe/sync'
import {
  createRelaySide,
  type RelaySide,
  type StoredCursor,
  type TokenClaims,
} from '@inner-universe/sync/relay-side'
import { type Compaction, startCompaction } from './compaction.ts'
import { compression } from './compression.ts'
import { fastHash } from './fast-hash.ts'
import { OPEN_TABLES } from './module-under-test.ts'
import type { AcceptedEvents } from './network.ts'
import type { Settings, TrapPlace } from './plan.ts'
import { type Backup, createRelayDisk, type RelayDisk } from './relay-disk.ts'
import { createNodeClock, type Life, type VirtualTime } from './virtual-time.ts'
import type { Watch } from './watch.ts'

/** The one universe of a world. */
export const UNIVERSE = 'verse'

/** A relay that can die. */
export interface SimRelay {
  readonly isUp: boolean
  readonly disk: RelayDisk
  /** The living relay side. */
  readonly side: RelaySide | undefined
  accept(connection: Connection): AcceptedEvents | undefined
  start(): void
  /** Ends this life at once. Its connections are the caller's to end. */
  kill(): void
  backup(): void
  /** Puts an older backup in place; `age` 0: the newest. False: there is none. */
  restore(age: number): boolean
  /** Makes a step of compaction, if it is up. */
  compactSoon(): void
  /** From now on the log gets longer only. */
  stopCompaction(): void
}

/** What a relay is made of. */
export interface SimRelayOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly settings: Settings
  readonly watch: Watch
  readonly spring: (place: TrapPlace) => void
}

/** Token of an identity; the relay of a world believes it. */
export function tokenOf(identity: string, rights: { readonly isLimited: boolean }): string {
  return `${rights.isLimited ? 'limited' : 'full'}:${identity}`
}

async function verifyToken(token: string, nowMs: number): Promise<TokenClaims> {
  const [kind, identity = ''] = token.split(':')
  const all = { read: true, write: true }
  return {
    identity,
    tokenId: undefined,
    expiresMs: nowMs + YEAR_MS,
    universes: new Map([[UNIVERSE, kind === 'limited' ? { ...all, tables: OPEN_TABLES } : all]]),
  }
}

const YEAR_MS = 365 * 86_400_000

/** Creates a relay that is not started yet. */
export function createSimRelay(options: SimRelayOptions): SimRelay {
  const { time, random, settings, watch } = options
  const clock = createNodeClock(time, 0)
  const disk = createRelayDisk({ random, ...settings, spring: options.spring })
  const backups: Backup[] = []
  let life: Life | undefined
  let side: RelaySide | undefined
  let compaction: Compaction | undefined
  let isCompacting = true

  const start = (): void => {
    const alive = clock.live()
    life = alive
    const store = disk.open(alive)
    side = createRelaySide({
      store,
      scheduler: alive,
      inflate: compression.inflate,
      hash: fastHash,
      verifyToken,
      randomHex: (byteCount) => bytesToHex(random.bytes(byteCount)),
      repairMs: YEAR_MS,
      onEvent(event) {
        watch.trace(() => `relay ${JSON.stringify(event)}`)
        if (event.kind === 'storage-failed') {
          watch.fail('exception', `the relay's storage failed: ${String(event.error)}`)
        }
      },
    })
    compaction = startCompaction(
      { side, store, cursors: cursorsNow, life: alive },
      settings.compaction,
      random,
      watch,
    )
    if (!isCompacting) compaction.stop()
  }

  return {
    get isUp() {
      return side !== undefined
    },
    disk,
    get side() {
      return side
    },
    accept(connection) {
      return side?.accept({ ...connection, send: (bytes) => sendChecked(connection, bytes) })
    },
    start,
    kill() {
      life?.end()
      side = undefined
      compaction = undefined
    },
    backup() {
      backups.push(disk.backup())
    },
    restore(age) {
      const backup = backups[Math.max(0, backups.length - 1 - age)]
      if (backup === undefined) return false
      disk.restore(backup)
      return true
    },
    compactSoon: () => compaction?.soon(),
    stopCompaction() {
      isCompacting = false
      compaction?.stop()
    },
  }

  async function cursorsNow(): Promise<readonly StoredCursor[]> {
    const isThere = (await disk.store().find(UNIVERSE)) !== undefined
    return isThere ? disk.store().cursors(UNIVERSE) : []
  }

  /** What is acknowledged is durable: looked up when the acknowledgement leaves. */
  function sendChecked(connection: Connection, bytes: Uint8Array): void {
    const message = decodeRelayMessage(bytes)
    if (message?.type === 'ack') {
      const isDurable = disk
        .fullLog()
        .some((entry) => entry.kind === 'batch' && entry.hash === message.hash)
      if (!isDurable) {
        watch.fail(
          'durable',
          `${message.stream} ${message.seq} was acknowledged before it was kept`,
        )
      }
    }
    connection.send(bytes)
  }
}
