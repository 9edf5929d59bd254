/** One key-value store under measurement, and the workload every one of them is put through. */
import { encodeKey } from '@inner-universe/core'
import { type Figure, percentiles } from '../figure.ts'

/** Entries of one batch. */
const BATCH = 1000
const ACKNOWLEDGED_COUNT = 300
const GET_COUNT = 2000
/** Puts and gets of one store before it is the next one's turn. */
const TURN = 10
const SCAN_TIMES = 3
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
  readonly contender: { readonly name: string }
  readonly acknowledgedMs: readonly number[]
  readonly fillUs: number
  readonly getUs: readonly number[]
  readonly scanUs: readonly number[]
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

/**
 * Puts stores through the workload with so many entries, then closes them. What a flush takes differs
 * from one second to the next, and so does everything on a shared machine: stores take turns, so that
 * whatever happens meets all of them.
 */
export async function measureKv(
  contenders: readonly KvContender[],
  count: number,
): Promise<KvMeasure[]> {
  const scanCount = Math.min(count, SCAN_COUNT)
  const runs = contenders.map((contender) => ({
    contender,
    acknowledgedMs: [] as number[],
    fillUs: 0,
    getUs: [] as number[],
    scanUs: [] as number[],
    deleteUs: 0,
  }))
  try {
    for (const turn of turns(ACKNOWLEDGED_COUNT)) {
      for (const { contender, acknowledgedMs } of runs) {
        for (const n of turn) {
          const entry = { key: encodeKey(CHANNEL_COUNT, n), payload: PAYLOAD }
          acknowledgedMs.push(await timed(() => contender.put(entry)))
        }
      }
    }
    for (const run of runs) {
      run.fillUs = ((await timed(() => run.contender.fill(batchesOf(count)))) * 1000) / count
    }
    for (const turn of turns(GET_COUNT)) {
      for (const { contender, getUs } of runs) {
        for (const n of turn) {
          const key = keyOf((n * 7919) % count, count)
          getUs.push((await timed(async () => check(await contender.get(key)))) * 1000)
        }
      }
    }
    for (let time = 0; time < SCAN_TIMES; time++) {
      for (const { contender, scanUs } of runs) {
        const scanMs = await timed(async () => {
          const seen = await contender.scan(scanCount)
          if (seen !== scanCount) {
            throw new Error(`${contender.name}: ${seen} of ${scanCount} entries`)
          }
        })
        scanUs.push((scanMs * 1000) / scanCount)
      }
    }
    for (const run of runs) {
      const deleteMs = await timed(() => run.contender.deletePrefix(encodeKey(3)))
      run.deleteUs = (deleteMs * 1000) / (count / CHANNEL_COUNT)
    }
    return runs
  } finally {
    for (const { contender } of runs) await contender.close()
  }
}

/** The numbers below `count`, so many at a time. */
function* turns(count: number): Generator<readonly number[]> {
  for (let from = 0; from < count; from += TURN) {
    yield Array.from({ length: Math.min(TURN, count - from) }, (_, at) => from + at)
  }
}

function check(payload: Uint8Array | undefined): void {
  if (payload?.length !== PAYLOAD.length) throw new Error('an entry is missing')
}

/** Measures as figures; ratios are to the floor, which comes first. */
export function kvFigures(count: number, measures: readonly KvMeasure[]): Figure[] {
  const [floor] = measures
  const of = (
    what: string,
    unit: Figure['unit'],
    pick: (measure: KvMeasure) => readonly number[],
    budget?: number,
  ): Figure[] =>
    measures.map((measure, at) => {
      const { name } = measure.contender
      const figure = percentiles(pick(measure))
      const ratioToFloor = floor && figure.p50 / percentiles(pick(floor)).p50
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
    ...of('scan, each', 'us', ({ scanUs }) => scanUs, 1.5),
    ...of('delete by prefix, each', 'us', ({ deleteUs }) => [deleteUs]),
  ]
}

function sizeName(count: number): string {
  return count >= 1_000_000 ? `${count / 1_000_000}M` : `${count / 1000}k`
}
