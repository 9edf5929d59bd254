/**
 * Question: how long from a call that changes one row to the callback that shows it, and does that
 * grow with the table?
 *
 * Workload: a live query of the first 50 rows by rank over 1,000 to 1,000,000 rows; each call inserts
 * a row that comes first. Floor: bare insert, then the same query, across the same thread boundary:
 * what a query run again by hand costs.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNTS = [1000, 10_000, 100_000, 1_000_000]
const CHANGE_COUNT = 200

/** See the file's head. */
export const liveQueryScenario: Scenario = {
  name: 'live-query',
  question: 'one-row change to live callback, sorted rows: at most 5 ms p50, flat in the rows',
  async run(bench: Bench): Promise<Figure[]> {
    const page = await bench.openPage('live-query')
    const figures: Figure[] = []
    for (const rowCount of ROW_COUNTS) {
      const floor = percentiles(await callPart(page, 'live-query', 'floor', rowCount, CHANGE_COUNT))
      const ours = percentiles(
        await callPart(page, 'live-query', 'changeToCallback', rowCount, CHANGE_COUNT),
      )
      figures.push(
        { name: `insert and query again, ${rowCount} rows`, unit: 'ms', ...floor },
        {
          name: `live query, ${rowCount} rows`,
          unit: 'ms',
          ...ours,
          ratioToFloor: ours.p50 / floor.p50,
          budget: { on: 'p50', atMost: 5 },
        },
      )
    }
    return figures
  },
}
