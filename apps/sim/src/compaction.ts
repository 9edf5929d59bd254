/** What keeps the log of a world's relay short: the real compactor, stepped in virtual time. */
import type { Random } from '@inner-universe/core'
import { Compactor, createLocalFolds } from '@inner-universe/relay/fold'
import type { LogStore, RelaySide, StoredCursor } from '@inner-universe/sync/relay-side'
import { compression } from './compression.ts'
import { fastHash } from './fast-hash.ts'
import type { Settings } from './plan.ts'
import type { Life } from './virtual-time.ts'
import type { Watch } from './watch.ts'

/** One life of a relay. */
export interface RelayLife {
  readonly side: RelaySide
  readonly store: LogStore
  /** The cursors that the store has now, told without delay. */
  readonly cursors: () => Promise<readonly StoredCursor[]>
  readonly life: Life
}

/** Images kept, as a relay does unless it is told otherwise. */
const IMAGES_KEPT = 2

/** Compaction of one life of a relay. */
export interface Compaction {
  /** Makes a step now, or as soon as the one under way is done. */
  soon(): void
  stop(): void
}

/** Starts compaction; it ends with the relay's life. Without settings it only steps when asked to. */
export function startCompaction(
  { side, store, cursors, life }: RelayLife,
  settings: Settings['compaction'],
  random: Random,
  watch: Watch,
): Compaction {
  const folds = createLocalFolds({
    folder: undefined,
    modules: [],
    system: {
      now: () => life.now(),
      randomBytes: (count) => random.bytes(count),
      hash: fastHash,
      inflate: compression.inflate,
      deflate: compression.deflate,
    },
  })
  const sessionMemoryMs = settings?.sessionMemoryMs ?? 600_000
  let floorBase = 0
  const compactor = new Compactor({
    store,
    folds,
    relay: settings?.truncates === false ? { ...side, truncate: async () => 0 } : side,
    hash: fastHash,
    retention: {
      floorLagMs: settings?.floorLagMs ?? 1000,
      sessionMemoryMs,
      imageEveryEntries: settings?.imageEveryEntries ?? 10,
      imageEveryBytes: 2 ** 30,
      imagesKept: IMAGES_KEPT,
    },
    onEvent(event) {
      watch.count(`compaction ${event.kind}`)
      watch.trace(() => `compaction ${JSON.stringify(event)}`)
      if (event.kind === 'floor') floorBase = event.baseOffset
      if (event.kind === 'failed') {
        watch.fail('exception', `compaction failed: ${(event.error as Error).stack}`)
      }
    },
  })
  let isStopped = false
  let isStepping = false
  let isDue = false
  const step = async (): Promise<void> => {
    if (isStepping || isStopped) {
      isDue = true
      return
    }
    isStepping = true
    isDue = false
    await side.keepCursors()
    const nowMs = life.now()
    const before = await cursors()
    floorBase = 0
    await compactor.step(nowMs)
    const after = await cursors()
    for (const { stream, offset, atMs } of before) {
      const isBehind = offset < floorBase && nowMs - atMs <= sessionMemoryMs
      const isStill = after.some((each) => each.stream === stream && each.offset < floorBase)
      if (isBehind && isStill) {
        watch.fail('floor', `laid at ${floorBase} above ${stream}, which has read up to ${offset}`)
      }
    }
    isStepping = false
    if (isDue) life.setTimer(0, () => void step())
  }
  if (settings !== undefined) {
    const repeat = (): void => {
      life.setTimer(settings.everyMs, () => {
        if (isStopped) return
        void step()
        repeat()
      })
    }
    repeat()
  }
  return {
    soon: () => void step(),
    stop() {
      isStopped = true
    },
  }
}
