/**
 * Question: what does a maintained view cost per change, in memory and in SQLite, beside the engines that
 * exist, maps kept by hand, and a database that runs the query again?
 *
 * Workload (views/workload.ts): receipts, the sum of price × quantity by basket, at 1,000 to 1,000,000 line
 * items; a join of three tables; the ten best of each group of 1,000; the sum of one large group; what is
 * reachable in chains of 20 nodes. Loads are one batch; changes are single updates, insertions, deletions,
 * 100 updates in one batch, and a price that touches a thousandth of the lines. Every case runs in a process of
 * its own and is checked against a computation from the beginning. Floor: maps kept by hand (receipts).
 * On paper: two map look-ups, one row compared, one sum moved: 2 to 5 µs.
 * Not measured: several processes on one store.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Figure } from '../figure.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { CaseResult } from '../views/case-process.ts'

interface Case {
  readonly view: string
  readonly rowCount: number
  readonly engines: readonly string[]
}

const CASES: readonly Case[] = [
  ...[1_000, 10_000, 100_000].map((rowCount) => ({
    view: 'receipts',
    rowCount,
    engines: ['by-hand', 'ours', 'ours-sqlite', 'db-ivm', 'd2ts', 'plain-sqlite'],
  })),
  // d2ts needs minutes and more than a gigabyte here.
  {
    view: 'receipts',
    rowCount: 1_000_000,
    engines: ['by-hand', 'ours', 'ours-sqlite', 'db-ivm', 'plain-sqlite'],
  },
  ...[10_000, 100_000].map((rowCount) => ({
    view: 'lines',
    rowCount,
    engines: ['ours', 'ours-sqlite', 'db-ivm', 'd2ts'],
  })),
  { view: 'lines', rowCount: 1_000_000, engines: ['ours', 'db-ivm'] },
  ...[10_000, 100_000].map((rowCount) => ({
    view: 'top',
    rowCount,
    engines: ['ours', 'ours-sqlite', 'db-ivm', 'd2ts'],
  })),
  { view: 'top', rowCount: 1_000_000, engines: ['ours', 'db-ivm'] },
  ...[1_000, 10_000, 100_000].map((rowCount) => ({
    view: 'sum',
    rowCount,
    engines: ['ours', 'ours-sqlite', 'db-ivm', 'd2ts'],
  })),
  ...[100, 1_000, 5_000].map((rowCount) => ({
    view: 'closure',
    rowCount,
    engines: ['ours', 'ours-sqlite', 'plain-sqlite'],
  })),
]

/** What single changes may cost in memory and persisted, µs, at 100,000 rows. */
const UPDATE_US_MAX: Readonly<Record<string, number>> = { ours: 10, 'ours-sqlite': 60 }
const BATCH_US_MAX = 300
const LOAD_MS_MAX = 4_000
const RSS_MB_MAX = 250

/** See the file's head. */
export const viewsScenario: Scenario = {
  name: 'views',
  question: 'maintained views: a change in memory and persisted, beside peers and plain SQLite',
  async run(bench: Bench): Promise<Figure[]> {
    const figures: Figure[] = []
    for (const { view, rowCount, engines } of CASES) {
      let floor: CaseResult | undefined
      for (const engine of engines) {
        const result = await runCase(view, engine, rowCount)
        if (result === null) continue
        if (engine === 'by-hand') floor = result
        const { isRight, rssMb } = result
        bench.say(
          `${view} ${rowCount} ${engine}: ${rssMb.toFixed(0)} MB${isRight ? '' : ', WRONG at the end'}`,
        )
        figures.push(...figuresOf({ view, rowCount }, engine, result, floor))
      }
    }
    return figures
  },
}

function figuresOf(
  { view, rowCount }: Pick<Case, 'view' | 'rowCount'>,
  engine: string,
  result: CaseResult,
  floor: CaseResult | undefined,
): Figure[] {
  const name = `${view} ${rowCount.toLocaleString('en')} ${engine}${result.isRight ? '' : ' (WRONG)'}`
  const isLargest = view === 'receipts' && rowCount === 1_000_000 && engine === 'ours'
  const figures: Figure[] = [
    {
      name: `${name}: load`,
      unit: 'ms',
      p50: result.loadMs,
      ...(isLargest && { budget: { on: 'p50', atMost: LOAD_MS_MAX } }),
    },
    {
      name: `${name}: memory`,
      unit: 'MB',
      p50: result.rssMb,
      ...(isLargest && { budget: { on: 'p50', atMost: RSS_MB_MAX } }),
    },
  ]
  for (const [kind, { p50, p99 }] of Object.entries(result.changes)) {
    const floorP50 = engine === 'by-hand' ? undefined : floor?.changes[kind]?.p50
    const atMost = budgetOf(view, rowCount, engine, kind)
    figures.push({
      name: `${name}: ${kind}`,
      unit: 'us',
      p50,
      p99,
      ...(floorP50 !== undefined && { ratioToFloor: p50 / floorP50 }),
      ...(atMost !== undefined && { budget: { on: 'p50', atMost } }),
    })
  }
  return figures
}

function budgetOf(
  view: string,
  rowCount: number,
  engine: string,
  kind: string,
): number | undefined {
  if (view !== 'receipts' || rowCount !== 100_000) return undefined
  if (kind === 'update' || kind === 'insert' || kind === 'delete') return UPDATE_US_MAX[engine]
  return kind.startsWith('batch') && engine === 'ours' ? BATCH_US_MAX : undefined
}

/** Null: the engine cannot express the view. */
function runCase(view: string, engine: string, rowCount: number): Promise<CaseResult | null> {
  const path = join(import.meta.dirname, '../views/case-process.ts')
  const options = ['--expose-gc', '--max-old-space-size=8192', path]
  const child = spawn(process.execPath, [...options, view, engine, String(rowCount)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const line = output.trim().split('\n').at(-1)
      if (code === 0 && line) resolve(JSON.parse(line) as CaseResult | null)
      else reject(new Error(`${view} ${engine} ${rowCount} ended with ${code}: ${output}`))
    })
  })
}
