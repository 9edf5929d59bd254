/** One seed from beginning to end: drawn, run and, when it fails, made smaller. */
import { drawPlan } from './draw-plan.ts'
import type { Plan } from './plan.ts'
import { runPlan } from './run-plan.ts'
import type { RunOutcome, Violation } from './seed-outcome.ts'
import { shrinkPlan } from './shrink-plan.ts'

/** What came of a seed. */
export interface SeedOutcome extends RunOutcome {
  readonly seed: number
  /** Real time it took, ms. */
  readonly tookMs: number
  /** The smallest plan found that fails alike. */
  readonly shrunk: { readonly plan: Plan; readonly violation: Violation } | undefined
}

/** Runs a seed. `shrinkRunsMax` 0: a failing plan is left as it is. */
export async function runSeed(seed: number, shrinkRunsMax: number): Promise<SeedOutcome> {
  const plan = drawPlan(seed)
  const startMs = performance.now()
  const outcome = await runPlan(plan)
  const tookMs = performance.now() - startMs
  const { violation } = outcome
  if (violation === undefined || shrinkRunsMax === 0) {
    return { ...outcome, seed, tookMs, shrunk: undefined }
  }
  let last: Violation = violation
  const smallest = await shrinkPlan(
    plan,
    async (smaller) => {
      const { violation: found } = await runPlan(smaller)
      if (found?.invariant !== violation.invariant) return false
      last = found
      return true
    },
    shrinkRunsMax,
  )
  return { ...outcome, seed, tookMs, shrunk: { plan: smallest, violation: last } }
}
