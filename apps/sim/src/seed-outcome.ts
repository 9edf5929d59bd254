/** What came of one seed. Plain data, passed between threads. */

/** The first thing found wrong. */
export interface Violation {
  /** Which invariant: a name of README.md's list. */
  readonly invariant: string
  readonly message: string
}

/** How one run of a plan went. */
export interface RunOutcome {
  readonly violation: Violation | undefined
  /** Virtual time until everything was at rest, ms. */
  readonly elapsedMs: number
  readonly eventCount: number
  /** Calls that committed somewhere. */
  readonly callCount: number
  /** How often each thing of note happened, by name: faults struck, rebuilds by reason, refusals. */
  readonly counts: Readonly<Record<string, number>>
}
