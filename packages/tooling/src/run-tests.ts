// Entry: `npm test`. Runs every suite in order, all of them even when one fails, and ends its output
// with the sum on a line of its own. Exits with 1 when anything failed or a suite ran no tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ensureChromium } from './chromium.ts'
import {
  type Counts,
  countCommand,
  countKills,
  countPlaywright,
  countVitest,
  formatCounts,
  type Run,
  sumCounts,
} from './counts.ts'

/** The whole run is to take less than 25 minutes; a suite that takes this long hangs. */
const SUITE_MS_MAX = 12 * 60_000

/** Enough to meet an open transaction on most runs; the long counts are run on demand. */
const KILLS_PER_TARGET = 3

interface Suite {
  readonly name: string
  /** Commands run one after the other; the first that fails ends the suite. */
  readonly commands: readonly (readonly string[])[]
  readonly count: (run: Run) => Counts
  /** Where the last command writes its report; without it, its stdout is counted. */
  readonly reportPath?: string
}

interface Outcome {
  readonly name: string
  readonly counts: Counts
  readonly seconds: number
}

const root = join(import.meta.dirname, '../../..')
const reports = mkdtempSync(join(tmpdir(), 'inner-universe-tests-'))
let running: ChildProcess | undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killGroup(running)
    rmSync(reports, { recursive: true, force: true })
    process.exit(1)
  })
}

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    ensureChromium()
    const outcomes: Outcome[] = []
    for (const suite of suites()) outcomes.push(await runSuite(suite))
    return summarise(outcomes)
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

function suites(): Suite[] {
  return [
    { name: 'format and lint', commands: [['biome', 'check', '.']], count: countCommand },
    {
      name: 'types',
      commands: [
        ['tsc', '--noEmit'],
        ['tsc', '--noEmit', '-p', 'tsconfig.declarations.json'],
      ],
      count: countCommand,
    },
    vitest('unit'),
    vitest('browser'),
    {
      name: 'e2e',
      commands: [
        ['vite', 'build', 'apps/demo', '--config', 'vite.config.ts', '--logLevel', 'warn'],
        ['playwright', 'test', '--reporter=line,json'],
      ],
      count: countPlaywright,
      reportPath: join(reports, 'e2e.json'),
    },
    ...['worker', 'tab', 'browser', 'relay', 'job', 'job-tab'].map((target) => ({
      name: `kill ${target}`,
      commands: [
        [
          'node',
          'apps/bench/src/kill/main.ts',
          '--target',
          target,
          '--kills',
          `${KILLS_PER_TARGET}`,
        ],
      ],
      count: countKills,
    })),
  ]
}

function vitest(project: string): Suite {
  const reportPath = join(reports, `${project}.json`)
  return {
    name: project,
    commands: [
      [
        'vitest',
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${reportPath}`,
      ],
    ],
    count: countVitest,
    reportPath,
  }
}

async function runSuite(suite: Suite): Promise<Outcome> {
  console.log(`\n── ${suite.name}`)
  const start = performance.now()
  let run: Run = { exitCode: 0, output: '' }
  for (const command of suite.commands) {
    run = await runCommand(command, suite.reportPath)
    if (run.exitCode !== 0) break
  }
  const output = suite.reportPath === undefined ? run.output : readReport(suite.reportPath)
  return {
    name: suite.name,
    counts: suite.count({ exitCode: run.exitCode, output }),
    seconds: (performance.now() - start) / 1000,
  }
}

function runCommand(command: readonly string[], reportPath: string | undefined): Promise<Run> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
        PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath,
      },
      cwd: root,
      // A group of its own, so that the servers and browsers it started can be ended with it.
      detached: true,
    })
    running = child
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      output += text
      process.stdout.write(text)
    })
    const timer = setTimeout(() => {
      console.error(`${program} ran for more than ${SUITE_MS_MAX / 1000} s and was ended`)
      killGroup(child)
    }, SUITE_MS_MAX)
    child.on('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`)
      clearTimeout(timer)
      resolve({ exitCode: null, output })
    })
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      resolve({ exitCode, output })
    })
  })
}

function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended between the check and the signal.
  }
}

function readReport(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The runner died before it wrote one; counting an empty report says that it failed.
    return ''
  }
}

function summarise(outcomes: readonly Outcome[]): number {
  const nameWidth = Math.max(...outcomes.map((outcome) => outcome.name.length))
  console.log('')
  for (const { name, counts, seconds } of outcomes) {
    const mark = counts.failed === 0 ? '✓' : '✗'
    console.log(
      `${mark} ${name.padEnd(nameWidth)}  ${seconds.toFixed(1).padStart(6)} s  ` +
        `${counts.passed} ok, ${counts.failed} not ok, ${counts.skipped} left out`,
    )
  }
  const sum = sumCounts(outcomes.map((outcome) => outcome.counts))
  console.log(`\n${formatCounts(sum)}`)
  return sum.failed === 0 ? 0 : 1
}
