/** What a SQLite database knows of its views, besides their state. STORES.md VS7. */
import { type Driver, quoteIdentifier } from '@inner-universe/sqlite'
import type { StateName } from '../../state.ts'
import { checkFormat, type PieceKind, type ViewPhase, type ViewRecord } from '../format.ts'

const TABLES = [
  `CREATE TABLE IF NOT EXISTS _view (name TEXT PRIMARY KEY, format INTEGER NOT NULL,
    definition_hash TEXT NOT NULL, schema_version INTEGER NOT NULL, phase TEXT NOT NULL,
    input_time INTEGER NOT NULL, frontier INTEGER NOT NULL, flushes INTEGER NOT NULL,
    digest TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _view_piece (view TEXT NOT NULL, piece TEXT NOT NULL,
    kind TEXT NOT NULL, table_name TEXT NOT NULL, PRIMARY KEY (view, piece)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _view_skipped (view TEXT NOT NULL, input_time INTEGER NOT NULL,
    PRIMARY KEY (view, input_time)) WITHOUT ROWID`,
]

/** A piece of state as the database lists it. */
export interface PieceEntry {
  readonly kind: PieceKind
  readonly table: string
  /** False: somebody has dropped it. */
  readonly isThere: boolean
}

/** Makes the tables that list views, unless they are there. */
export function createRecordTables(driver: Driver): void {
  if (!hasRecordTables(driver)) for (const sql of TABLES) driver.exec(sql)
}

/**
 * The record of a view, or undefined.
 *
 * @throws UniverseError `views/store-too-new`.
 */
export function readRecord(driver: Driver, view: string): ViewRecord | undefined {
  if (!hasRecordTables(driver)) return undefined
  // Alone, and in every format to come: of newer ones nothing else may be read.
  const found = driver.prepare('SELECT format FROM _view WHERE name = ?').get([view])
  if (found === undefined) return undefined
  checkFormat(view, found[0] as number)
  return rereadRecord(driver, view)
}

/** The same where it was read before: one statement. */
export function rereadRecord(driver: Driver, view: string): ViewRecord | undefined {
  const row = driver
    .prepare(
      `SELECT format, definition_hash, schema_version, phase, input_time, frontier, flushes, digest
       FROM _view WHERE name = ?`,
    )
    .get([view])
  if (row === undefined) return undefined
  const [format, definitionHash, schemaVersion, phase, inputTime, frontier, flushes, digest] =
    row as [number, string, number, ViewPhase, number, number, number, string]
  checkFormat(view, format)
  return { format, definitionHash, schemaVersion, phase, inputTime, frontier, flushes, digest }
}

/** Writes the record of a view, over one that is there. */
export function writeRecord(driver: Driver, view: string, record: ViewRecord): void {
  driver
    .prepare(
      `INSERT INTO _view (name, format, definition_hash, schema_version, phase, input_time,
        frontier, flushes, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET format = excluded.format,
        definition_hash = excluded.definition_hash, schema_version = excluded.schema_version,
        phase = excluded.phase, input_time = excluded.input_time, frontier = excluded.frontier,
        flushes = excluded.flushes, digest = excluded.digest`,
    )
    .run([
      view,
      record.format,
      record.definitionHash,
      record.schemaVersion,
      record.phase,
      record.inputTime,
      record.frontier,
      record.flushes,
      record.digest,
    ])
}

/** Writes what changes with every flush, over a record that is there. */
export function updateRecord(driver: Driver, view: string, record: ViewRecord): void {
  const { phase, inputTime, frontier, flushes, digest } = record
  driver
    .prepare(
      `UPDATE _view SET phase = ?, input_time = ?, frontier = ?, flushes = ?, digest = ?
       WHERE name = ?`,
    )
    .run([phase, inputTime, frontier, flushes, digest, view])
}

/** The pieces of state that a view has tables for. */
export function readPieces(driver: Driver, view: string): Map<StateName, PieceEntry> {
  if (!hasRecordTables(driver)) return new Map()
  const rows = driver
    .prepare(
      `SELECT piece, kind, table_name,
         EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = table_name)
       FROM _view_piece WHERE view = ?`,
    )
    .all([view]) as [string, PieceKind, string, number][]
  return new Map(
    rows.map(([piece, kind, table, isThere]) => [piece, { kind, table, isThere: isThere === 1 }]),
  )
}

/** Makes the table of a piece of state, and lists it. */
export function createPiece(
  driver: Driver,
  view: string,
  piece: StateName,
  { kind, table }: Omit<PieceEntry, 'isThere'>,
): void {
  const columns = {
    bag: 'r BLOB NOT NULL, w INTEGER NOT NULL, x BLOB, PRIMARY KEY (k, r)',
    ordered: 'o BLOB NOT NULL, r BLOB NOT NULL, w INTEGER NOT NULL, x BLOB, PRIMARY KEY (k, o, r)',
    cells: 'v BLOB NOT NULL, PRIMARY KEY (k)',
  }[kind]
  driver.exec(`CREATE TABLE ${quoteIdentifier(table)} (k BLOB NOT NULL, ${columns}) WITHOUT ROWID`)
  driver
    .prepare('INSERT INTO _view_piece (view, piece, kind, table_name) VALUES (?, ?, ?, ?)')
    .run([view, piece, kind, table])
}

/** Drops the tables of a view's state. Its record and skipped times stay. */
export function dropPieces(driver: Driver, view: string): void {
  for (const { table } of readPieces(driver, view).values()) {
    driver.exec(`DROP TABLE IF EXISTS ${quoteIdentifier(table)}`)
  }
  driver.prepare('DELETE FROM _view_piece WHERE view = ?').run([view])
}

/** Input times that were skipped and not run since. Ascending. */
export function readSkipped(driver: Driver, view: string): number[] {
  return driver
    .prepare('SELECT input_time FROM _view_skipped WHERE view = ? ORDER BY input_time')
    .all([view])
    .map(([time]) => time as number)
}

/** Lists an input time as skipped. */
export function addSkipped(driver: Driver, view: string, inputTime: number): void {
  driver
    .prepare('INSERT OR IGNORE INTO _view_skipped (view, input_time) VALUES (?, ?)')
    .run([view, inputTime])
}

/** Lists an input time as skipped no more: it was run. */
export function removeSkipped(driver: Driver, view: string, inputTime: number): void {
  driver
    .prepare('DELETE FROM _view_skipped WHERE view = ? AND input_time = ?')
    .run([view, inputTime])
}

/** The names of all views that the database keeps state of. */
export function sqliteViews(driver: Driver): string[] {
  if (!hasRecordTables(driver)) return []
  return driver
    .prepare('SELECT name FROM _view ORDER BY name')
    .all()
    .map(([name]) => name as string)
}

/** Drops a view whole: state, record, skipped times. In the caller's transaction. */
export function dropSqliteView(driver: Driver, view: string): void {
  if (!hasRecordTables(driver)) return
  dropPieces(driver, view)
  driver.prepare('DELETE FROM _view WHERE name = ?').run([view])
  driver.prepare('DELETE FROM _view_skipped WHERE view = ?').run([view])
}

/** True when the tables that list views are there. */
export function hasRecordTables(driver: Driver): boolean {
  return driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_view'").get() !== undefined
}
