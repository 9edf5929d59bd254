/**
 * All declared views of an open universe, behind the engine's port (engine/STORAGE.md VW1–VW9).
 *
 * Views are in an order in which each comes after those it reads. One that is begun anew begins when all
 * before it are filled, and takes those with it that read it.
 */
import {
  type RowChange,
  type TableDefinition,
  UniverseError,
  type ViewState,
} from '@inner-universe/core'
import type { Plan } from '../query/plan.ts'
import { sqliteViews } from '../store/sqlite/index.ts'
import { DeclaredView, dropView, type ViewHost } from './declared-view.ts'
import { defineViews } from './view-definition.ts'
import type { ViewRowChange } from './view-rows.ts'

/** How long opening may fill views before calls are served, in ms: most are filled then. */
const OPEN_FILL_MS = 50

/** Tables of no more rows than this are read to the end when a universe is opened: a new one, say. */
const OPEN_ROWS_MAX = 200

/** Rows of one view that a transaction changed. */
export interface ViewChange {
  readonly view: string
  readonly rows: readonly ViewRowChange[]
}

/** See the head of the file. Whatever writes does so in the transaction that is open. */
export class DeclaredViews {
  /** Views as tables of their rows. */
  readonly tables: Readonly<Record<string, TableDefinition>>
  /** Tables, and views, that views read. */
  readonly reads: ReadonlySet<string>
  readonly #host: ViewHost
  readonly #views: readonly DeclaredView[]
  readonly #byName: ReadonlyMap<string, DeclaredView>
  /** Views that the open transaction wrote. */
  readonly #written = new Set<DeclaredView>()
  /** A view is there that is neither ready nor given up. */
  #isFilling = false

  /** Reads and writes nothing. @throws UniverseError `module/invalid`. */
  constructor(host: ViewHost) {
    this.#host = host
    const definitions = defineViews(host.module)
    const tables: Record<string, TableDefinition> = {}
    for (const [name, { definition }] of Object.entries(host.module.tables))
      tables[name] = definition
    for (const { name, table } of definitions) tables[name] = table
    this.tables = Object.fromEntries(definitions.map(({ name, table }) => [name, table]))
    this.reads = new Set(definitions.flatMap(({ reads }) => [...reads]))
    this.#views = definitions.map((definition) => new DeclaredView(definition, host, tables))
    this.#byName = new Map(this.#views.map((view) => [view.name, view]))
  }

  /** Makes the file fit the module, and fills what little there is to fill. */
  open(): void {
    const { driver, nowMs } = this.#host
    for (const name of sqliteViews(driver)) if (!this.#byName.has(name)) dropView(driver, name)
    for (const view of this.#views) {
      view.reset()
      const isOnOld = this.#readsOf(view).every(({ isReady }) => isReady)
      if (!(isOnOld && view.takeUp())) view.spoil()
    }
    this.#isFilling = true
    const endMs = this.#isSmall() ? Number.POSITIVE_INFINITY : nowMs() + OPEN_FILL_MS
    while (this.fill() && nowMs() < endMs);
    this.#written.clear()
  }

  /** Takes in what a transaction did to tables; gives what that did to views. */
  step(changesOf: (table: string) => readonly RowChange[]): readonly ViewChange[] {
    this.#written.clear()
    const changed: ViewChange[] = []
    const ofViews = new Map<string, readonly RowChange[]>()
    const changes = (table: string): readonly RowChange[] =>
      this.#byName.has(table) ? (ofViews.get(table) ?? []) : changesOf(table)
    for (const view of this.#views) {
      const hadFailed = view.hasFailed
      const rows = view.step(changes)
      if (rows.length > 0) {
        this.#written.add(view)
        changed.push({ view: view.name, rows })
        ofViews.set(view.name, view.changesOf(rows))
      }
      if (view.hasFailed && !hadFailed) {
        this.#written.add(view)
        this.#giveUpAbove(view)
      }
    }
    return changed.filter(({ view }) => this.#byName.get(view)?.isReady)
  }

  /** The open transaction was rolled back. */
  rollBack(): void {
    for (const view of this.#written) view.rollBack()
    this.#written.clear()
    this.#isFilling = this.#views.some(({ isReady, hasFailed }) => !isReady && !hasFailed)
  }

  /** Begins all views anew. */
  restart(): void {
    for (const view of this.#views) this.#spoil(view)
  }

  /** Fills a slice; false when there is nothing left to fill. */
  fill(): boolean {
    if (!this.#isFilling) return false
    const view = this.#views.find(({ isReady, hasFailed }) => !isReady && !hasFailed)
    if (view !== undefined) {
      this.#written.add(view)
      view.fill()
      if (view.hasFailed) this.#giveUpAbove(view)
      return true
    }
    this.#isFilling = false
    return false
  }

  states(): readonly ViewState[] {
    return this.#views.map(({ state }) => state)
  }

  /** @throws UniverseError `views/not-ready` for a view among them that cannot be read yet. */
  assertReady(tables: Iterable<string>): void {
    for (const name of tables) {
      const view = this.#byName.get(name)
      if (view === undefined || view.isReady) continue
      const { state } = view
      const why =
        state.kind === 'failed'
          ? `was given up (${state.message}); open the universe anew`
          : 'is still being filled; wait for it'
      throw new UniverseError('views/not-ready', `view "${name}" ${why}`, {
        details: { view: name, state },
      })
    }
  }

  /** Faults as sentences; views that have any, and those that read them, are begun anew. */
  verify(): readonly string[] {
    this.#written.clear()
    return this.#views.flatMap((view) => {
      const faults = view.verify()
      if (faults.length > 0) {
        this.#host.onFault(
          new UniverseError('views/store-corrupt', `${faults.join('; ')}; it is built anew`),
        )
        this.#spoil(view)
      }
      return faults
    })
  }

  /** How a view is kept up to date. Undefined before it is begun. */
  planOf(view: string): Plan | undefined {
    return this.#byName.get(view)?.plan
  }

  #isSmall(): boolean {
    const { driver, module, table } = this.#host
    return [...this.reads].every((name) => {
      if (!Object.hasOwn(module.tables, name)) return true
      const some = `SELECT count(*) FROM (SELECT 1 FROM ${table(name).sql} LIMIT ?1)`
      return (driver.prepare(some).get([OPEN_ROWS_MAX + 1])?.[0] as number) <= OPEN_ROWS_MAX
    })
  }

  #spoil(view: DeclaredView): void {
    this.#written.add(view)
    view.spoil()
    this.#isFilling = true
    for (const other of this.#views) {
      if (other.definition.reads.has(view.name) && other.isReady) this.#spoil(other)
    }
  }

  /** A view that was given up takes those with it that read it. */
  #giveUpAbove(view: DeclaredView): void {
    for (const other of this.#views) {
      if (!other.definition.reads.has(view.name) || other.hasFailed) continue
      this.#written.add(other)
      other.giveUp(`it reads view "${view.name}", which was given up`)
      this.#giveUpAbove(other)
    }
  }

  #readsOf({ definition }: DeclaredView): readonly DeclaredView[] {
    return this.#views.filter(({ name }) => definition.reads.has(name))
  }
}
