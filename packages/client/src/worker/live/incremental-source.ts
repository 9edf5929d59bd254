/** Live queries on operators of the views package: what a change costs follows the change. */
import type { Row, RowChange } from '@inner-universe/core'
import {
  type Catalog,
  type Circuit,
  createCircuit,
  type Delta,
  feed,
  inputsOf,
  MemoryState,
  type OrderTerm,
  type Plan,
  planRelation,
} from '@inner-universe/views'
import type { LiveExplanation } from '../../rpc/contract.ts'
import { LIVE_SLICE_MS } from '../../rpc/limits.ts'
import type { LiveHost } from '../live-part.ts'
import { explainPlan } from './explain.ts'
import type { LiveSource, RowsSince } from './live-source.ts'
import { rowKey } from './row-key.ts'
import { SortedRows } from './sorted-rows.ts'
import { engineCatalog } from './table-catalog.ts'

/**
 * The source of a relation, which may be anything.
 *
 * @throws UniverseError `query/invalid`, naming the part that is wrong.
 */
export function relationSource(relation: unknown, host: LiveHost): LiveSource {
  const tables = host.engine.definitions
  const catalog = engineCatalog(tables, host.engine)
  const plan = planRelation(relation, catalog, { tables })
  return new IncrementalSource({ plan, catalog, host, keyOf: rowKey(relation, tables) })
}

/** A plan, and what its rows are to the page. */
export interface IncrementalOptions {
  readonly plan: Plan
  /** Its tables, for this source alone. */
  readonly catalog: Catalog
  readonly host: Pick<LiveHost, 'now' | 'withDeadline'>
  /** See {@link SortedRows}. */
  readonly keyOf: ((row: Row) => string) | undefined
}

/** See the file's head. */
export class IncrementalSource implements LiveSource {
  readonly explanation: LiveExplanation
  readonly #options: IncrementalOptions
  readonly #circuit: Circuit
  readonly #rows: SortedRows

  constructor(options: IncrementalOptions) {
    const { plan, keyOf } = options
    this.#options = options
    this.explanation = explainPlan(plan)
    this.#circuit = createCircuit(plan.graph, new MemoryState())
    this.#rows = new SortedRows({ order: plan.order as readonly OrderTerm<Row>[], keyOf })
  }

  get tables(): ReadonlySet<string> {
    return this.#options.plan.tables
  }

  get rowCount(): number {
    return this.#rows.size
  }

  get version(): number {
    return this.#rows.version
  }

  *fill(): Generator<undefined, void> {
    const { plan, catalog, host } = this.#options
    const slices = feed(plan, this.#circuit, catalog, {
      nowMs: host.now,
      sliceMs: LIVE_SLICE_MS,
    })
    for (;;) {
      const { done, value } = host.withDeadline(() => slices.next())
      if (done === true) break
      this.#load(value.get(plan.output))
      yield
    }
    this.#rows.forget()
  }

  isTouchedBy(changes: readonly RowChange[]): boolean {
    return changes.some(({ table }) => this.tables.has(table))
  }

  step(changes: readonly RowChange[] | undefined): void {
    const { plan, catalog, host } = this.#options
    const inputs = inputsOf(plan, catalog, changes ?? [])
    if (inputs.size === 0) return
    const delta = host.withDeadline(() => this.#circuit.step(inputs)).get(plan.output)
    if (delta !== undefined) this.#rows.apply(delta as Delta<Row>)
  }

  rows(): readonly Row[] {
    return this.#rows.rows()
  }

  since(version: object | number): RowsSince {
    return this.#rows.since(version as number)
  }

  forget(): void {
    this.#rows.forget()
  }

  #load(delta: Delta | undefined): void {
    if (delta !== undefined) this.#rows.load(delta as Delta<Row>)
  }
}
