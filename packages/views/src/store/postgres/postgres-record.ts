/** What a Postgres database knows of its views, besides their state. STORES.md VS15. */
import { UniverseError } from '@inner-universe/core'
import type { StateName } from '../../state.ts'
import { checkFormat, type PieceKind, type ViewPhase, type ViewRecord } from '../format.ts'
import { type Connection, quoteName } from './connection.ts'

/** Schema of the tables unless another is named. */
export const SCHEMA = 'inner_universe_views'

/** The tables of one schema, ready for SQL. */
export interface Names {
  readonly schema: string
  /** The schema's name as the catalog has it. */
  readonly schemaName: string
  readonly view: string
  readonly piece: string
  readonly skipped: string
  table(name: string): string
}

/** Quotes the tables of a schema. Throws `views/invalid-graph` for a name that is none. */
export function namesOf(schema: string = SCHEMA): Names {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new UniverseError(
      'views/invalid-graph',
      `"${schema}" is no name of a schema here; use a–z, 0–9 and _, at most 63`,
    )
  }
  const table = (name: string): string => `${quoteName(schema)}.${quoteName(name)}`
  return {
    schema: quoteName(schema),
    schemaName: schema,
    view: table('_view'),
    piece: table('_view_piece'),
    skipped: table('_view_skipped'),
    table,
  }
}

/** Makes the schema and the tables that list views, unless they are there. Needs {@link lockSchema}. */
export async function createRecordTables(by: Connection, names: Names): Promise<void> {
  await by.query(`CREATE SCHEMA IF NOT EXISTS ${names.schema};
    CREATE TABLE IF NOT EXISTS ${names.view} (name text PRIMARY KEY, format integer NOT NULL,
      definition_hash text NOT NULL, schema_version integer NOT NULL, phase text NOT NULL,
      input_time bigint NOT NULL, frontier bigint NOT NULL, flushes bigint NOT NULL,
      digest text NOT NULL);
    CREATE TABLE IF NOT EXISTS ${names.piece} (view text NOT NULL, piece text NOT NULL,
      kind text NOT NULL, table_name text NOT NULL, PRIMARY KEY (view, piece));
    CREATE TABLE IF NOT EXISTS ${names.skipped} (view text NOT NULL, input_time bigint NOT NULL,
      PRIMARY KEY (view, input_time))`)
}

/** Keeps all others from making tables in the schema until the transaction ends. */
export async function lockSchema(by: Connection, names: Names): Promise<void> {
  await by.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [names.schema])
}

interface RecordRow {
  readonly format: number
  readonly definition_hash: string
  readonly schema_version: number
  readonly phase: ViewPhase
  readonly input_time: string
  readonly frontier: string
  readonly flushes: string
  readonly digest: string
}

/**
 * The record of a view, or undefined. With `isLocked` nobody else writes it until the transaction ends.
 *
 * @throws UniverseError `views/store-too-new`.
 */
export async function readRecord(
  by: Connection,
  names: Names,
  view: string,
  isLocked: boolean,
): Promise<ViewRecord | undefined> {
  const lock = isLocked ? 'FOR UPDATE' : ''
  // All columns, whatever they are: of a newer format only the first two are known.
  const [row] = await by.query<RecordRow>(`SELECT * FROM ${names.view} WHERE name = $1 ${lock}`, [
    view,
  ])
  if (row === undefined) return undefined
  checkFormat(view, row.format)
  return {
    format: row.format,
    definitionHash: row.definition_hash,
    schemaVersion: row.schema_version,
    phase: row.phase,
    inputTime: Number(row.input_time),
    frontier: Number(row.frontier),
    flushes: Number(row.flushes),
    digest: row.digest,
  }
}

/**
 * Whether a table is there: read from the catalog like any rows. `to_regclass` may answer from before a
 * lock was waited for, and so take a view for missing that another process has just made.
 */
