// Process of the kill test: writes batches and says of each when it was acknowledged, until it is killed.
import { Persistency } from '../jobs/node/index.ts'

const [path = ''] = process.argv.slice(2)
const root = await Persistency.open(path)
const job = await root.openJob('job')
const start = await job.count('log')
/** Batches on their way at once: kills then fall between a write and its answer. */
const LANES = 4
let next = start

async function write(): Promise<void> {
  for (;;) {
    const n = next++
    await job.persistAcked([
      { kind: 'put', category: 'log', key: n, payload: n },
      { kind: 'put', category: 'twin', key: n, payload: n },
    ])
    process.stdout.write(`${n}\n`)
  }
}
await Promise.all(Array.from({ length: LANES }, write))
