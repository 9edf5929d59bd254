/**
 * The disk of the relay: what a crash leaves, what a backup holds, and all the log there ever was.
 *
 * A change reaches the disk some time after it was asked for, and its answer comes later still: a
 * crash may fall before, between or after.
 */
import type { Random } from '@inner-universe/core'
import {
  type Append,
  createMemoryLogStore,
  type LogStore,
  type MemoryLogStore,
  type StoredEntry,
} from '@inner-universe/sync/relay-side'
import type { TrapPlace } from './plan.ts'
import type { Life } from './virtual-time.ts'

/** What the disk was at a moment. */
export interface Backup {
  readonly store: MemoryLogStore
  readonly log: readonly StoredEntry[]
}

/** The relay's disk. Holds one universe. */
export interface RelayDisk {
  /** The store as one life of the relay sees it; dead with it. */
  open(life: Life): LogStore
  backup(): Backup
  /** Puts a backup in place of what is there. */
  restore(backup: Backup): void
  /** Every entry on the disk, also those no longer kept, in order of offset. */
  fullLog(): readonly StoredEntry[]
  /** The store without delays, for looking at. */
  store(): LogStore
}

/** What a disk is slow by, and what springs at it. */
export interface RelayDiskOptions {
  readonly random: Random
  readonly fsyncMsMax: number
  readonly storageMsMax: number
  /** Called at each place where a crash may be waiting. */
  readonly spring: (place: TrapPlace) => void
}

type AnyMethod = (...args: readonly unknown[]) => Promise<unknown>

/** Longest time between an append being durable and its answer, ms. */
const ANSWER_MS_MAX = 2

/** Creates an empty disk. */
export function createRelayDisk(options: RelayDiskOptions): RelayDisk {
  const { random, fsyncMsMax, storageMsMax, spring } = options
  let log: StoredEntry[] = []
  let store = createMemoryLogStore()

  const open = (life: Life): LogStore => {
    const never = new Promise<never>(() => undefined)
    /** Nothing overtakes: what was asked for later is done later. */
    let lastAtMs = 0
    const wait = (msMax: number): Promise<void> => {
      const nowMs = life.elapsedMs()
      lastAtMs = Math.max(lastAtMs, nowMs + (msMax === 0 ? 0 : random.next() * msMax))
      if (lastAtMs <= nowMs) return Promise.resolve()
      return new Promise((resolve) => {
        life.setTimer(lastAtMs - nowMs, resolve)
      })
    }
    const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
      (store as unknown as Readonly<Record<string, AnyMethod>>)[method]?.(...args) ??
      Promise.reject(new Error(`a store has no ${method}`))
    const append = async (appends: readonly Append[]): Promise<void> => {
      spring('append-begun')
      await wait(fsyncMsMax)
      if (life.isOver) return never
      await store.append(appends)
      log.push(...appends.flatMap(({ entries }) => entries))
      spring('append-durable')
      await wait(ANSWER_MS_MAX)
      if (life.isOver) return never
      life.setTimer(0, () => spring('append-answered'))
    }
    const other = async (method: string, args: readonly unknown[]): Promise<unknown> => {
      await wait(storageMsMax)
      if (life.isOver) return never
      const result = await call(method, args)
      return life.isOver ? never : result
    }
    return new Proxy({} as LogStore, {
      get: (_, method) => {
        if (typeof method !== 'string' || method === 'then') return undefined
        if (method === 'append') return append
        return (...args: readonly unknown[]) => other(method, args)
      },
    })
  }

  return {
    open,
    backup: () => ({ store: store.copy(), log: [...log] }),
    restore(backup) {
      store = backup.store.copy()
      log = [...backup.log]
    },
    fullLog: () => log,
    store: () => store,
  }
}
