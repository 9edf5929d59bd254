/** One declared view of an open universe: taken up or filled, then kept. DECLARED.md. */
import {
  bytesToHex,
  isUniverseError,
  type Module,
  type Row,
  type RowChange,
  sha256,
  type TableDefinition,
  type TableQuery,
  type ViewState,
} from '@inner-universe/core'
import { type Driver, quoteIdentifier } from '@inner-universe/sqlite'
import type { Circuit, Deltas } from '../circuit.ts'
import { datumText } from '../map-key.ts'
import { MemoryState } from '../memory-state.ts'
import { feed, inputsOf } from '../query/feed.ts'
import { type Plan, planRelation } from '../query/plan.ts'
import { createCircuit } from '../running-graph.ts'
import { dropSqliteView, openSqliteState, type SqliteState } from '../store/sqlite/index.ts'
import type { Catalog } from '../table-source.ts'
import { ZSet } from '../zset.ts'
import { type StoredTable, StoredTableSource } from './stored-table.ts'
import type { ViewDefinition } from './view-definition.ts'
import { type ViewRowChange, ViewRows } from './view-rows.ts'

/** Raised when plans of one relation come to keep other state than before: what is kept is built anew. */
const PLAN_FORMAT = 1

/** How long the operators take for one slice, in ms. To write what they say takes about as long again. */
const SLICE_MS = 4

/** Most rows of a slice: what the operators make of them is written at once, 10 to 50 µs a row. */
const SLICE_ROWS_MAX = 500

/** What views work with; lives as long as the engine. */
export interface ViewHost {
  readonly driver: Driver
  readonly module: Module
  /** A table, or the rows of a view. */
  table(name: string): StoredTable
  /** Statements that make the table of a view's rows, and the SQL view of its name. */
  statements(view: string): readonly string[]
  query(query: TableQuery): readonly Row[]
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs: () => number
  /** A view was given up or found damaged. */
  readonly onFault: (error: unknown) => void
}

/** A view that is running: all of this is made anew when it is begun anew. */
interface Running {
  readonly plan: Plan
  readonly circuit: Circuit
  readonly state: SqliteState
  readonly catalog: Catalog
  readonly rows: ViewRows
  /** What is left of filling; undefined: it is filled. */
  filling: Generator<Deltas, void> | undefined
  readonly totalRows: number
}

/** See the head of the file. Whatever writes does so in the transaction that is open. */
export class DeclaredView {
  readonly definition: ViewDefinition
  readonly #host: ViewHost
  readonly #tables: Readonly<Record<string, TableDefinition>>
  #running: Running | undefined
  #failure: string | undefined
  #fedRows = 0
  /** A step or slice was begun and not written to its end. */
  #isAmidStep = false

  constructor(
    definition: ViewDefinition,
    host: ViewHost,
    tables: Readonly<Record<string, TableDefinition>>,
  ) {
    this.definition = definition
    this.#host = host
    this.#tables = tables
  }

  get name(): string {
    return this.definition.name
  }

