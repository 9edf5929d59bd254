/**
 * Question: what does a key-value job cost in a page beside the bare driver and beside IndexedDB?
 *
 * Workload: as in `jobs-node`, on OPFS with `synchronous=FULL`. Floor: the same table through the bare
 * driver in a worker. Peer: Dexie on IndexedDB, strict durability. On paper: 0.1 ms for two crossings
 * and 0.3 ms for the flush; a put in a batch 4 µs in SQLite and as much for crossing.
 * Not measured: several jobs at once, scans while writing, large payloads.
 */
import type { Figure } from '../figure.ts'
import { kvFigures } from '../kv/contender.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const COUNTS = [10_000, 100_000, 1_000_000]

/** See the file's head. */
export const jobsScenario: Scenario = {
  name: 'jobs',
  question: 'key-value jobs in a page: puts, batches, gets, scans and deletions beside IndexedDB',
  async run(bench: Bench): Promise<Figure[]> {
    const figures: Figure[] = []
    for (const count of COUNTS) {
      const page = await bench.openPage('jobs')
      const measures = await callPart(page, 'jobs', 'measure', ['bare', 'job', 'dexie'], count)
      await page.close()
      bench.say(`${count} entries done`)
      figures.push(...kvFigures(count, measures))
    }
    return figures
  },
}
