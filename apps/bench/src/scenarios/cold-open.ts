/**
 * Question: how soon after a page loads does a universe of 100,000 rows answer its first query?
 *
 * Workload: a fresh page each time in a running browser; from `openUniverse` to the first 50 rows by
 * an index. Floor: a worker with the bare driver doing the same. Peer: Dexie, in the page itself.
 * Not measured: starting the browser, and loading the page's own script.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNT = 100_000
const OPEN_COUNT = 15

/** See the file's head. */
export const coldOpenScenario: Scenario = {
  name: 'cold-open',
  question: 'cold open of 100,000 rows to the first answer: at most 150 ms p50',
  async run(bench: Bench): Promise<Figure[]> {
    const filling = await bench.openPage('cold-open')
    await callPart(filling, 'cold-open', 'fill', ROW_COUNT)
    await filling.close()
    const samples = { ours: [] as number[], floor: [] as number[], dexie: [] as number[] }
    for (let open = 0; open < OPEN_COUNT; open++) {
      for (const kind of ['floor', 'ours', 'dexie'] as const) {
        const page = await bench.openPage('cold-open')
        samples[kind].push(await callPart(page, 'cold-open', kind))
        await page.close()
      }
    }
    const floor = percentiles(samples.floor)
    const ours = percentiles(samples.ours)
    const dexie = percentiles(samples.dexie)
    return [
      { name: 'bare driver', unit: 'ms', ...floor },
      {
        name: 'universe',
        unit: 'ms',
        ...ours,
        ratioToFloor: ours.p50 / floor.p50,
        budget: { on: 'p50', atMost: 150 },
      },
      { name: 'Dexie', unit: 'ms', ...dexie, ratioToFloor: dexie.p50 / floor.p50 },
    ]
  },
}
