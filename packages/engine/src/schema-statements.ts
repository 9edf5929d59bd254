/** The statements that make the tables of a file: the module's, and its own. STORAGE.md ST1–ST12. */
import { kvTableStatement } from './kv/kv-schema.ts'
import { columnSql, quoteName, searchTable, type TableSchema, UNIVERSE_KV_TABLE } from './schema.ts'

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
