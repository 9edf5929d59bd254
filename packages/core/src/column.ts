/**
 * Columns: what one cell may hold, and how concurrent writes to it merge (MERGE.md).
 *
 * The same builder declares reducer arguments. A column is plain data ({@link ColumnDefinition})
 * behind a small fluent class that carries the TypeScript type of its value.
 */
import { type DocumentColumn, documentColumn } from './document-column.ts'
import type { Id } from './id.ts'
import type { JsonValue } from './json.ts'

/** What a concurrent deletion of the referred-to row means for the referring one (MERGE.md MR). */
export type OnDelete = 'keep' | 'cascade' | 'null'

/**
 * The kinds of cell. `id` and `key` are primary keys (a time-ordered id the store makes; a natural
 * text key the app gives). `counter` merges by sum, `set` by union with observed removal, all others
 * by last writer.
 */
export type ColumnKind =
  | 'id'
  | 'key'
  | 'text'
  | 'int'
  | 'real'
  | 'bool'
  | 'timestamp'
  | 'bytes'
  | 'json'
  | 'array'
  | 'object'
  | 'enum'
  | 'ref'
  | 'counter'
  | 'set'

/** How a column follows from an older one of its table. The functions are pure, and the same for ever. */
export interface LensDefinition {
  /** The older column. */
  readonly column: string
  /** The value for one of the older column. */
  readonly forward: (old: never) => unknown
  /** And back, for those who know the older column only. */
  readonly backward?: (value: never) => unknown
}

/** A column as plain data, cloneable but for the functions of a lens. */
export interface ColumnDefinition {
  readonly kind: ColumnKind
  /** True when the cell may be NULL (as an object field or argument: may be missing too). */
  readonly isOptional: boolean
  /** What an insert (or call) that leaves the column out gets. */
  readonly defaultValue?: JsonValue
  /** Smallest number, or shortest text, bytes or array. */
  readonly min?: number
  /** Largest number, or longest text (UTF-16 units), bytes or array. */
  readonly max?: number
  /** Members of an `enum`. */
  readonly values?: readonly string[]
  /** Element of an `array` or `set`. */
  readonly element?: ColumnDefinition
  /** Fields of an `object`. */
  readonly fields?: Readonly<Record<string, ColumnDefinition>>
  /** True when an `object` refuses fields it does not name. */
  readonly isExact?: boolean
  /** Target table of a `ref`. */
  readonly table?: string
  /** Referential rule of a `ref`. */
  readonly onDelete?: OnDelete
  /** True when a value belongs to one visible row at a time (MERGE.md MR17). */
  readonly isUnique?: boolean
  /** True for a text that is an order key (`order-key.ts`). */
  readonly isOrderKey?: boolean
  /** Where the column's value comes from when only an older column was written (MERGE.md MR23). */
  readonly from?: LensDefinition
}

/**
 * A column under construction. Each method gives a new column; none changes the receiver.
 *
 * `Value` is the type read; `MayOmit` is true when an insert or call may leave it out.
 */
export class Column<Value, MayOmit extends boolean = false> {
  /** Carries the type only; never set. */
  declare readonly valueType: Value
  /** Carries the type only; never set. */
  declare readonly mayOmit: MayOmit
  readonly definition: ColumnDefinition

  constructor(definition: ColumnDefinition) {
    this.definition = definition
  }

  #with<V, M extends boolean>(part: Partial<ColumnDefinition>): Column<V, M> {
    return new Column<V, M>({ ...this.definition, ...part })
  }

  /** Allows NULL; left out of an insert, the cell is NULL. */
  optional(): Column<Value | null, true> {
    return this.#with({ isOptional: true })
  }

  /** The value an insert or call that leaves it out gets. */
  default(value: Value & JsonValue): Column<Value, true> {
    return this.#with({ defaultValue: value })
  }

  /** Smallest number, or shortest text, bytes or array. */
  min(min: number): Column<Value, MayOmit> {
    return this.#with({ min })
  }

  /** Largest number, or longest text (UTF-16 units), bytes or array. */
  max(max: number): Column<Value, MayOmit> {
    return this.#with({ max })
  }

  /**
   * Lets the column follow from an older one of the same table: rows and writes that know only that
   * one get `forward` of its value, or the default when that throws or gives what does not fit. With
   * `backward`, writes to this column are written to the older one too, for apps that know only that.
   * Texts, numbers, booleans, enums and timestamps; NULL stays NULL.
   */
  from<Old extends string | number | boolean>(
    column: string,
    // Methods, not properties: a column of any type is then a `Column<unknown>`.
    lens: { forward(old: Old): Value; backward?(value: Value): Old },
  ): Column<Value, MayOmit> {
    return this.#with({ from: { column, ...lens } })
  }

  /**
   * Lets a value belong to one visible row at a time: a text, int, enum or timestamp of a synced
   * table. A call that writes a value another row holds is refused (`table/duplicate-value`). Rows
   * that claimed one value unaware of each other: the first in the relay's log holds it, the others
   * read NULL until it is let go (MERGE.md MR17).
   */
  unique(): Column<Value | null, MayOmit> {
    return this.#with({ isUnique: true })
  }
}

