/** Table definitions: columns, indexes, and how rows of the table are kept and shared. */
import type { Column, ColumnDefinition, InputOf, ValueOf } from './column.ts'
import type { DocumentColumn, DocumentDefinition } from './document-column.ts'

/**
 * How rows live. `synced`: clocks in the row, logged, merged with other replicas. `local`: this
 * replica only, no clocks, not logged. `transient`: a row lasts for the transaction that inserts it
 * (listeners see the insert; the table is always empty to queries).
 */
export type TableScope = 'synced' | 'local' | 'transient'

/** An index over columns, in order. */
export interface IndexDefinition {
  readonly name: string
  readonly columns: readonly string[]
}

/** Full-text search over texts of a row; each field is a column or a path into a JSON column. */
export interface SearchDefinition {
  /** Field name in the search index → dotted path, e.g. `metadata.name`. */
  readonly fields: Readonly<Record<string, string>>
}

/** When a scheduled row is due: once at a wall time, or every so many milliseconds. */
export type Schedule = { readonly atMs: number } | { readonly everyMs: number }

/** A table as plain, cloneable data. */
export interface TableDefinition {
  readonly scope: TableScope
  readonly isAppendOnly: boolean
  readonly primaryKey: string
  readonly columns: Readonly<Record<string, ColumnDefinition>>
  readonly indexes: readonly IndexDefinition[]
  readonly search?: SearchDefinition
  /** Reducer that is run with each due row, and the column holding its {@link Schedule}. */
  readonly schedule?: { readonly reducer: string; readonly column: string }
  /** Its document columns. They are no part of its rows (DOCUMENTS.md DC1). */
  readonly documents?: Readonly<Record<string, DocumentDefinition>>
  /** The table whose documents this one holds the updates of. The store sets it, no author does. */
  readonly documentsOf?: string
  /** True: it holds versions of the universe. The store sets it, no author does. */
  readonly isHistory?: boolean
}

/** Columns of a table by name, as given to `table`. */
export type TableColumns = Readonly<Record<string, Column<unknown, boolean> | DocumentColumn>>

/** Those of them that are part of a row. */
export type RowColumns<C> = {
  readonly [K in keyof C as C[K] extends DocumentColumn ? never : K]: Extract<
    C[K],
    Column<unknown, boolean>
  >
}

/** A table under construction. Each method gives a new table; none changes the receiver. */
export class Table<C extends TableColumns> {
  /** Carries the type only; never set. */
  declare readonly columnTypes: C
  readonly definition: TableDefinition

  constructor(definition: TableDefinition) {
    this.definition = definition
  }

  #with(part: Partial<TableDefinition>): Table<C> {
    return new Table<C>({ ...this.definition, ...part })
  }

  /** Adds an index over columns, in order. */
  index(name: string, columns: readonly (keyof RowColumns<C> & string)[]): Table<C> {
    return this.#with({ indexes: [...this.definition.indexes, { name, columns }] })
  }

  /** Keeps the table on this replica: no clocks, no log. */
  local(): Table<C> {
    return this.#with({ scope: 'local' })
  }

  /** Makes rows last for one transaction only. */
  transient(): Table<C> {
    return this.#with({ scope: 'transient' })
  }

  /** Refuses updates, so that rows merge by union. Deletes (retention) are allowed. */
  appendOnly(): Table<C> {
    return this.#with({ isAppendOnly: true })
  }

  /** Adds full-text search (FTS5), kept up to date in the same transaction. */
  search(fields: Readonly<Record<string, string>>): Table<C> {
    return this.#with({ search: { fields } })
  }

  /**
   * Makes each row a timer: when its `column` (a JSON {@link Schedule}) is due, the reducer runs with
   * the row as arguments and the module as sender. One-shot rows are deleted after, interval rows
   * stay. Implies `local`: each replica runs its own timers.
   */
  schedule(reducer: string, column: keyof RowColumns<C> & string): Table<C> {
    return this.#with({ scope: 'local', schedule: { reducer, column } })
  }
}

/** Declares a table. Exactly one column is its primary key (`t.id()` or `t.key()`). */
export function table<C extends TableColumns>(columns: C): Table<C> {
  const definitions: Record<string, ColumnDefinition> = {}
  const documents: Record<string, DocumentDefinition> = {}
  let primaryKey = ''
  for (const [name, column] of Object.entries(columns)) {
    if ('document' in column) {
      documents[name] = column.document
      continue
    }
    const { definition } = column
    definitions[name] = definition
    if (definition.kind === 'id' || definition.kind === 'key') primaryKey = name
  }
  return new Table<C>({
    scope: 'synced',
    isAppendOnly: false,
    primaryKey,
    columns: definitions,
    indexes: [],
    ...(Object.keys(documents).length > 0 && { documents }),
  })
}

/** Tables by name. */
export type Tables = Readonly<Record<string, Table<TableColumns>>>

/** A row as read: every column present, optional ones maybe null, documents left out. */
export type RowOf<T> =
  T extends Table<infer C>
    ? { readonly [K in keyof C as C[K] extends DocumentColumn ? never : K]: ValueOf<C[K]> }
    : never

/**
 * A row as inserted: columns with a default, optional ones and the store's own id may be left out.
 * Documents are no part of it: each begins empty.
 */
export type InsertOf<T> = T extends Table<infer C> ? InputOf<RowColumns<C>> : never

/** A change to a row: any columns but the primary key, and no documents. */
export type PatchOf<T> = Partial<InsertOf<T>>

/** Kinds of a table's document columns by name: `{ body: 'richText' }`. */
export type DocumentColumnsOf<T> =
  T extends Table<infer C>
    ? {
        readonly [K in keyof C as C[K] extends DocumentColumn
          ? K
          : never]: C[K] extends DocumentColumn<infer Kind> ? Kind : never
      }
    : never
