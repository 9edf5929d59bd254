/** The page's half of the kill test: opens the ledger, writes without pause, reports what was acknowledged. */
import { openUniverse } from '@inner-universe/client'
import { openJobLedger } from './job-ledger.ts'
import { type Ledger, ledger, PART_COUNT_MAX, VIEWS_SQL } from './ledger.ts'
import type { LedgerState, Written } from './ledger-state.ts'

declare global {
  interface Window {
    /** Provided by the Node half; the call's rows are durable. */
    reportAcknowledged(call: string): Promise<void>
    /** Provided by the Node half. */
    reportFailure(message: string): Promise<void>
  }
}

/**
 * A lane rests this long at most between calls: enough calls are under way at any moment to be hit by
 * a kill, and the ledger stays small enough to be checked whole after each.
 */
const LANE_PAUSE_MS_MAX = 20

let isPaused = false
let worker: Worker | undefined
let universe: Ledger | undefined
let written: Written | undefined

function opened(): Ledger {
  if (universe === undefined) throw new Error('open() first')
  return universe
}

/** The ledger as a universe. */
const universeLedger: Written = {
  async append(call) {
    await opened().reducers.append({ call })
    return true
  },

  /** One statement, so that rows and counter are of one moment. */
  async state() {
    const rows = await opened().sql<{ call: string; n: number; parts: number; total: number }>(
      `SELECT call, count(*) AS n, count(DISTINCT part) AS parts, (SELECT calls FROM total) AS total
       FROM part GROUP BY call`,
    )
    const faults = [...(await opened().verify()), ...(await viewFaults())]
    return { calls: rows.map((r) => [r.call, r.n, r.parts]), total: rows[0]?.total ?? 0, faults }
  },
}

/** Calls made by the Node half through `page.evaluate`. */
export const killPage = {
  async open(kind: 'universe' | 'job'): Promise<void> {
    if (kind === 'job') {
      written = await openJobLedger()
      return
    }
    written = universeLedger
    universe = await openUniverse(ledger, {
      name: 'kill',
      worker: () => {
        worker = new Worker(new URL('./ledger.worker.ts', import.meta.url), { type: 'module' })
        return worker
      },
    })
  },

  role(): string {
    const { connection } = opened()
    return connection.kind === 'open' ? connection.role : connection.kind
  },

  /** Keeps `inFlight` calls under way until the page dies. */
  write(writer: string, inFlight: number): void {
    let number = 0
    const next = async (): Promise<void> => {
      for (;;) {
        number += 1
        const call = `${writer}-${number}-${1 + (number % PART_COUNT_MAX)}`
        if (await written?.append(call)) void window.reportAcknowledged(call)
        do await pause(Math.random() * LANE_PAUSE_MS_MAX)
        while (isPaused)
      }
    }
    for (let lane = 0; lane < inFlight; lane++) {
      next().catch((error: unknown) => window.reportFailure(String(error)))
    }
  },

  /** Holds this page's writers back after the calls under way, or lets them go on. */
  setPaused(paused: boolean): void {
    isPaused = paused
  },

  /** Ends this page's worker as a crash would: without notice. False if this page has none. */
  terminateWorker(): boolean {
    worker?.terminate()
    return worker !== undefined
  },

  async state(): Promise<LedgerState> {
    if (written === undefined) throw new Error('open() first')
    return written.state()
  },
}

/** Views that were computed anew instead of taken up, and those that are not what the tables say. */
async function viewFaults(): Promise<string[]> {
  const faults: string[] = []
  for (const state of await opened().viewStates()) {
    if (state.kind === 'ready' && state.fedRows === 0) continue
    faults.push(`view ${state.view} was not as it was left: ${JSON.stringify(state)}`)
  }
  for (const { view, isRight } of await opened().sql<{ view: string; isRight: number }>(
    VIEWS_SQL,
  )) {
    if (isRight !== 1) faults.push(`view ${view} is not what the tables say`)
  }
  return faults
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
