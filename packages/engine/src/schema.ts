/**
 * A module's tables as the engine works with them: names, positions and SQL worked out once, and the
 * tables of the file itself. See STORAGE.md ST1–ST12 for what each table holds.
 */
import {
  type ColumnDefinition,
  type ColumnKind,
  type Module,
  type OnDelete,
  type TableDefinition,
  UniverseError,
} from '@inner-universe/core'
import { kvTableStatement } from './kv/kv-schema.ts'

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

/** Statements that make one module table: rows, view, indexes and full-text index. */
export function tableStatements(table: TableSchema): readonly string[] {
  const columns = table.columns.map(columnSql)
  if (table.isSynced) columns.push('_h INTEGER NOT NULL', '_r INTEGER NOT NULL', '_o BLOB')
  return [
    `CREATE TABLE ${table.rowsSql} (_n INTEGER PRIMARY KEY, ${columns.join(', ')})`,
    viewStatement(table),
    ...indexStatements(table).values(),
    ...searchStatements(table),
  ]
}

/** The view by which users' SQL sees a table. */
export function viewStatement(table: TableSchema): string {
  return `CREATE VIEW ${quoteName(table.name)} AS SELECT ${table.columnsSql} FROM ${table.rowsSql}`
}

/**
 * The indexes a table must have, name → statement: the declared ones, and one for each reference
 * that no declared index begins with (deleting a target looks for its referrers).
 */
export function indexStatements(table: TableSchema): ReadonlyMap<string, string> {
  const statements = new Map<string, string>()
  const add = (name: string, columns: readonly string[]) => {
    // A dot is in no name, so no two tables can come to one index name.
    const full = `_ix_${table.name}.${name}`
    const list = columns.map(quoteName).join(', ')
    statements.set(full, `CREATE INDEX ${quoteName(full)} ON ${table.rowsSql} (${list})`)
  }
  for (const index of table.definition.indexes) add(index.name, index.columns)
  for (const column of table.columns) {
    if (column.kind !== 'ref') continue
    if (table.definition.indexes.some((index) => index.columns[0] === column.name)) continue
    add(`.${column.name}`, [column.name])
  }
  return statements
}

/**
 * The full-text index of a table and the triggers that keep it. Triggers, not code: local writes and
 * deltas from elsewhere then share one path. It holds no copy of the texts (contentless).
 */
export function searchStatements(table: TableSchema): readonly string[] {
  const { search } = table.definition
  if (search === undefined) return []
  const fields = Object.entries(search.fields)
  const name = quoteName(searchTable(table.name))
  const names = fields.map(([field]) => quoteName(field)).join(', ')
  const values = (row: string) => fields.map(([, path]) => fieldSql(row, path)).join(', ')
  const insert = `INSERT INTO ${name} (rowid, ${names}) VALUES (new._n, ${values('new')});`
  const remove = `DELETE FROM ${name} WHERE rowid = old._n;`
  const columns = [...new Set(fields.map(([, path]) => quoteName(path.split('.')[0] ?? '')))]
  const trigger = (event: string) => quoteName(`_search_${table.name}_${event}`)
  return [
    `CREATE VIRTUAL TABLE ${name} USING fts5(${names}, content='', contentless_delete=1, ` +
      `tokenize='unicode61 remove_diacritics 2')`,
    `CREATE TRIGGER ${trigger('insert')} AFTER INSERT ON ${table.rowsSql} BEGIN ${insert} END`,
    `CREATE TRIGGER ${trigger('update')} AFTER UPDATE OF ${columns.join(', ')} ON ${table.rowsSql} ` +
      `BEGIN ${remove} ${insert} END`,
    `CREATE TRIGGER ${trigger('delete')} AFTER DELETE ON ${table.rowsSql} BEGIN ${remove} END`,
  ]
}

/** Fills a new full-text index from the rows that are there. */
export function fillSearchStatement(table: TableSchema): string {
  const fields = Object.entries(table.definition.search?.fields ?? {})
  const names = fields.map(([field]) => quoteName(field)).join(', ')
  const values = fields.map(([, path]) => fieldSql('live', path)).join(', ')
  return (
    `INSERT INTO ${quoteName(searchTable(table.name))} (rowid, ${names}) ` +
    `SELECT live._n, ${values} FROM ${table.rowsSql} AS live`
  )
}

