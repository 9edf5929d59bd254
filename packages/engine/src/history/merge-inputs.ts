/** The rows that two states are merged of. HISTORY.md HI34. */
import type { MergeInput } from './merge-states.ts'
import { type ComparedState, changedRows } from './state-difference.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** Three states: what both began from, and the two. */
export interface MergedStates {
  readonly base: ComparedState
  readonly a: ComparedState
  readonly b: ComparedState
}

/** Rows that are other in one of the two than in the base. Cost: the rows written since that, held in memory. */
export function* mergeInputs(
  keeper: VersionKeeper,
  { base, a, b }: MergedStates,
): Generator<MergeInput> {
  for (const table of keeper.tables) {
    const inB = new Map(
      [...changedRows(keeper, table, base, b)].map((row) => [row.id, row] as const),
    )
    for (const { id, before, after } of changedRows(keeper, table, base, a)) {
      const other = inB.get(id)
      yield { table, id, base: before, a: after, b: other === undefined ? before : other.after }
      inB.delete(id)
    }
    for (const { id, before, after } of inB.values()) {
      yield { table, id, base: before, a: before, b: after }
    }
  }
}
