/** Compares what the ledger holds with what was acknowledged. */
import { partCountOf } from './ledger.ts'
import type { LedgerState } from './ledger-state.ts'

/** Faults found so far, by kind. A call counts once in each kind. */
export interface Tally {
  readonly lost: ReadonlySet<string>
  readonly doubled: ReadonlySet<string>
  /** Half-done calls, a counter that disagrees with the rows, faults found by `verify`. */
  readonly corrupt: ReadonlySet<string>
}

/** Judges one state of the ledger against the calls whose acknowledgement was seen. */
export function tallyOf(state: LedgerState, acknowledged: ReadonlySet<string>): Tally {
  const lost = new Set<string>(acknowledged)
  const doubled = new Set<string>()
  const corrupt = new Set<string>(state.faults.map((fault) => `verify: ${fault}`))
  for (const [call, rowCount, partCount] of state.calls) {
    lost.delete(call)
    const expected = partCountOf(call)
    if (rowCount > expected) doubled.add(call)
    if (partCount !== expected) corrupt.add(call)
  }
  if (state.total !== state.calls.length) {
    corrupt.add(`counter is ${state.total} where ${state.calls.length} calls left rows`)
  }
  return { lost, doubled, corrupt }
}
