/**
 * Time of a simulated world: it moves from event to event, and every node reads its own clock.
 *
 * Events run in order of time, then of setting. Between two events all promises are let through, so
 * that a run depends on nothing but its plan.
 */
import type { Scheduler } from '@inner-universe/sync'

/** 2026-01-01T00:00:00Z: where every world begins. */
export const WORLD_START_MS = 1_767_225_600_000

/** The one true time, and what happens at it. */
export interface VirtualTime {
  /** True time since the world began, ms. */
  elapsedMs(): number
  /** Runs something later; gives the cancellation. */
  after(delayMs: number, run: () => void): () => void
  /** Runs what falls due until a true time. */
  runUntil(endMs: number): Promise<void>
  /** Events run so far. */
  eventCount(): number
}

/** A node's own clock. */
export interface NodeClock {
  /** Own clock − true clock, ms. */
  skewMs: number
  /** Own wall time, ms since 1970. */
  now(): number
  /** Begins a life, and ends the one before. */
  live(): Life
}

/** Time as one life of a node sees it. When it has ended, none of its timers runs any more. */
export interface Life extends Scheduler {
  /** True time since the world began, ms. */
  elapsedMs(): number
  readonly isOver: boolean
  end(): void
}

interface Event {
  readonly atMs: number
  readonly order: number
  run: (() => void) | undefined
}

/** Creates a world's time. */
export function createVirtualTime(): VirtualTime {
  const heap: Event[] = []
  let elapsedMs = 0
  let order = 0
  let eventCount = 0
  return {
    elapsedMs: () => elapsedMs,
    after(delayMs, run) {
      order += 1
      const event: Event = { atMs: elapsedMs + Math.max(0, delayMs), order, run }
      push(heap, event)
      return () => {
        event.run = undefined
      }
    },
    async runUntil(endMs) {
      await letPromisesThrough()
      for (let next = heap[0]; next !== undefined && next.atMs <= endMs; next = heap[0]) {
        pop(heap)
        if (next.run === undefined) continue
        elapsedMs = Math.max(elapsedMs, next.atMs)
        eventCount += 1
        next.run()
        await letPromisesThrough()
      }
      elapsedMs = Math.max(elapsedMs, endMs)
    },
    eventCount: () => eventCount,
  }
}

/** Creates the clock of a node. */
export function createNodeClock(time: VirtualTime, skewMs: number): NodeClock {
  let present: Life | undefined
  const clock: NodeClock = {
    skewMs,
    now: () => WORLD_START_MS + Math.floor(time.elapsedMs()) + clock.skewMs,
    live() {
      present?.end()
      let isOver = false
      const life: Life = {
        now: () => clock.now(),
        elapsedMs: () => time.elapsedMs(),
        setTimer: (delayMs, run) =>
          time.after(delayMs, () => {
            if (!isOver) run()
          }),
        get isOver() {
          return isOver
        },
        end() {
          isOver = true
        },
      }
      present = life
      return life
    },
  }
  return clock
}

/** Until nothing is left that waits for promises only, however long its chain. */
function letPromisesThrough(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(event, heap[parent] as Event)) break
    heap[at] = heap[parent] as Event
    at = parent
  }
  heap[at] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop() as Event
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    const right = child + 1
    if (right < heap.length && isBefore(heap[right] as Event, heap[child] as Event)) child = right
    if (!isBefore(heap[child] as Event, last)) break
    heap[at] = heap[child] as Event
    at = child
  }
  heap[at] = last
}
