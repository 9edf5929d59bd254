/**
 * Question: does a page with a hundred live queries stay smooth while a thousand rows a second change?
 *
 * Workload: 100 different queries over 10,000 rows (windows, groups, totals, the largest groups), each
 * written into the page at every patch; single-row calls at an even pace, each a row that enters some
 * queries and leaves others. Measured are the gaps between frames. Floor: the same page and queries
 * while nothing changes.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNT = 10_000
const QUERY_COUNT = 100
const CHANGES_PER_SECOND = 1000
const SECONDS = 5

/** One frame at 60 Hz and its jitter: above it a frame was left out. */
const FRAME_MS = 20

/** See the file's head. */
export const liveManyScenario: Scenario = {
  name: 'live-many',
  question: '100 live queries, 1,000 row changes a second: 60 frames a second, nothing run again',
  async run(bench: Bench): Promise<Figure[]> {
    const page = await bench.openPage('live-many')
    const result = await callPart(
      page,
      'live-many',
      'run',
      ROW_COUNT,
      QUERY_COUNT,
      CHANGES_PER_SECOND,
      SECONDS,
    )
    const floor = percentiles(result.idleGaps)
    const gaps = percentiles(result.busyGaps)
    return [
      { name: 'frame gap, nothing changes', unit: 'ms', ...floor },
      {
        name: `frame gap, ${CHANGES_PER_SECOND} changes a second`,
        unit: 'ms',
        ...gaps,
        ratioToFloor: gaps.p50 / floor.p50,
        budget: { on: 'p95', atMost: FRAME_MS },
      },
      { name: 'call to answer', unit: 'ms', ...percentiles(result.callMs) },
      { name: 'row changes', unit: 'rows/s', p50: result.changesPerSecond },
      { name: 'patches', unit: 'patches/s', p50: result.patchesPerSecond },
      {
        name: `of ${QUERY_COUNT} queries run again`,
        unit: 'queries',
        p50: result.rerunCount,
        budget: { on: 'p50', atMost: 0 },
      },
    ]
  },
}
