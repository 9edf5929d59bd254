/**
 * Question: what does a key-value job cost on top of its table through the bare driver, one awaited
 * put at a time and in a stream of queued ones, and how quickly is it read through?
 *
 * Workload: payloads of 200 bytes under keys of two parts, `synchronous=FULL` on OPFS. 300 puts, each
 * awaited until it is durable; then 20,000 queued puts and a flush on a fresh job, five rounds, read
 * through in pages afterwards. Floor: one bare put in one transaction across the same boundary; for
 * the stream, 512 puts to a transaction of entries that are in the worker already, so that the ratio
 * holds the crossing too. Peer: IndexedDB, one strict transaction a put. On paper: 0.1 ms for two
 * crossings and 0.3 ms for the flush; a queued put 4 µs in SQLite and 10 µs of crossing.
 * Not measured: scans while writing, and large payloads.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ACKNOWLEDGED_COUNT = 300
const QUEUED_COUNT = 20_000
const GROUP = 512
const ROUND_COUNT = 5

/** See the file's head. */
export const jobsScenario: Scenario = {
  name: 'jobs',
  question: 'key-value jobs: an acknowledged put, a stream of queued ones, reading through',
  async run(bench: Bench): Promise<Figure[]> {
    const page = await bench.openPage('jobs')
    const floor = percentiles(await callPart(page, 'jobs', 'acknowledgedFloor', ACKNOWLEDGED_COUNT))
    const ours = percentiles(await callPart(page, 'jobs', 'acknowledged', ACKNOWLEDGED_COUNT))
    const peer = percentiles(
      await callPart(page, 'jobs', 'acknowledgedIndexedDb', ACKNOWLEDGED_COUNT),
    )
    const writes: number[] = []
    const reads: number[] = []
    const floorWrites: number[] = []
    const usOf = (ms: number): number => (ms / QUEUED_COUNT) * 1000
    for (let round = 0; round < ROUND_COUNT + 1; round++) {
      const { writeMs, readMs } = await callPart(page, 'jobs', 'queuedAndRead', round, QUEUED_COUNT)
      const floorMs = await callPart(page, 'jobs', 'queuedFloor', round, QUEUED_COUNT, GROUP)
      bench.say(`round ${round}: job ${writeMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms`)
      // The first round pays for compiling.
      if (round === 0) continue
      writes.push(usOf(writeMs))
      reads.push(usOf(readMs))
      floorWrites.push(usOf(floorMs))
    }
    const ratios = percentiles(writes.map((us, at) => us / (floorWrites[at] ?? Number.NaN)))
    return [
      { name: 'bare put in a worker', unit: 'ms', ...floor },
      {
        name: 'acknowledged put',
        unit: 'ms',
        ...ours,
        ratioToFloor: ours.p50 / floor.p50,
      },
      { name: 'IndexedDB put, strict', unit: 'ms', ...peer, ratioToFloor: peer.p50 / floor.p50 },
      { name: 'bare put, 512 to a transaction', unit: 'us', ...percentiles(floorWrites) },
      {
        name: 'queued put, flush included',
        unit: 'us',
        ...percentiles(writes),
        ratioToFloor: ratios.p50,
      },
      { name: 'entry read by iterating', unit: 'us', ...percentiles(reads) },
    ]
  },
}