/** The type of a column's value. */
export type ValueOf<C> = C extends Column<infer Value, boolean> ? Value : never

/** Columns by name, as given to `table`, `t.object` and `reducer`. */
export type Columns = Readonly<Record<string, Column<unknown, boolean>>>

type OmittableKeys<C extends Columns> = {
  [K in keyof C]: C[K] extends Column<unknown, true> ? K : never
}[keyof C]

type Flat<T> = { [K in keyof T]: T[K] }

/** An object whose fields are given: those with a default, or optional, may be left out. */
export type InputOf<C extends Columns> = Flat<
  { readonly [K in Exclude<keyof C, OmittableKeys<C>>]: ValueOf<C[K]> } & {
    readonly [K in OmittableKeys<C>]?: ValueOf<C[K]> | undefined
  }
>

/** An object as it arrives in a reducer: defaults filled in, optional ones maybe missing. */
export type ArgumentsOf<C extends Columns> = Flat<
  {
    readonly [K in keyof C as null extends ValueOf<C[K]> ? never : K]: ValueOf<C[K]>
  } & {
    readonly [K in keyof C as null extends ValueOf<C[K]> ? K : never]?: ValueOf<C[K]> | undefined
  }
>

function definitionsOf(columns: Columns): Record<string, ColumnDefinition> {
  return Object.fromEntries(Object.entries(columns).map(([name, c]) => [name, c.definition]))
}

function column<Value>(kind: ColumnKind, part: Partial<ColumnDefinition> = {}): Column<Value> {
  return new Column<Value>({ kind, isOptional: false, ...part })
}

// Overloads, not a default type parameter: that would be inferred as `unknown` inside a reducer's
// arguments.
function jsonColumn(): Column<JsonValue>
function jsonColumn<Value>(): Column<Value>
function jsonColumn(): Column<unknown> {
  return column('json')
}

/** The column builders: `t.text()`, `t.counter()`, `t.ref('project', { onDelete: 'keep' })`, … */
export const t = {
  /** Primary key the store makes: a time-ordered UUID (version 7). May be left out of an insert. */
  id: <Table extends string = string>(): Column<Id<Table>, true> =>
    column('id') as unknown as Column<Id<Table>, true>,
  /** Primary key the app gives: a natural key. Concurrent inserts of one key become one row. */
  key: (): Column<string> => column('key'),
  /** Text; at most {@link TEXT_BYTES_MAX} bytes unless `.max()` says less. */
  text: (): Column<string> => column('text'),
  /** Integer within ±(2^53 − 1). */
  int: (): Column<number> => column('int'),
  /** Finite float64. */
  real: (): Column<number> => column('real'),
  /** Boolean; 0 or 1 in SQL. */
  bool: (): Column<boolean> => column('bool'),
  /** Wall time: milliseconds since 1970, an integer. */
  timestamp: (): Column<number> => column('timestamp'),
  /** Bytes; a blob in SQL. */
  bytes: (): Column<Uint8Array> => column('bytes'),
  /** Any JSON value; canonical JSON text in SQL. Merges as a whole. */
  json: jsonColumn as typeof jsonColumn,
  /** JSON array of one element type. Merges as a whole; see `set` for union. */
  array: <Value>(element: Column<Value, boolean>): Column<readonly Value[]> =>
    column('array', { element: element.definition }),
  /** JSON object of named fields. Fields it does not name are refused. Merges as a whole. */
  object: <C extends Columns>(fields: C): Column<ArgumentsOf<C>> =>
    column('object', { fields: definitionsOf(fields), isExact: true }),
  /** One of the given texts. */
  enum: <const Values extends readonly string[]>(values: Values): Column<Values[number]> =>
    column('enum', { values }),
  /**
   * Place of a row in a list the user arranges: a key that `ctx.orderBetween` makes. Sort by it; ties
   * go by the primary key.
   */
  order: (): Column<string> => column('text', { isOrderKey: true }),
  /** Id of a row of another (or the same) table. Default `keep`. */
  ref: <Table extends string>(
    table: Table,
    options: { readonly onDelete?: OnDelete } = {},
  ): Column<Id<Table>> => column('ref', { table, onDelete: options.onDelete ?? 'keep' }),
  /** Integer that merges by sum: concurrent increments all count. Starts at 0. */
  counter: (): Column<number, true> =>
    column('counter', { defaultValue: 0 }) as unknown as Column<number, true>,
  /** Set that merges by union with observed removal. Reads as an array in canonical order. */
  set: <Value extends string | number | boolean>(
    element: Column<Value, boolean>,
  ): Column<readonly Value[], true> =>
    column('set', { element: element.definition, defaultValue: [] }) as unknown as Column<
      readonly Value[],
      true
    >,
  /** Text that several people edit at once: one document per row, kept beside it (DOCUMENTS.md). */
  richText: (): DocumentColumn<'richText'> => documentColumn('richText'),
  /** A tree of values that several people edit at once, kept beside the row. `json` is for the rest. */
  jsonDoc: (): DocumentColumn<'jsonDoc'> => documentColumn('jsonDoc'),
  /** A list that several people edit at once, kept beside the row. Rows of a table are better queried. */
  list: (): DocumentColumn<'list'> => documentColumn('list'),
} as const
