/**
 * Benchmarks, in headless Chromium against the production build.
 *
 * `npm run bench -- [scenario …] [--json FILE] [--trace FILE]`. Without names all scenarios run, each in a browser
 * and profile of its own. Budgets that are missed are marked; the exit code tells of failures only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startChromium } from './chromium-process.ts'
import { type Figure, tableOf } from './figure.ts'
import type { Bench, Scenario } from './scenario.ts'
import { callsScenario } from './scenarios/calls.ts'
import { coldOpenScenario } from './scenarios/cold-open.ts'
import { documentsScenario } from './scenarios/documents.ts'
import { durableCallScenario } from './scenarios/durable-call.ts'
import { failOverScenario } from './scenarios/fail-over.ts'
import { fillScenario } from './scenarios/fill.ts'
import { fillWordnetScenario } from './scenarios/fill-wordnet.ts'
import { historyScenario } from './scenarios/history.ts'
import { importScenario } from './scenarios/import.ts'
import { jobsScenario } from './scenarios/jobs.ts'
import { jobsNodeScenario } from './scenarios/jobs-node.ts'
import { liveManyScenario } from './scenarios/live-many.ts'
import { liveQueryScenario } from './scenarios/live-query.ts'
import { sizeScenario } from './scenarios/size.ts'
import { undoScenario } from './scenarios/undo.ts'
import { viewsScenario } from './scenarios/views.ts'
import { type Site, serveSite } from './site.ts'

const SCENARIOS: readonly Scenario[] = [
  callsScenario,
  durableCallScenario,
  coldOpenScenario,
  importScenario,
  liveQueryScenario,
  liveManyScenario,
  failOverScenario,
  fillScenario,
  fillWordnetScenario,
  jobsScenario,
  jobsNodeScenario,
  documentsScenario,
  undoScenario,
  historyScenario,
  viewsScenario,
  sizeScenario,
]

/** One scenario's figures with the machine they were taken on. */
interface Result {
  readonly scenario: string
  readonly figures: readonly Figure[]
  readonly browser: string
}

async function runScenario(
  scenario: Scenario,
  site: Site,
  tracePath: string | undefined,
): Promise<Result> {
  const profile = await mkdtemp(join(tmpdir(), 'inner-universe-bench-'))
  const browser = await startChromium(profile)
  const bench: Bench = {
    context: browser.context,
    say: (line) => console.log(`  ${line}`),
    tracePath,
    async openPage(part) {
      const page = await browser.context.newPage()
      page.on('pageerror', (error) => console.log(`  page: ${error.message}`))
      await page.goto(`${site.url}#${part}`)
      await page.waitForSelector(`html[data-part=${part}]`, { state: 'attached' })
      return page
    },
  }
  try {
    const figures = await scenario.run(bench)
    return {
      scenario: scenario.name,
      figures,
      browser: browser.context.browser()?.version() ?? 'unknown',
    }
  } finally {
    await browser.kill()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

function machine(): Record<string, unknown> {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model,
    coreCount: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, trace: { type: 'string' } },
  })
  const unknown = positionals.filter((name) => !SCENARIOS.some((s) => s.name === name))
  if (unknown.length > 0) {
    const names = SCENARIOS.map((scenario) => scenario.name).join(', ')
    throw new Error(`no scenario ${unknown.join(', ')}; there are ${names}`)
  }
  const chosen = SCENARIOS.filter((s) => positionals.length === 0 || positionals.includes(s.name))
  const site = await serveSite('bench')
  const results: Result[] = []
  try {
    for (const scenario of chosen) {
      console.log(`\n${scenario.name}: ${scenario.question}`)
      const result = await runScenario(scenario, site, values.trace)
      results.push(result)
      console.log(tableOf(result.figures))
    }
  } finally {
    await site.close()
  }
  if (values.json !== undefined) {
    const report = { takenAt: new Date().toISOString(), machine: machine(), results }
    await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  }
}

await main()
