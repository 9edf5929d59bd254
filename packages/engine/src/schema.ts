/**
 * A module's tables as the engine works with them: names, positions and SQL worked out once. See
 * STORAGE.md ST1–ST12 for what each table of the file holds.
 */
import {
  type ColumnDefinition,
  type ColumnKind,
  type Module,
  type OnDelete,
  type TableDefinition,
  UniverseError,
} from '@inner-universe/core'

/** Marks a SQLite file as ours (`PRAGMA application_id`): "InUn". */
export const APPLICATION_ID = 0x496e556e

/** Version of the layout described in STORAGE.md (`PRAGMA user_version`). */
export const FORMAT_VERSION = 3

/** One column, with its place in the physical row. */
export interface ColumnSchema {
  readonly name: string
  /** Position in the definition, and in every `values` array of this package. */
  readonly index: number
  readonly definition: ColumnDefinition
  readonly kind: ColumnKind
  /** True when the stored form is JSON text: `json`, `array`, `object`, `set`. */
  readonly isJson: boolean
  /** True for `counter` and `set`: they merge by operations of their own and carry no clock. */
  readonly isMerged: boolean
}

/** A reference that the referential rules are about: of a synced table to a synced table (or itself). */
export interface Reference {
  readonly from: TableSchema
  readonly column: ColumnSchema
  readonly target: TableSchema
  readonly onDelete: OnDelete
}

/** One table, ready for work. */
export interface TableSchema {
  readonly name: string
  readonly definition: TableDefinition
  readonly columns: readonly ColumnSchema[]
  readonly columnsByName: ReadonlyMap<string, ColumnSchema>
  readonly primaryKey: ColumnSchema
  /** True for scope `synced`: rows carry clocks and every change is logged. */
  readonly isSynced: boolean
  /** Quoted name of the table of visible rows. */
  readonly rowsSql: string
  /** Quoted column names, comma separated, in definition order. */
  readonly columnsSql: string
  /** References this table holds. */
  readonly references: readonly Reference[]
  /** References of any table that point here. */
  readonly referrers: readonly Reference[]
  /** True when a column is a `counter` or a `set`. */
  readonly hasMergedColumns: boolean
  /** Columns whose values belong to one visible row at a time (MERGE.md MR17). */
  readonly uniqueColumns: readonly ColumnSchema[]
}

/** All tables of a module by name, in definition order. */
export type Schema = ReadonlyMap<string, TableSchema>

const JSON_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['json', 'array', 'object', 'set'])

/** A name as SQL: in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Name of the table of visible rows. */
export function rowsTable(table: string): string {
  return `_rows_${table}`
}

/** Name of the full-text index of a table. */
export function searchTable(table: string): string {
  return `_search_${table}`
}

/** Works out the schema of a module. Cost: once per open. */
export function compileSchema(module: Module): Schema {
  const schema = new Map<string, TableSchema>()
  for (const [name, { definition }] of Object.entries(module.tables)) {
    schema.set(name, compileTable(name, definition))
  }
  for (const table of schema.values()) {
    for (const column of table.columns) {
      if (column.kind !== 'ref' || !table.isSynced) continue
      const target = tableOf(schema, column.definition.table ?? '')
      if (!target.isSynced) continue
      const reference = {
        from: table,
        column,
        target,
        onDelete: column.definition.onDelete ?? 'keep',
      }
      ;(table.references as Reference[]).push(reference)
      ;(target.referrers as Reference[]).push(reference)
    }
  }
  return schema
}

/** Table definitions by name, as the merge rules take them. */
export function definitionsOf(schema: Schema): Readonly<Record<string, TableDefinition>> {
  return Object.fromEntries([...schema.values()].map(({ name, definition }) => [name, definition]))
}

/** Whether a table has a document column of that name, which is no part of its rows. */
export function hasDocument({ definition }: TableSchema, column: string): boolean {
  return Object.hasOwn(definition.documents ?? {}, column)
}

/** The table of that name. @throws UniverseError `table/unknown`. */
export function tableOf(schema: Schema, name: string): TableSchema {
  const table = schema.get(name)
  if (table === undefined) throw tableUnknown(name)
  return table
}

function tableUnknown(name: string): UniverseError {
  return new UniverseError(
    'table/unknown',
    `the module has no table "${name}"; check the name and the module version`,
    { details: { table: name } },
  )
}

/** A table without its references, whose rows are in `rows` in the file. */
export function compileTable(
  name: string,
  definition: TableDefinition,
  rows: string = rowsTable(name),
): TableSchema {
  const columns = Object.entries(definition.columns).map(
    ([columnName, column], index): ColumnSchema => ({
      name: columnName,
      index,
      definition: column,
      kind: column.kind,
      isJson: JSON_KINDS.has(column.kind),
      isMerged: column.kind === 'counter' || column.kind === 'set',
    }),
  )
  const columnsByName = new Map(columns.map((column) => [column.name, column]))
  const primaryKey = columnsByName.get(definition.primaryKey)
  if (primaryKey === undefined) {
    throw new UniverseError('module/invalid', `table "${name}" has no primary key`)
  }
  return {
    name,
    definition,
    columns,
    columnsByName,
    primaryKey,
    isSynced: definition.scope === 'synced',
    rowsSql: quoteName(rows),
    columnsSql: columns.map((column) => quoteName(column.name)).join(', '),
    references: [],
    referrers: [],
    hasMergedColumns: columns.some((column) => column.isMerged),
    uniqueColumns: columns.filter((column) => column.definition.isUnique === true),
  }
}

const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  id: 'TEXT',
  key: 'TEXT',
  text: 'TEXT',
  int: 'INTEGER',
  real: 'REAL',
  bool: 'INTEGER',
  timestamp: 'INTEGER',
  bytes: 'BLOB',
  json: 'TEXT',
  array: 'TEXT',
  object: 'TEXT',
  enum: 'TEXT',
  ref: 'TEXT',
  counter: 'INTEGER',
  set: 'TEXT',
}

/** A column as it stands in CREATE TABLE or ADD COLUMN. */
export function columnSql(column: ColumnSchema): string {
  const type = SQL_TYPES[column.kind]
  const key = column.kind === 'id' || column.kind === 'key' ? ' NOT NULL UNIQUE' : ''
  return `${quoteName(column.name)} ${type}${key}`
}

/** The key-value entries of a universe. */
export const UNIVERSE_KV_TABLE = '_kv'
