/**
 * Fills a circuit from its tables, slice by slice, and turns row changes into its inputs meanwhile and
 * afterwards (see table-source.ts for what lookups show in between). QUERIES.md VQ13, VQ14.
 */
import type { Row, RowChange } from '@inner-universe/core'
import type { Circuit, Deltas } from '../circuit.ts'
import { compareDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import type { Catalog, HydrationBound } from '../table-source.ts'
import type { Plan } from './plan.ts'

/** What decides how much goes into a slice. */
export interface FeedOptions {
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs: () => number
  /** How long a slice should take. The rows of a slice are adapted to it. */
  readonly sliceMs: number
  /** Most rows of a slice. Default 20,000. */
  readonly rowsMax?: number
}

/** Rows of the first slice of a table: few enough for most plans. */
const SLICE_ROWS_FIRST = 64
/** Rows of any slice at most: what they take is in memory at once. */
const SLICE_ROWS_MAX = 20_000
/** What one slice may grow by over the one before. */
const SLICE_GROWTH_MAX = 4

/**
 * Feeds a new circuit: each turn takes one slice and yields the changes of its outputs. Between turns
 * changes may be stepped in, made by {@link inputsOf} of the same catalog, once they are in the tables.
 */
export function* feed(
  plan: Plan,
  circuit: Circuit,
  catalog: Catalog,
  options: FeedOptions,
): Generator<Deltas, void> {
  const { nowMs, sliceMs, rowsMax: most = SLICE_ROWS_MAX } = options
  for (const table of plan.tables) {
    catalog.table(table).bound = { kind: plan.feeds.includes(table) ? 'none' : 'all' }
  }
  // What hydrates by itself, and what is due of nothing (the one row of a group of everything).
  yield circuit.step(new Map())
  for (const table of plan.feeds) {
    const source = catalog.table(table)
    // Rows of one table tell nothing of what those of another cost.
    let rowsMax = Math.min(SLICE_ROWS_FIRST, most)
    let isOver = false
    while (!isOver) {
      const startMs = nowMs()
      const after = source.bound.kind === 'through' ? source.bound.id : undefined
      const rows = source.page(after, rowsMax)
      isOver = rows.length < rowsMax
      const last = rows.at(-1)
      // Order matters: lookups show the rows of a step while it is taken.
      source.bound =
        isOver || last === undefined
          ? { kind: 'all' }
          : { kind: 'through', id: String(last[source.primaryKey]) }
      const delta = new Delta<Row>()
      for (const row of rows) delta.push(row, 1)
      const outputs = circuit.step(new Map([[table, delta]]))
      // Not what happens between slices: calls that run there must not make them ever smaller.
      const tookMs = nowMs() - startMs
      yield outputs
      rowsMax = Math.min(most, nextRowsMax(rowsMax, tookMs, sliceMs))
    }
  }
}

/**
 * Row changes as inputs of a plan's circuit: −before +after, without what has yet to be fed. The tables
 * must already be as they are after the changes.
 */
export function inputsOf(plan: Plan, catalog: Catalog, changes: readonly RowChange[]): Deltas {
  const inputs = new Map<string, Delta>()
  for (const { table, id, before, after } of changes) {
    if (!plan.tables.has(table) || !isFed(catalog.table(table).bound, id)) continue
    let delta = inputs.get(table)
    if (delta === undefined) {
      delta = new Delta()
      inputs.set(table, delta)
    }
    if (before !== undefined) delta.push(before, -1)
    if (after !== undefined) delta.push(after, 1)
  }
  return inputs
}

function isFed(bound: HydrationBound, id: string): boolean {
  if (bound.kind !== 'through') return bound.kind === 'all'
  return compareDatum(id, bound.id) <= 0
}

function nextRowsMax(rowsMax: number, tookMs: number, sliceMs: number): number {
  const growth = tookMs > 0 ? Math.min(sliceMs / tookMs, SLICE_GROWTH_MAX) : SLICE_GROWTH_MAX
  return Math.max(1, Math.floor(rowsMax * growth))
}
