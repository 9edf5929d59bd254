/**
 * Question: what do reducers, clocks, the delta log and call identities cost on top of the same rows
 * through the bare driver, and how many calls a second does a page get?
 *
 * Workload: 20,000 notes of about 300 bytes with two indexes, one per call, 100 calls to a commit,
 * `synchronous=FULL` on OPFS, fresh files, floor and engine by turns. On paper: a bare insert is
 * about 8 µs; a call adds a savepoint (3 µs), validation, one delta (2 µs), its answer: 14 µs.
 * Not measured: reading, and reducers that do more than insert.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const CALL_COUNT = 20_000
const GROUP = 100
const ROUND_COUNT = 5

/** See the file's head. */
export const callsScenario: Scenario = {
  name: 'calls',
  question: 'reducer calls in group commit: at most 2.0x the bare driver; at least 5,000 a second',
  async run(bench: Bench): Promise<Figure[]> {
    const page = await bench.openPage('calls')
    const engine: number[] = []
    const floor: number[] = []
    for (let round = 0; round < ROUND_COUNT + 1; round++) {
      const [engineMs, floorMs] = await callPart(
        page,
        'calls',
        'engineAndFloor',
        round,
        CALL_COUNT,
        GROUP,
      )
      bench.say(`round ${round}: engine ${engineMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms`)
      // The first round pays for compiling.
      if (round === 0) continue
      engine.push((engineMs / CALL_COUNT) * 1000)
      floor.push((floorMs / CALL_COUNT) * 1000)
    }
    const rates: number[] = []
    for (let round = 0; round < ROUND_COUNT; round++) {
      rates.push(await callPart(page, 'calls', 'callRate', CALL_COUNT, 256))
    }
    const ratios = percentiles(engine.map((us, round) => us / (floor[round] ?? Number.NaN)))
    return [
      { name: 'bare driver, one row', unit: 'us', ...percentiles(floor) },
      {
        name: 'engine, one call of one row',
        unit: 'us',
        ...percentiles(engine),
        ratioToFloor: ratios.p50,
        budget: { on: 'ratioToFloor', atMost: 2 },
      },
      {
        name: 'one call seen from the page, 256 under way',
        unit: 'us',
        ...percentiles(rates.map((rate) => 1_000_000 / rate)),
        budget: { on: 'p50', atMost: 200 },
      },
    ]
  },
}
