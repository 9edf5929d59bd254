/** All mutants. MUTANTS.md says what came of them. */
import type { Mutant } from './mutant.ts'

/** In the order of the way of a change: clock, merge, stream, relay, rebuild, floor. */
export const MUTANTS: readonly Mutant[] = [
  {
    id: 'tie-break',
    rule: 'of two writes in the same instant, the one of the greater stream wins',
    file: 'packages/core/src/hlc.ts',
    find: 'return a.stream < b.stream ? -1 : 1',
    replace: 'return 1',
  },
]
