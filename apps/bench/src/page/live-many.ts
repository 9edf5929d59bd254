/** Page half of the scenario `live-many`. */
import { fillNotes, type Notes, openNotes } from './open-notes.ts'

/** What came of it. Gaps are the milliseconds between two frames of the page. */
export interface LiveManyResult {
  readonly idleGaps: readonly number[]
  readonly busyGaps: readonly number[]
  /** Milliseconds from a call to its answer, its patches applied. */
  readonly callMs: readonly number[]
  readonly changesPerSecond: number
  readonly patchesPerSecond: number
  /** Queries that are not kept by operators but run again. */
  readonly rerunCount: number
}

type Build = Parameters<Notes['explain']>[0]

/** Ranks are below this. */
const RANK_MAX = 1_000_003

/** Changes are sent so often, in ms. */
const TICK_MS = 10

/** Called by the Node half. */
export const liveManyPage = {
  /** Frame gaps with `queryCount` live queries, without changes and with so many rows changed a second. */
  async run(
    rowCount: number,
    queryCount: number,
    changesPerSecond: number,
    seconds: number,
  ): Promise<LiveManyResult> {
    const universe = await openNotes()
    await fillNotes(universe, rowCount)
    const ids = (await universe.sql<{ readonly id: string }>('select id from note')).map(
      ({ id }) => id,
    )
    let patchCount = 0
    const builds = Array.from({ length: queryCount }, (_, n) => buildOf(n, queryCount))
    const filled = builds.map((build) => {
      const output = document.body.appendChild(document.createElement('output'))
      return new Promise<void>((resolve) => {
        universe.live(build).subscribe(({ rows, isReady }, patch) => {
          output.textContent = `${rows.length} ${JSON.stringify(rows[0])}`
          if (patch !== undefined) patchCount += 1
          if (isReady) resolve()
        })
      })
    })
    await Promise.all(filled)
    const modes = await Promise.all(
      builds.map(async (build) => (await universe.explain(build)).mode),
    )

    const idleGaps = await frameGaps(seconds * 1000)
    patchCount = 0
    const calls: Promise<unknown>[] = []
    const callMs: number[] = []
    const started = performance.now()
    const timer = setInterval(() => {
      const due = ((performance.now() - started) / 1000) * changesPerSecond
      while (calls.length < due) {
        const n = calls.length
        const called = performance.now()
        const change = {
          id: ids[(n * 7919) % ids.length] as string,
          rank: (n * 104_729) % RANK_MAX,
        }
        const answered = universe.reducers.rank(change).durable
        calls.push(answered.then(() => callMs.push(performance.now() - called)))
      }
    }, TICK_MS)
    const busyGaps = await frameGaps(seconds * 1000)
    clearInterval(timer)
    await Promise.all(calls)
    const elapsedSeconds = (performance.now() - started) / 1000
    await universe.close()
    return {
      idleGaps,
      busyGaps,
      callMs,
      changesPerSecond: calls.length / elapsedSeconds,
      patchesPerSecond: patchCount / elapsedSeconds,
      rerunCount: modes.filter((mode) => mode === 'rerun').length,
    }
  },
}

/** The n-th query: four kinds by turns, each of its own range of ranks. */
function buildOf(n: number, queryCount: number): Build {
  const width = RANK_MAX / queryCount
  const rank = { gte: Math.floor(n * width), lt: Math.floor((n + 10) * width) }
  switch (n % 4) {
    case 0:
      return (q) => q.note.where({ rank }).orderBy('rank').limit(50)
    case 1:
      return (q) => q.note.where({ rank }).groupBy('title').count()
    case 2:
      return (q) =>
        q.note
          .where({ rank })
          .groupBy()
          .aggregate((note, { count, max, avg }) => ({
            notes: count(),
            highest: max(note.rank),
            mean: avg(note.rank),
          }))
    default:
      return (q) =>
        q.note.where({ rank }).groupBy('title').count().orderBy('count', 'desc').limit(10)
  }
}

/** Milliseconds between frames, for so long. */
function frameGaps(forMs: number): Promise<number[]> {
  return new Promise((resolve) => {
    const gaps: number[] = []
    const started = performance.now()
    let last = started
    const onFrame = (): void => {
      const now = performance.now()
      gaps.push(now - last)
      last = now
      if (now - started < forMs) requestAnimationFrame(onFrame)
      else resolve(gaps)
    }
    requestAnimationFrame(onFrame)
  })
}
