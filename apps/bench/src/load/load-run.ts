/** One contender under one load: what was sent, acknowledged and delivered, how late, at what cost. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Contender, LoadClient } from './contender.ts'
import { usageOf } from './process-usage.ts'

/** How much of what. */
export interface Load {
  readonly universes: number
  /** Writers of each universe. */
  readonly writers: number
  /** Readers of each universe. */
  readonly readers: number
  /** Writes a second, over all writers. */
  readonly rate: number
  readonly seconds: number
}

/** What came of it. Latencies in ms. */
export interface LoadResult {
  readonly name: string
  readonly promise: string
  readonly sent: number
  readonly acknowledged: number
  readonly delivered: number
  /** Deliveries that should have come. */
  readonly expected: number
  readonly ackMs: readonly number[]
  readonly peerMs: readonly number[]
  /** From the first write to the last delivery. */
  readonly seconds: number
  readonly cpuShare: number
  readonly residentBytes: number
}

/** After the last write, what is on its way gets this long without any progress. */
const QUIET_MS_MAX = 3_000

/** Puts a contender under a load. Writes go out evenly; a generator that falls behind catches up. */
export async function runLoad(contender: Contender, load: Load): Promise<LoadResult> {
  const server = await contender.start()
  const clients: LoadClient[] = []
  try {
    const writers: LoadClient[] = []
    const total = Math.floor(load.rate * load.seconds)
    const sentMs = new Float64Array(total)
    const ackMs: number[] = []
    const peerMs: number[] = []
    let acknowledged = 0
    let delivered = 0
    let lastMs = performance.now()
    const onAcknowledged = (write: number): void => {
      acknowledged += 1
      lastMs = performance.now()
      ackMs.push(lastMs - (sentMs[write] ?? lastMs))
    }
    for (let universe = 0; universe < load.universes; universe++) {
      const room = `load-${universe}`
      for (let reader = 0; reader < load.readers; reader++) {
        const isSampled = reader === 0
        const onDelivered = (write: number): void => {
          delivered += 1
          lastMs = performance.now()
          // One reader of each universe is the sample: the others are there as load.
          if (isSampled) peerMs.push(lastMs - (sentMs[write] ?? lastMs))
        }
        clients.push(await contender.connect(room, 'reader', { onAcknowledged, onDelivered }))
      }
      for (let writer = 0; writer < load.writers; writer++) {
        const client = await contender.connect(room, 'writer', {
          onAcknowledged,
          onDelivered: () => undefined,
        })
        writers.push(client)
        clients.push(client)
      }
    }
    const before = usageOf(server.pid)
    const startMs = performance.now()
    let sent = 0
    while (sent < total) {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * load.rate))
      for (; sent < due; sent++) {
        sentMs[sent] = performance.now()
        ;(writers[sent % writers.length] as LoadClient).write(sent)
      }
      await nextTurn()
    }
    const expected = total * load.readers
    lastMs = performance.now()
    while (
      (delivered < expected || (ackMs.length > 0 && acknowledged < total)) &&
      performance.now() - lastMs < QUIET_MS_MAX
    ) {
      await nextTurn()
    }
    const after = usageOf(server.pid)
    const seconds = (lastMs - startMs) / 1000
    return {
      name: contender.name,
      promise: contender.promise,
      sent,
      acknowledged,
      delivered,
      expected,
      ackMs,
      peerMs,
      seconds,
      cpuShare: ((after?.cpuSeconds ?? Number.NaN) - (before?.cpuSeconds ?? 0)) / seconds,
      residentBytes: after?.residentBytes ?? Number.NaN,
    }
  } finally {
    for (const client of clients) client.close()
    await server.stop()
  }
}