  get isReady(): boolean {
    return this.#running !== undefined && this.#running.filling === undefined
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get state(): ViewState {
    const view = this.name
    if (this.#failure !== undefined) return { view, kind: 'failed', message: this.#failure }
    if (this.isReady) return { view, kind: 'ready', fedRows: this.#fedRows }
    const totalRows = this.#running?.totalRows ?? 0
    // Rows may have come to the tables meanwhile.
    return { view, kind: 'filling', doneRows: Math.min(this.#fedRows, totalRows), totalRows }
  }

  /** How it is kept: operators, indexes. Undefined before it is begun. */
  get plan(): Plan | undefined {
    return this.#running?.plan
  }

  /** Goes on with what the file has, if that is of this definition and whole. Reads no rows. */
  takeUp(): boolean {
    const { driver, onFault } = this.#host
    const catalog = this.#catalog('all', this.#noteFed)
    const plan = this.#plan(catalog)
    const state = openSqliteState({ driver, view: this.name })
    if (!state.isOf(this.#identity(plan)) || state.record?.phase !== 'ready') return false
    try {
      const circuit = createCircuit(plan.graph, state)
      const rows = new ViewRows(driver, this.definition, this.#host.table(this.name))
      this.#running = { plan, circuit, state, catalog, rows, filling: undefined, totalRows: 0 }
      return true
    } catch (error) {
      // Tables of it are gone, or are not what they were.
      if (!isUniverseError(error) || isFatal(error)) throw error
      onFault(error)
      return false
    }
  }

  /** Forgets it, so that it is begun anew, whatever the file has of it. */
  reset(): void {
    this.#running = undefined
    this.#failure = undefined
    this.#fedRows = 0
  }

  /** Says in the file that what it has is not to be gone on with. */
  spoil(): void {
    const { driver } = this.#host
    const state = openSqliteState({ driver, view: this.name })
    if (state.record?.phase === 'ready') state.flush({ phase: 'filling' })
    this.reset()
  }

  /** Cannot be read until the universe is next opened, which begins it anew. */
  giveUp(why: string): void {
    this.spoil()
    this.#failure = why
  }

  /** Fills a slice, beginning anew where nothing was begun. */
  fill(): readonly ViewRowChange[] {
    return this.#attempt(() => {
      this.#running ??= this.#begin()
      const { filling, state } = this.#running
      const slice = filling?.next()
      if (slice?.done === false) return this.#write(this.#running, slice.value)
      this.#running.filling = undefined
      state.flush({ phase: 'ready' })
      return []
    })
  }

  /** Takes in changes of what it reads; gives the rows of it that are other than before. */
  step(changesOf: (table: string) => readonly RowChange[]): readonly ViewRowChange[] {
    const running = this.#running
    if (running === undefined) return []
    const { plan, catalog, circuit } = running
    const changes = [...plan.tables].flatMap((table) => changesOf(table))
    if (changes.length === 0) return []
    return this.#attempt(() => this.#write(running, circuit.step(inputsOf(plan, catalog, changes))))
  }

  /** Rows as others see them. */
  changesOf(written: readonly ViewRowChange[]): readonly RowChange[] {
    const rows = this.#running?.rows
    return rows === undefined ? [] : written.map((change) => rows.changeOf(change))
  }

  /** What the file has of it is as before its transaction. */
  rollBack(): void {
    const { driver } = this.#host
    const running = this.#running
    if (running === undefined) return
    const { record } = openSqliteState({ driver, view: this.name })
    const isUntouched = !this.#isAmidStep && record?.flushes === running.state.record?.flushes
    if (isUntouched) return
    this.#isAmidStep = false
    // Filled rows, or the end of filling, may be among what was taken back.
    if (running.filling !== undefined || record?.phase !== 'ready') this.reset()
    else running.state.discard()
  }

  /** Faults as sentences. Cost: computes it again, in memory. */
  verify(): readonly string[] {
    const running = this.#running
    if (running === undefined || !this.isReady) return []
    const faults: string[] = []
    if (!running.state.verify())
      faults.push(`view "${this.name}": its state does not fit its digest`)
    const catalog = this.#catalog('none', () => undefined)
    const plan = this.#plan(catalog)
    const circuit = createCircuit(plan.graph, new MemoryState())
    let rows = ZSet.from<Row>([])
    const options = { nowMs: this.#host.nowMs, sliceMs: Number.POSITIVE_INFINITY }
    for (const slice of feed(plan, circuit, catalog, options)) {
      const change = slice.get(plan.output)
      if (change !== undefined) rows = rows.add(ZSet.fromDelta(change) as ZSet<Row>)
    }
    const wrong = running.rows.compare(rows)
    if (wrong > 0) faults.push(`view "${this.name}": ${wrong} rows are not what its tables say`)
    return faults
  }

  /** Takes it out of the file. */
  drop(): void {
    dropView(this.#host.driver, this.name)
    this.reset()
  }

  #begin(): Running {
    const { driver } = this.#host
    dropView(driver, this.name)
    this.reset()
    for (const sql of this.#host.statements(this.name)) driver.exec(sql)
    const catalog = this.#catalog('none', this.#noteFed)
    const plan = this.#plan(catalog)
    const state = openSqliteState({ driver, view: this.name })
    state.start(this.#identity(plan), 'filling')
    const circuit = createCircuit(plan.graph, state)
    const rows = new ViewRows(driver, this.definition, this.#host.table(this.name))
    let totalRows = 0
    for (const table of plan.feeds) {
      const [count] =
        driver.prepare(`SELECT count(*) FROM ${this.#host.table(table).sql}`).get() ?? []
      totalRows += count as number
    }
    const options = { nowMs: this.#host.nowMs, sliceMs: SLICE_MS, rowsMax: SLICE_ROWS_MAX }
    const filling = feed(plan, circuit, catalog, options)
    return { plan, circuit, state, catalog, rows, filling, totalRows }
  }

  #write({ plan, state, rows }: Running, outputs: Deltas): readonly ViewRowChange[] {
    const change = outputs.get(plan.output)
    const written = change === undefined ? [] : rows.write(change as never)
    state.flush({ frontier: (state.record?.frontier ?? -1) + 1 })
    return written
  }

  /**
   * A view that cannot follow must not stop its tables from being written: it is given up until the
   * universe is next opened. What the disk refuses is the transaction's failure.
   */
  #attempt(work: () => readonly ViewRowChange[]): readonly ViewRowChange[] {
    this.#isAmidStep = true
    try {
      const written = work()
      this.#isAmidStep = false
      return written
    } catch (error) {
      if (isFatal(error) || !this.#host.driver.isInTransaction) throw error
      this.#isAmidStep = false
      this.#host.onFault(error)
      this.giveUp(error instanceof Error ? error.message : String(error))
      return []
    }
  }

  readonly #noteFed = (rowCount: number): void => {
    this.#fedRows += rowCount
  }

  #plan(catalog: Catalog): Plan {
    const { relation } = this.definition
    return planRelation(relation, catalog, { tables: this.#tables, readsWindows: false })
  }

  /** Not by the text of functions, which another build of the same app may change. */
  #identity({ graph }: Plan): { definitionHash: string; schemaVersion: number } {
    const nodes = graph.nodes.map(({ kind, parameters, path, inputs }) => [
      kind,
      parameters,
      path,
      inputs.map((input) => input.path),
    ])
    const { relation, table, reads } = this.definition
    const read = [...reads].map((name) => this.#tables[name])
    const text = datumText(
      JSON.parse(JSON.stringify([PLAN_FORMAT, relation, table, read])).concat([nodes]),
    )
    const definitionHash = bytesToHex(sha256(new TextEncoder().encode(text)))
    return { definitionHash, schemaVersion: this.#host.module.version }
  }

  #catalog(bound: 'all' | 'none', onFed: (rowCount: number) => void): Catalog {
    const { driver } = this.#host
    const sources = new Map<string, StoredTableSource>()
    const reading = {
      driver,
      query: (query: TableQuery) => this.#host.query(query),
      addIndex: (table: StoredTable, columns: readonly string[]) => this.#addIndex(table, columns),
      onFed,
    }
    return {
      table: (name) => {
        let source = sources.get(name)
        if (source === undefined) {
          source = new StoredTableSource(this.#host.table(name), reading)
          source.bound = { kind: bound }
          sources.set(name, source)
        }
        return source
      },
    }
  }

  /** An index of the view's own on a table that it reads, dropped with it. */
  #addIndex(table: StoredTable, columns: readonly string[]): string {
    const name = `${indexPrefix(this.name)}${table.name}.${columns.join('.')}`
    const list = columns.map(quoteIdentifier).join(', ')
    const { driver } = this.#host
    driver.exec(`CREATE INDEX IF NOT EXISTS ${quoteIdentifier(name)} ON ${table.sql} (${list})`)
    return `index of view ${this.name}`
  }
}

/** What is not the view's fault: the disk refused, or the engine is gone. */
function isFatal(error: unknown): boolean {
  return isUniverseError(error) && /^(storage|engine)\//.test(error.code)
}

/** Takes a view out of a file: rows, SQL view, state, indexes. */
export function dropView(driver: Driver, view: string): void {
  dropSqliteView(driver, view)
  driver.exec(`DROP VIEW IF EXISTS ${quoteIdentifier(view)}`)
  driver.exec(`DROP TABLE IF EXISTS ${quoteIdentifier(`_vrows_${view}`)}`)
  const prefix = indexPrefix(view)
  const indexes = driver
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND substr(name, 1, ?1) = ?2")
    .all([prefix.length, prefix])
  for (const [name] of indexes) driver.exec(`DROP INDEX ${quoteIdentifier(name as string)}`)
}

/** A dot is in no name, so that no other view's indexes begin like this. */
function indexPrefix(view: string): string {
  return `_vix_${view}.`
}
