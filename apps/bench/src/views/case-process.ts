// One case in a process of its own: `node --expose-gc case-process.ts VIEW ENGINE ROWS`; prints JSON.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentiles } from '../figure.ts'
import type { OpenEngine, ViewEngine, ViewName } from './engine.ts'
import { ourMemory, ourSqlite } from './our-engines.ts'
import { d2, dbIvm } from './peer-engines.ts'
import { byHand, plainSqlite } from './plain-engines.ts'
import { type Answer, closure, scores, shop, type Workload } from './workload.ts'

const ENGINES: Readonly<Record<string, OpenEngine>> = {
  ours: ourMemory,
  'ours-sqlite': ourSqlite,
  'by-hand': byHand,
  'plain-sqlite': plainSqlite,
  'db-ivm': dbIvm,
  d2ts: d2,
}

/** Changes of each kind, unless time runs out before. */
const REPEATS = 3000
/** Changes of each kind before they count: they pay for compiling. A third of the time at most. */
const WARM_CHANGES = 6000
const KIND_MS_MAX = 2_000

/** What a case found. */
export interface CaseResult {
  readonly loadMs: number
  /** Microseconds by kind of change. */
  readonly changes: Readonly<Record<string, { readonly p50: number; readonly p99: number }>>
  /** Growth of the process by the load, the data itself taken off, in MB. */
  readonly rssMb: number
  readonly isRight: boolean
}

const [view = '', engineName = '', rowText = ''] = process.argv.slice(2)
const rowCount = Number(rowText)

function workloadOf(name: ViewName): Workload {
  switch (name) {
    case 'receipts':
    case 'lines':
      return shop(name, rowCount)
    case 'top':
      return scores('top', rowCount, 1000)
    case 'sum':
      return scores('sum', rowCount, rowCount)
    case 'closure':
      return closure(rowCount)
  }
}

async function measure(engine: ViewEngine, workload: Workload): Promise<CaseResult> {
  const loading = workload.load()
  globalThis.gc?.()
  const rssBefore = process.memoryUsage().rss
  const started = performance.now()
  await engine.apply(loading)
  const loadMs = performance.now() - started
  const rssMb = (process.memoryUsage().rss - rssBefore) / 1e6
  const changes: Record<string, { p50: number; p99: number }> = {}
  for (const [kind, make] of Object.entries(workload.changes)) {
    const samples: number[] = []
    const startMs = performance.now()
    const endMs = startMs + KIND_MS_MAX
    const warmMs = startMs + KIND_MS_MAX / 3
    for (let n = 0; n < WARM_CHANGES + REPEATS && performance.now() < endMs; n++) {
      const change = make()
      const began = performance.now()
      const applying = engine.apply(change)
      if (applying instanceof Promise) await applying
      const endedMs = performance.now()
      if (n >= WARM_CHANGES || endedMs > warmMs) samples.push((endedMs - began) * 1000)
    }
    changes[kind] = percentiles(samples)
  }
  return { loadMs, changes, rssMb, isRight: isEqual(await engine.answer(), workload.answer()) }
}

function isEqual(found: Answer, right: Answer): boolean {
  // A basket that lost its last item may stand at zero where it is kept by hand.
  const isThere = ([, value]: readonly [unknown, number]): boolean => value !== 0
  const entries = [...found].filter(isThere)
  const expected = [...right].filter(isThere)
  return (
    entries.length === expected.length && entries.every(([key, value]) => right.get(key) === value)
  )
}

const folder = await mkdtemp(join(tmpdir(), 'inner-universe-views-'))
try {
  const engine = await ENGINES[engineName]?.(view as ViewName, folder)
  if (engine === undefined) {
    console.log('null')
  } else {
    console.log(JSON.stringify(await measure(engine, workloadOf(view as ViewName))))
    await engine.close()
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
