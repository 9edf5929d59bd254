// Entry: `npm run sim -- --seeds N [--from S]`. Runs seeds, prints each failing one made smaller with
// the command that replays it, and ends with `N seeds, F failed`. `--seed S` runs one and tells all.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { describePlan } from './describe-plan.ts'
import { drawPlan } from './draw-plan.ts'
import { runPlan } from './run-plan.ts'
import { runSeeds } from './run-seeds.ts'

/** Runs spent on making one failing plan smaller, unless told otherwise. */
const SHRINK_RUNS_MAX = 300

/** Failures after which there is no point in going on. */
const FAILURES_MAX = 20

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    shrink: { type: 'string', default: String(SHRINK_RUNS_MAX) },
    failures: { type: 'string', default: String(FAILURES_MAX) },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
})

if (values.seed === undefined) await runMany()
else await runOne(Number(values.seed))

async function runOne(seed: number): Promise<void> {
  const plan = drawPlan(seed)
  console.log(describePlan(plan))
  const outcome = await runPlan(plan, (line) => console.log(line))
  console.log(JSON.stringify(outcome.counts))
  report(seed, outcome.violation)
  console.log(`1 seeds, ${outcome.violation === undefined ? 0 : 1} failed`)
  process.exitCode = outcome.violation === undefined ? 0 : 1
}

async function runMany(): Promise<void> {
  const count = Number(values.seeds)
  const startMs = performance.now()
  let doneCount = 0
  let failedCount = 0
  let callCount = 0
  let slowestMs = 0
  const counts: Record<string, number> = {}
  await runSeeds({
    from: Number(values.from),
    count,
    shrinkRunsMax: Number(values.shrink),
    failuresMax: Number(values.failures),
    threadsMax: Number(values.threads),
    onOutcome(outcome) {
      doneCount += 1
      callCount += outcome.callCount
      slowestMs = Math.max(slowestMs, outcome.tookMs)
      for (const [name, times] of Object.entries(outcome.counts)) {
        counts[name] = (counts[name] ?? 0) + times
      }
      if (outcome.violation !== undefined) {
        failedCount += 1
        report(outcome.seed, outcome.violation)
        if (outcome.shrunk !== undefined) {
          console.log(`  smallest plan found (${outcome.shrunk.violation.message}):`)
          console.log(describePlan(outcome.shrunk.plan))
        }
      }
      if (doneCount % 100 === 0) {
        const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
        console.log(`${doneCount} of ${count} seeds, ${failedCount} failed, ${seconds} s`)
      }
    },
  })
  const sorted = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))
  console.log(sorted.map(([name, times]) => `${name} ${times}`).join(', '))
  console.log(`${callCount} calls, slowest seed ${slowestMs.toFixed(0)} ms`)
  console.log(`${doneCount} seeds, ${failedCount} failed`)
  process.exitCode = failedCount === 0 ? 0 : 1
}

function report(
  seed: number,
  violation: { readonly invariant: string; readonly message: string } | undefined,
): void {
  if (violation === undefined) return
  console.log(`seed ${seed} failed: ${violation.invariant}: ${violation.message}`)
  console.log(`  replay: npm run sim -- --seed ${seed}`)
}