/** A field's text in a trigger: the column itself, or the value at a path of a JSON column. */
function fieldSql(row: string, path: string): string {
  const [column = '', ...steps] = path.split('.')
  const cell = `${row}.${quoteName(column)}`
  if (steps.length === 0) return cell
  const jsonPath = `$${steps.map((step) => `."${step}"`).join('')}`
  return `json_extract(${cell}, '${jsonPath.replaceAll("'", "''")}')`
}

/** The log and what belongs to it. The segment comes last: the facts before it are read without it. */
export const LOG_STATEMENT = `CREATE TABLE _log (stream INTEGER NOT NULL, first_seq INTEGER NOT NULL,
    count INTEGER NOT NULL, first_hlc INTEGER NOT NULL, offset INTEGER, base_epoch TEXT,
    base_offset INTEGER, hash TEXT, header BLOB, origins TEXT, calls TEXT, bytes BLOB NOT NULL,
    PRIMARY KEY (stream, first_seq)) WITHOUT ROWID`

/** What format version 2 added beside the log's columns. */
export const SYNC_STATEMENTS: readonly string[] = [
  'CREATE TABLE _conflict (id INTEGER PRIMARY KEY AUTOINCREMENT, conflict TEXT NOT NULL)',
  `CREATE TABLE _claim (tbl TEXT NOT NULL, col TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    h INTEGER NOT NULL, r INTEGER NOT NULL, offset INTEGER,
    PRIMARY KEY (tbl, col, value, id)) WITHOUT ROWID`,
  'CREATE INDEX _claim_stamp ON _claim (r, h)',
  'CREATE INDEX _set_dot_removed ON _set_dot (h) WHERE removed = 1',
]

/** The key-value entries of a universe. */
export const UNIVERSE_KV_TABLE = '_kv'

/** The tables every universe has, whatever its module. */
export const SYSTEM_STATEMENTS: readonly string[] = [
  'CREATE TABLE _meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID',
  `CREATE TABLE _stream (idx INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, head_seq INTEGER NOT NULL,
    head_hlc INTEGER NOT NULL, is_own INTEGER NOT NULL, acked_seq INTEGER NOT NULL,
    acked_hash TEXT, batch_seq INTEGER NOT NULL DEFAULT 0, batch_hash TEXT)`,
  LOG_STATEMENT,
  `CREATE TABLE _hidden (tbl TEXT NOT NULL, id TEXT NOT NULL, cells BLOB NOT NULL,
    PRIMARY KEY (tbl, id)) WITHOUT ROWID`,
  `CREATE TABLE _hidden_ref (tbl TEXT NOT NULL, col TEXT NOT NULL, value TEXT NOT NULL,
    id TEXT NOT NULL, PRIMARY KEY (tbl, col, value, id)) WITHOUT ROWID`,
  `CREATE TABLE _tombstone (tbl TEXT NOT NULL, id TEXT NOT NULL, h INTEGER NOT NULL,
    r INTEGER NOT NULL, PRIMARY KEY (tbl, id)) WITHOUT ROWID`,
  `CREATE TABLE _shadow (tbl TEXT NOT NULL, id TEXT NOT NULL, col TEXT NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (tbl, id, col)) WITHOUT ROWID`,
  'CREATE INDEX _shadow_value ON _shadow (value)',
  `CREATE TABLE _set_dot (tbl TEXT NOT NULL, id TEXT NOT NULL, col TEXT NOT NULL,
    element TEXT NOT NULL, h INTEGER NOT NULL, r INTEGER NOT NULL, removed INTEGER NOT NULL,
    PRIMARY KEY (tbl, id, col, element, h, r)) WITHOUT ROWID`,
  ...SYNC_STATEMENTS,
  `CREATE TABLE _unapplied (stream INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)) WITHOUT ROWID`,
  `CREATE TABLE _call (client BLOB NOT NULL, last_number INTEGER NOT NULL,
    first_number INTEGER NOT NULL, oldest_pending INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    answers TEXT NOT NULL, PRIMARY KEY (client, last_number)) WITHOUT ROWID`,
  `CREATE TABLE _schedule (tbl TEXT NOT NULL, id TEXT NOT NULL, due_ms INTEGER NOT NULL,
    PRIMARY KEY (tbl, id)) WITHOUT ROWID`,
  'CREATE INDEX _schedule_due ON _schedule (due_ms)',
  'CREATE TABLE _connection (id TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID',
  kvTableStatement(UNIVERSE_KV_TABLE),
]
