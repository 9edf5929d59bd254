/** One key-value store under measurement, and the workload every one of them is put through. */
import { encodeKey } from '@inner-universe/core'
import { type Figure, percentiles } from '../figure.ts'

/** Entries of one batch. */
const BATCH = 1000
const ACKNOWLEDGED_COUNT = 300
const GET_COUNT = 2000
/** Entries read by the scan, if there are as many. */
const SCAN_COUNT = 100_000
/** Prefixes the entries are spread over, in order. */
const CHANNEL_COUNT = 10

/** One entry. */
export interface KvEntry {
  readonly key: Uint8Array
  readonly payload: Uint8Array
}

/** A store that holds nothing yet. Everything resolves when it is durable. */
export interface KvContender {
  readonly name: string
  put(entry: KvEntry): Promise<unknown>
  /** Puts all batches, each atomically; may keep several on their way. */
  fill(batches: Iterable<readonly KvEntry[]>): Promise<unknown>
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** Reads so many entries from the first on, payloads too; gives how many there were. */
  scan(count: number): Promise<number>
  deletePrefix(prefix: Uint8Array): Promise<unknown>
  close(): Promise<unknown>
}

/** What one contender did, in the unit that its name says. */
export interface KvMeasure {
  readonly acknowledgedMs: readonly number[]
  readonly fillUs: number
  readonly getUs: readonly number[]
  readonly scanUs: number
  readonly deleteUs: number
}

const PAYLOAD = new Uint8Array(200).fill(7)

/** The key of an entry among so many. */
function keyOf(n: number, count: number): Uint8Array {
  return encodeKey(Math.floor((n * CHANNEL_COUNT) / count), n)
}

function* batchesOf(count: number): Generator<KvEntry[]> {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from)
    yield Array.from({ length }, (_, at) => ({ key: keyOf(from + at, count), payload: PAYLOAD }))
  }
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await body()
  return performance.now() - started
}

/** Puts a store through the workload with so many entries, then closes it. */
export async function measureKv(contender: KvContender, count: number): Promise<KvMeasure> {
  try {
    const acknowledgedMs: number[] = []
    for (let n = 0; n < ACKNOWLEDGED_COUNT; n++) {
      const entry = { key: encodeKey(CHANNEL_COUNT, n), payload: PAYLOAD }
      acknowledgedMs.push(await timed(() => contender.put(entry)))
    }
    const fillMs = await timed(() => contender.fill(batchesOf(count)))
    const getUs: number[] = []
    for (let n = 0; n < GET_COUNT; n++) {
      const key = keyOf((n * 7919) % count, count)
      getUs.push((await timed(async () => check(await contender.get(key)))) * 1000)
    }
    const scanCount = Math.min(count, SCAN_COUNT)
    const scanMs = await timed(async () => {
      const seen = await contender.scan(scanCount)
      if (seen !== scanCount) throw new Error(`${contender.name}: ${seen} of ${scanCount} entries`)
    })
    const deleteMs = await timed(() => contender.deletePrefix(encodeKey(3)))
    return {
      acknowledgedMs,
      fillUs: (fillMs * 1000) / count,
      getUs,
      scanUs: (scanMs * 1000) / scanCount,
      deleteUs: (deleteMs * 1000) / (count / CHANNEL_COUNT),
    }
  } finally {
    await contender.close()
  }
}

function check(payload: Uint8Array | undefined): void {
  if (payload?.length !== PAYLOAD.length) throw new Error('an entry is missing')
}

/** Measures as figures; ratios are to the floor, which comes first. */
export function kvFigures(
  count: number,
  measures: readonly (readonly [name: string, measure: KvMeasure])[],
): Figure[] {
  const [floor] = measures
  const of = (
    what: string,
    unit: Figure['unit'],
    pick: (measure: KvMeasure) => readonly number[],
    budget?: number,
  ): Figure[] =>
    measures.map(([name, measure], at) => {
      const figure = percentiles(pick(measure))
      const ratioToFloor = floor && figure.p50 / percentiles(pick(floor[1])).p50
      return {
        name: `${sizeName(count)} ${what}: ${name}`,
        unit,
        ...figure,
        ...(at > 0 && ratioToFloor !== undefined && { ratioToFloor }),
        ...(at === 1 && budget !== undefined && { budget: { on: 'ratioToFloor', atMost: budget } }),
      }
    })
  return [
    ...of('put, acknowledged', 'ms', ({ acknowledgedMs }) => acknowledgedMs, 1.5),
    ...of('put in batches, each', 'us', ({ fillUs }) => [fillUs]),
    ...of('get', 'us', ({ getUs }) => getUs),
    ...of('scan, each', 'us', ({ scanUs }) => [scanUs], 1.5),
    ...of('delete by prefix, each', 'us', ({ deleteUs }) => [deleteUs]),
  ]
}

function sizeName(count: number): string {
  return count >= 1_000_000 ? `${count / 1_000_000}M` : `${count / 1000}k`
}