const IS_THERE = `EXISTS (SELECT FROM pg_catalog.pg_tables
  WHERE schemaname = $1 AND tablename = `

/** True when the tables that list views are there. */
export async function hasRecordTables(by: Connection, names: Names): Promise<boolean> {
  const [row] = await by.query<{ isThere: boolean }>(`SELECT ${IS_THERE} '_view') AS "isThere"`, [
    names.schemaName,
  ])
  return row?.isThere === true
}

/** Writes the record of a view, over one that is there. */
export async function writeRecord(
  by: Connection,
  names: Names,
  view: string,
  record: ViewRecord,
): Promise<void> {
  await by.query(
    `INSERT INTO ${names.view} (name, format, definition_hash, schema_version, phase, input_time,
       frontier, flushes, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (name) DO UPDATE SET format = excluded.format,
       definition_hash = excluded.definition_hash, schema_version = excluded.schema_version,
       phase = excluded.phase, input_time = excluded.input_time, frontier = excluded.frontier,
       flushes = excluded.flushes, digest = excluded.digest`,
    [
      view,
      record.format,
      record.definitionHash,
      record.schemaVersion,
      record.phase,
      record.inputTime,
      record.frontier,
      record.flushes,
      record.digest,
    ],
  )
}

/** A piece of state as the database lists it. */
export interface PieceEntry {
  readonly kind: PieceKind
  readonly table: string
  /** False: somebody has dropped it. */
  readonly isThere: boolean
}

/** The pieces of state that a view has tables for. */
export async function readPieces(
  by: Connection,
  names: Names,
  view: string,
): Promise<Map<StateName, PieceEntry>> {
  const rows = await by.query<{ piece: string } & PieceEntry>(
    `SELECT piece, kind, table_name AS "table", ${IS_THERE} table_name) AS "isThere"
     FROM ${names.piece} WHERE view = $2`,
    [names.schemaName, view],
  )
  return new Map(rows.map(({ piece, kind, table, isThere }) => [piece, { kind, table, isThere }]))
}

/**
 * Makes the table of a piece of state, and lists it. Keys and rows that are too long for an index stand
 * in it by their hash, and whole in the columns `…l`.
 */
export async function createPiece(
  by: Connection,
  names: Names,
  view: string,
  piece: StateName,
  { kind, table }: Pick<PieceEntry, 'kind' | 'table'>,
): Promise<void> {
  const columns = {
    bag: 'r bytea NOT NULL, rl bytea, w bigint NOT NULL, x bytea, PRIMARY KEY (k, r)',
    ordered: `o bytea NOT NULL, ol bytea, r bytea NOT NULL, rl bytea, w bigint NOT NULL, x bytea,
      PRIMARY KEY (k, o, r)`,
    cells: 'v bytea NOT NULL, PRIMARY KEY (k)',
  }[kind]
  await by.query(`CREATE TABLE ${names.table(table)} (k bytea NOT NULL, kl bytea, ${columns})`)
  await by.query(
    `INSERT INTO ${names.piece} (view, piece, kind, table_name) VALUES ($1, $2, $3, $4)`,
    [view, piece, kind, table],
  )
}

/** Drops the tables of a view's state. Its record and skipped times stay. */
export async function dropPieces(by: Connection, names: Names, view: string): Promise<void> {
  for (const { table } of (await readPieces(by, names, view)).values()) {
    await by.query(`DROP TABLE IF EXISTS ${names.table(table)}`)
  }
  await by.query(`DELETE FROM ${names.piece} WHERE view = $1`, [view])
}

/** Input times that were skipped and not run since. Ascending. */
export async function readSkipped(by: Connection, names: Names, view: string): Promise<number[]> {
  const rows = await by.query<{ input_time: string }>(
    `SELECT input_time FROM ${names.skipped} WHERE view = $1 ORDER BY input_time`,
    [view],
  )
  return rows.map((row) => Number(row.input_time))
}
