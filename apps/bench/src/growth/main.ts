/**
 * Growth: do client file and relay store stay bounded under endless writing to the same rows?
 *
 * `npm run growth -- [--deltas N] [--rows N]`: one device writes deltas over a fixed set of rows through
 * reducers, in sync with a real relay that lays floors every few seconds; a second one reads. Printed:
 * the sizes of client file and relay directory while it goes on and at the end, as multiples of the
 * live data (the file of a device that has just joined). Then, at a steady pace which leaves no queue, how
 * long single writes waited, with floors and the log being replaced below them, and without; each also
 * without flushing, as a flush waits for whatever else is written to the disk.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Universe } from '@inner-universe/client'
import { openUniverse } from '@inner-universe/client/node'
import { percentiles } from '../figure.ts'
import { notes } from '../page/notes.ts'
import { RelayProcess } from '../relay-process.ts'

const CALL_ROWS = 1000
const IN_FLIGHT = 100
const REPORT_DELTAS = 500_000
/** The relay's choices for this run: a floor at most every two seconds behind the newest write. */
const RETENTION = { everyMs: 1000, floorLagMs: 2000, sessionMemoryMs: 600_000, imagesKept: 1 }
const SETTLE_MS_MAX = 120_000
const DAY_MS = 86_400_000
/** No floors: what a write waits for without them. */
const NO_RETENTION = { everyMs: DAY_MS, floorLagMs: DAY_MS }
const PACED_MS = 30_000
const PACE_MS = 5
const BLOCKED_MS = 20

const { values } = parseArgs({
  options: {
    deltas: { type: 'string', default: '10000000' },
    rows: { type: 'string', default: '100000' },
  },
})
const deltaCount = Number(values.deltas)
const rowCount = Number(values.rows)

type Notes = Universe<typeof notes.tables, typeof notes.reducers>

/** Bytes of all files below a folder whose names begin so. */
async function bytesOf(folder: string, prefix = ''): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(prefix)) continue
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0
  }
  return bytes
}

/** Writes at a steady pace and prints how long single writes waited. */
async function measurePaced(name: string, writer: Notes, ids: readonly string[]): Promise<void> {
  const waitsMs: number[] = []
  const writing: Promise<unknown>[] = []
  const write = async (n: number): Promise<void> => {
    const startMs = performance.now()
    await writer.reducers.rank({ id: ids[(n * 7919) % ids.length] as string, rank: n })
    waitsMs.push(performance.now() - startMs)
  }
  const startMs = performance.now()
  for (let n = 0; n * PACE_MS < PACED_MS; n++) {
    const restMs = startMs + n * PACE_MS - performance.now()
    if (restMs > 0) await delay(restMs)
    writing.push(write(n))
  }
  await Promise.all(writing)
  const { p50, p99, sampleCount } = percentiles(waitsMs)
  const longest = waitsMs.reduce((most, ms) => Math.max(most, ms), 0)
  const blocked = waitsMs.filter((ms) => ms > BLOCKED_MS).length
  console.log(
    `a write every ${PACE_MS} ms, ${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms, ${blocked} of ${sampleCount} over ${BLOCKED_MS} ms`,
  )
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'inner-universe-growth-'))
  const relay = await RelayProcess.start(RETENTION)
  const open = (name: string, durability: 'power' | 'process' = 'power'): Promise<Notes> => {
    const { url, token } = relay
    const path = join(folder, `${name}.sqlite`)
    const sync = { url, token, universe: 'notes' }
    return openUniverse(notes, { path, identity: name, durability, sync })
  }
  const writePaced = async (floors: string): Promise<void> => {
    for (const durability of ['power', 'process'] as const) {
      await writer.close()
      writer = await open('writer', durability)
      while (writer.sync.status.kind !== 'live') await delay(100)
      const flushes = durability === 'power' ? 'flushed' : 'not flushed'
      await measurePaced(`${floors}, ${flushes}`, writer, ids)
    }
  }
  let ids: string[] = []
  let writer = await open('writer')
  const reader = await open('reader')
  try {
    const filling: PromiseLike<number>[] = []
    for (let from = 0; from < rowCount; from += CALL_ROWS) {
      filling.push(writer.reducers.addNotes({ from, count: Math.min(CALL_ROWS, rowCount - from) }))
    }
    await Promise.all(filling)
    const rows = await writer.sql<{ id: string }>('SELECT id FROM note')
    ids = rows.map(({ id }) => id)
    const started = performance.now()
    let written = 0
    const lane = async (): Promise<void> => {
      while (written < deltaCount) {
        const n = written++
        const id = ids[(n * 7919) % ids.length] as string
        await writer.reducers.rank({ id, rank: n })
        if (n % REPORT_DELTAS === 0 && n > 0) {
          const seconds = ((performance.now() - started) / 1000).toFixed(0)
          const [file, store] = [await bytesOf(folder, 'writer'), await bytesOf(relay.folder)]
          console.log(
            `  ${n} deltas, ${seconds} s: client ${megabytes(file)}, relay ${megabytes(store)}`,
          )
        }
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    const seconds = (performance.now() - started) / 1000
    console.log(`${deltaCount} deltas in ${seconds.toFixed(0)} s`)
    const endMs = performance.now() + SETTLE_MS_MAX
    const isSettled = async (): Promise<boolean> =>
      (await writer.unsyncedCount()) === 0 && (await writer.digest()) === (await reader.digest())
    while (!(await isSettled())) {
      if (performance.now() > endMs) throw new Error('the devices did not become equal')
      await delay(500)
    }
    // Floors lag: what was written last is below one a few seconds after.
    await writer.reducers.rank({ id: ids[0] as string, rank: -1 }).confirmed
    await delay(10_000)
    await writer.reducers.rank({ id: ids[1] as string, rank: -2 }).confirmed
    await delay(10_000)
    const newcomer = await open('newcomer')
    while (newcomer.sync.status.kind !== 'live') await delay(100)
    if ((await newcomer.digest()) !== (await writer.digest())) throw new Error('a newcomer differs')
    await newcomer.close()
    const live = await bytesOf(folder, 'newcomer.sqlite')
    const file = await bytesOf(folder, 'writer')
    const store = await bytesOf(relay.folder)
    console.log(`live data ${megabytes(live)} (the file of a device that has just joined)`)
    console.log(`client file ${megabytes(file)}: ${(file / live).toFixed(2)} times`)
    console.log(`relay store ${megabytes(store)}: ${(store / live).toFixed(2)} times`)
    // It lives in this process, and would be waited for.
    await reader.close()
    await writePaced('with floors')
    await relay.kill()
    await relay.restart({ retention: NO_RETENTION })
    await writePaced('without floors')
  } finally {
    await Promise.allSettled([writer.close(), reader.close()])
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
