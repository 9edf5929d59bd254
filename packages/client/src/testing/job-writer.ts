// Process of the kill test: writes batches and says of each when it was acknowledged, until it is killed.
import { decodeKey, k } from '@inner-universe/core'
import { Persistency } from '../jobs/node/index.ts'
import { BATCHES, batchOf } from './job-batches.ts'

const [path = ''] = process.argv.slice(2)
const root = await Persistency.open(path)
const job = await root.openJob('job')
/** Batches on their way at once: kills then fall between a write and its answer. */
const LANES = 16
const [last] = await job.scan(BATCHES, {}, { reverse: true, limit: 1 })
let next = last === undefined ? 0 : decodeKey(last.key, k.int, k.int)[0] + 1

async function write(): Promise<void> {
  for (;;) {
    const number = next++
    await job.persistAcked(batchOf(number))
    process.stdout.write(`${number}\n`)
  }
}
await Promise.all(Array.from({ length: LANES }, write))
