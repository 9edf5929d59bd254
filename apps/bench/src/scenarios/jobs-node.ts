/**
 * Question: what does a key-value job cost in Node beside the bare driver and beside stores made for it?
 *
 * Workload: 200 bytes under keys of two parts, everything flushed to disk. 300 puts, each awaited until
 * it is durable; then 10,000, 100,000 and 1,000,000 entries in batches of 1,000; 2,000 gets; three
 * scans of up to 100,000 entries; the deletion of a tenth by its prefix. Stores take turns. Floor: the same table through the bare
 * driver in a thread of its own, so that the ratio holds the crossing too. Peers: LevelDB and LMDB,
 * which work in the caller's thread or natively beside it. On paper: a crossing costs 50 µs, a flush
 * 0.2 ms, a put in a batch 4 µs.
 * Not measured: several jobs at once, large payloads.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figure } from '../figure.ts'
import { type KvContender, kvFigures, measureKv } from '../kv/contender.ts'
import {
  bareContender,
  jobContender,
  levelContender,
  lmdbContender,
} from '../kv/node-contenders.ts'
import type { Bench, Scenario } from '../scenario.ts'

const COUNTS = [10_000, 100_000, 1_000_000]

/** See the file's head. */
export const jobsNodeScenario: Scenario = {
  name: 'jobs-node',
  question: 'key-value jobs in Node: puts, batches, gets, scans and deletions beside other stores',
  async run(bench: Bench): Promise<Figure[]> {
    const figures: Figure[] = []
    for (const count of COUNTS) {
      const folder = await mkdtemp(join(tmpdir(), 'inner-universe-kv-'))
      try {
        const contenders: KvContender[] = []
        for (const open of [bareContender, jobContender, levelContender, lmdbContender]) {
          contenders.push(await open(folder))
        }
        figures.push(...kvFigures(count, await measureKv(contenders, count)))
        bench.say(`${count} entries done`)
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    }
    return figures
  },
}
