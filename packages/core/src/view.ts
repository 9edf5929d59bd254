/**
 * Declared views: queries of a module whose rows every universe of it keeps, up to date in the
 * transaction that changes what they read.
 */
import { invalidModule } from './module-fault.ts'
import { type Queries, Query, queriesOf } from './query.ts'
import type { Relation } from './relation.ts'
import type { Row } from './row-change.ts'
import type { Tables } from './table.ts'

/** A query as the typed builders make it; its members depend on what it reads. */
export interface BuiltQuery<R = unknown> {
  /** Carries the type only; never set. */
  readonly rowType: R
  readonly relation: Relation
}

/** Declared views by name. */
export type Views = Readonly<Record<string, BuiltQuery>>

/** Starts from the rows of another view of the module, whose type is given, not inferred. */
export type ReadView = <R = Row>(view: string) => Query<R>

/** How an author declares views: queries over tables, and over views declared beside them. */
export type DefineViews<T extends Tables, V extends Views> = {
  readonly [K in keyof V]: (q: Queries<T>, view: ReadView) => V[K]
}

/** One query per view, to start from: `q.openByProject.where(…)`. */
export type ViewQueries<V extends Views> = { readonly [K in keyof V]: Query<V[K]['rowType']> }

/** Where queries of a module start from. */
export type ModuleQueries<T extends Tables, V extends Views> = Queries<T> & ViewQueries<V>

/** How far a view is: its rows can be read from `ready` on. */
export type ViewState =
  | {
      readonly view: string
      readonly kind: 'ready'
      /** Rows read to fill it since the universe was opened; 0: it was found as it was left. */
      readonly fedRows: number
    }
  | {
      readonly view: string
      readonly kind: 'filling'
      /** Rows of its tables read so far, and how many there were when filling began. */
      readonly doneRows: number
      readonly totalRows: number
    }
  /** A step of it failed, which the message tells; it is begun anew when the universe is next opened. */
  | { readonly view: string; readonly kind: 'failed'; readonly message: string }

/** Views as a module holds them: built where they are kept, so that nobody else carries the builder. */
export type ViewBuilders<V extends Views> = {
  readonly [K in keyof V]: (q: never, view: ReadView) => V[K]
}

/**
 * Builds the queries of a module's views.
 *
 * @throws UniverseError `module/invalid` where a function returns no query.
 */
export function buildViews(tables: Tables, builders: ViewBuilders<Views>): Views {
  const queries = queriesOf(tables)
  const built = Object.keys(builders).map((name) => {
    const query: unknown = builders[name]?.(queries as never, queryOfView)
    const relation = (query as Partial<BuiltQuery> | null | undefined)?.relation
    if (typeof relation !== 'object') {
      invalidModule(`view "${name}" is no query; give a function that returns one`)
    }
    return [name, query]
  })
  return Object.fromEntries(built) as Views
}

/** The starting queries of a module's tables and views. */
export function moduleQueriesOf<T extends Tables, V extends Views>({
  tables,
  views,
}: {
  readonly tables: T
  readonly views: ViewBuilders<V>
}): ModuleQueries<T, V> {
  const entries = Object.keys(views).map((name) => [name, queryOfView(name)])
  return { ...queriesOf(tables), ...(Object.fromEntries(entries) as ViewQueries<V>) }
}

/** A view is read like a table of its name. */
function queryOfView<R>(view: string): Query<R> {
  return new Query<R>({ table: view, orderBy: [] })
}

/**
 * Views in an order in which each comes after those that it reads.
 *
 * @throws UniverseError `module/invalid` for views that read each other in a circle.
 */
export function viewOrder(views: Views): readonly string[] {
  const order: string[] = []
  const open = new Set<string>()
  const visit = (view: string): void => {
    if (order.includes(view)) return
    if (open.has(view)) {
      invalidModule(`views read each other in a circle: ${[...open, view].join(' → ')}`)
    }
    open.add(view)
    for (const name of namesRead(views[view]?.relation)) if (Object.hasOwn(views, name)) visit(name)
    open.delete(view)
    order.push(view)
  }
  for (const view of Object.keys(views)) visit(view)
  return order
}

/** The tables and views that a query reads, found wherever its plain data names one. */
function namesRead(query: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (typeof query !== 'object' || query === null) return names
  if (Array.isArray(query)) {
    for (const part of query) namesRead(part, names)
    return names
  }
  const { kind, table, view } = query as Readonly<Record<string, unknown>>
  if (typeof table === 'string') names.add(table)
  if (kind === 'view' && typeof view === 'string') names.add(view)
  for (const part of Object.values(query)) namesRead(part, names)
  return names
}
