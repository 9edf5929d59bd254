import { type ErrorCode, UniverseError } from '@inner-universe/core'

/** What SQLite, or a file system under it, said when something failed. */
export interface SqliteFailure {
  /** SQLite's result code, extended where it is known. */
  readonly resultCode: number
  /** SQLite's own message. It names tables and columns, never values. */
  readonly message: string
  /** The statement at fault, without its parameters. */
  readonly sql?: string
  readonly cause?: unknown
}

/** The error code for each primary result code of SQLite; `storage/io` for any other. */
const CODE_BY_PRIMARY: Readonly<Record<number, ErrorCode>> = {
  1: 'sql/invalid', // ERROR
  3: 'storage/unavailable', // PERM
  4: 'sql/invalid', // ABORT
  5: 'storage/locked', // BUSY
  6: 'sql/invalid', // LOCKED: a table in use by the same connection, not by another owner
  8: 'storage/unavailable', // READONLY
  9: 'sql/timed-out', // INTERRUPT: only a deadline interrupts
  11: 'storage/corrupt', // CORRUPT
  13: 'storage/quota-exceeded', // FULL
  14: 'storage/unavailable', // CANTOPEN
  15: 'storage/locked', // PROTOCOL
  17: 'sql/invalid', // SCHEMA
  18: 'sql/invalid', // TOOBIG
  19: 'sql/invalid', // CONSTRAINT
  20: 'sql/invalid', // MISMATCH
  21: 'sql/invalid', // MISUSE
  23: 'sql/invalid', // AUTH
  25: 'sql/invalid', // RANGE
  26: 'storage/not-a-database', // NOTADB
}

/** What to do, said after what happened. */
const ADVICE_BY_CODE: Partial<Record<ErrorCode, string>> = {
  'storage/locked': 'close the other owner of the file, then retry',
  'storage/corrupt': 'export what can be read, then restore a backup',
  'storage/not-a-database': 'check that the right file was given',
  'storage/quota-exceeded': 'free space, then retry; reads go on',
  'sql/timed-out': 'add an index or a limit, or raise the time limit',
}

/** Characters of a faulty statement kept in `details.sql`. */
const SQL_DETAIL_CHARS_MAX = 500

/**
 * The {@link UniverseError} for a failure of SQLite. `details` holds `sqliteCode` (extended where
 * known: 2067 is a unique constraint), `sqliteMessage` and, for `sql/…`, the statement's text.
 */
export function sqliteError(failure: SqliteFailure): UniverseError {
  const code = CODE_BY_PRIMARY[failure.resultCode & 0xff] ?? 'storage/io'
  const advice = ADVICE_BY_CODE[code]
  return new UniverseError(
    code,
    `sqlite refused (${failure.resultCode}): ${failure.message}${advice ? `; ${advice}` : ''}`,
    {
      details: {
        sqliteCode: failure.resultCode,
        sqliteMessage: failure.message,
        ...(failure.sql !== undefined && code.startsWith('sql/')
          ? { sql: failure.sql.slice(0, SQL_DETAIL_CHARS_MAX) }
          : {}),
      },
      cause: failure.cause,
    },
  )
}

/** The error for SQL that this driver refuses before SQLite sees it. */
export function sqlInvalid(reason: string, sql: string): UniverseError {
  return new UniverseError('sql/invalid', `${reason}; correct the statement`, {
    details: { sql: sql.slice(0, SQL_DETAIL_CHARS_MAX) },
  })
}

/** The error for a driver or statement used after {@link Driver.close}. */
export function driverClosed(): UniverseError {
  return new UniverseError('engine/closed', 'the database was closed; open it again')
}
