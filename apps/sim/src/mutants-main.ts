// Entry: `npm run mutants [-- --seeds N] [--only id,id]`. Puts one rule after the other out of action and
// runs seeds until one fails; prints `K of M killed` and each survivor with its explanation.
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkMutants, type Mutant } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/mutants.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '500' }, only: { type: 'string' } },
})
const only = values.only?.split(',')
const mutants = MUTANTS.filter(({ id }) => only === undefined || only.includes(id))

/** What came of one mutant. */
interface Verdict {
  readonly mutant: Mutant
  /** What noticed it; undefined: nothing did. */
  readonly killedBy: string | undefined
}

checkMutants(mutants)
const waiting = [...mutants]
const verdicts: Verdict[] = []
await Promise.all(Array.from({ length: availableParallelism() }, work))

const survivors = verdicts.filter(({ killedBy }) => killedBy === undefined)
for (const { mutant } of survivors) {
  console.log(`survived: ${mutant.id} (${mutant.rule}): ${mutant.survives ?? 'NOT EXPLAINED'}`)
}
console.log(`${verdicts.length - survivors.length} of ${verdicts.length} killed`)
const isUnexplained = survivors.some(({ mutant }) => mutant.survives === undefined)
const isRevived = verdicts.some(
  ({ mutant, killedBy }) => killedBy !== undefined && mutant.survives !== undefined,
)
if (isRevived) console.log('a mutant that was said to survive was killed: correct its explanation')
process.exitCode = isUnexplained ? 1 : 0

async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const killedBy = await run(mutant)
    console.log(`${mutant.id}: ${killedBy ?? 'survived'}`)
    verdicts.push({ mutant, killedBy })
  }
}

/** The line that tells of the first failing seed; undefined when none fails. */
function run(mutant: Mutant): Promise<string | undefined> {
  const folder = import.meta.dirname
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--import',
      join(folder, 'mutants/load-mutant.ts'),
      join(folder, 'main.ts'),
      ...['--seeds', values.seeds, '--threads', '1', '--shrink', '0', '--failures', '1'],
    ],
    { env: { ...process.env, SIM_MUTANT: mutant.id }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout?.on('data', (data) => {
    output += data
  })
  child.stderr?.on('data', (data) => {
    output += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const failed = /^seed \d+ failed: .*$/m.exec(output)?.[0]
      if (failed !== undefined) resolve(failed.slice(0, 160))
      else if (code === 0 && /^\d+ seeds, 0 failed$/m.test(output)) resolve(undefined)
      else reject(new Error(`mutant "${mutant.id}" could not be run:\n${output}`))
    })
  })
}
