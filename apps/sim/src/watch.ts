/** What a world notes while it runs: counts, and the first thing found wrong. */
import type { Violation } from './seed-outcome.ts'

/** The notes of one world. */
export interface Watch {
  /** Counts something of note. */
  count(name: string): void
  /** Notes a violation; only the first counts. */
  fail(invariant: string, message: string): void
  /** Tells something, if anyone listens. */
  trace(line: () => string): void
  readonly violation: Violation | undefined
  readonly counts: Readonly<Record<string, number>>
}

/** Creates empty notes. `onTrace` hears everything there is to tell. */
export function createWatch(
  elapsedMs: () => number,
  onTrace: ((line: string) => void) | undefined,
): Watch {
  const counts: Record<string, number> = {}
  let violation: Violation | undefined
  const watch: Watch = {
    count(name) {
      counts[name] = (counts[name] ?? 0) + 1
    },
    fail(invariant, message) {
      violation ??= { invariant, message }
      watch.trace(() => `VIOLATION ${invariant}: ${message}`)
    },
    trace(line) {
      onTrace?.(`  ${elapsedMs().toFixed(0).padStart(7)} ms ${line()}`)
    },
    get violation() {
      return violation
    },
    counts,
  }
  return watch
}
