/** Time that stands still until a test moves it. */
import type { Scheduler } from '../transport.ts'

/** A scheduler whose time only its owner moves. */
export interface VirtualScheduler extends Scheduler {
  /**
   * Moves time on, running what falls due in order of time, then of setting. Between two timers
   * promises that wait for nothing else are let through.
   */
  advance(ms: number): Promise<void>
  /** Lets promises through, time standing still. */
  settle(): Promise<void>
  /**
   * Runs timers until none is left or `untilMs` have passed; true: none is left. For what must come
   * to rest by itself, such as a network without keep-alive.
   */
  drain(untilMs: number): Promise<boolean>
  /** Moves wall time alone, as a user who sets the clock does; timers keep their distance. */
  setWallTime(nowMs: number): void
  /** Timers not yet run. */
  timerCount(): number
}

/** How a virtual scheduler starts. */
export interface VirtualSchedulerOptions {
  /** Wall time at the start, ms since 1970. */
  readonly startMs?: number
  /** Waits for whatever is asynchronous besides promises, such as a stream; none by default. */
  readonly settle?: () => Promise<void>
}

/** Turns of the promise queue that are let through at a time: more than any chain here is long. */
const SETTLE_TURNS = 64

/** Creates virtual time. Scheduling is exact and repeatable: no test of it depends on the machine. */
export function virtualScheduler(options: VirtualSchedulerOptions = {}): VirtualScheduler {
  let elapsedMs = 0
  let wallMs = options.startMs ?? 1_800_000_000_000
  let lastOrder = 0
  const timers = new Set<Timer>()

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < SETTLE_TURNS; turn++) await Promise.resolve()
    await options.settle?.()
  }
  const moveTo = (atMs: number): void => {
    wallMs += atMs - elapsedMs
    elapsedMs = atMs
  }
  const runThrough = async (endMs: number): Promise<void> => {
    await settle()
    for (let timer = next(timers); timer && timer.atMs <= endMs; timer = next(timers)) {
      timers.delete(timer)
      moveTo(Math.max(timer.atMs, elapsedMs))
      timer.run()
      await settle()
    }
  }

  return {
    now: () => wallMs,
    setTimer(delayMs, run) {
      lastOrder += 1
      const timer = { atMs: elapsedMs + Math.max(0, delayMs), order: lastOrder, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const endMs = elapsedMs + ms
      await runThrough(endMs)
      moveTo(endMs)
    },
    settle,
    async drain(untilMs) {
      await runThrough(elapsedMs + untilMs)
      return timers.size === 0
    },
    setWallTime(nowMs) {
      wallMs = nowMs
    },
    timerCount: () => timers.size,
  }
}

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

function next(timers: ReadonlySet<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) {
    if (
      first === undefined ||
      timer.atMs < first.atMs ||
      (timer.atMs === first.atMs && timer.order < first.order)
    ) {
      first = timer
    }
  }
  return first
}
