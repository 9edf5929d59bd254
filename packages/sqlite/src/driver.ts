/**
 * The synchronous driver contract: the only thing the engine knows of SQLite.
 *
 * Two implementations, `wasm/` (browser worker) and `node/` (`node:sqlite`), pass one contract
 * suite (`testing/driver-contract.ts`). Everything here is synchronous: no promise is made per
 * statement or per row, so a reducer can read and write in plain code.
 */

/** A value as SQLite stores it. Integers outside ±(2^53 − 1) are `bigint`, all others `number`. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** One result row, values in the statement's column order. */
export type SqlRow = SqlValue[]

/** A result set held column by column: cheaper to build and to transfer above a few hundred rows. */
export interface SqlColumns {
  readonly names: readonly string[]
  readonly columns: readonly (readonly SqlValue[])[]
  readonly rowCount: number
}

/**
 * A prepared statement, owned and cached by its driver under its SQL text.
 *
 * Parameters are positional, in the order of `?1, ?2, …`. A missing parameter is NULL; one too many,
 * a NaN or a value of another type throws `sql/invalid`. A whole number in the safe range is bound as
 * INTEGER (−0 as 0), any other number as REAL; a lone surrogate becomes U+FFFD.
 * Values handed out are copies; nothing points into the statement afterwards.
 * A statement is not re-entrant: `each` must finish (or throw) before it is used again (asserted).
 * It may be kept as long as its driver is open, also beyond a change of schema.
 *
 * @throws UniverseError with a `storage/…`, `sql/…` or `engine/closed` code.
 */
export interface Statement {
  readonly sql: string
  readonly columnNames: readonly string[]
  /**
   * True for a query: running it changes neither the database nor the connection. Narrower than
   * `sqlite3_stmt_readonly`, which also calls BEGIN, COMMIT, ATTACH and most PRAGMAs read-only; read
   * a PRAGMA as a table (`SELECT * FROM pragma_table_info(…)`) where only queries are allowed.
   */
  readonly isReadOnly: boolean
  /** Runs to completion, rows dropped. Returns the number of rows it inserted, updated or deleted. */
  run(params?: readonly SqlValue[]): number
  /** The first row, or undefined. */
  get(params?: readonly SqlValue[]): SqlRow | undefined
  all(params?: readonly SqlValue[]): SqlRow[]
  /** Calls back for each row until it returns `false`. */
  each(params: readonly SqlValue[], onRow: (row: SqlRow) => undefined | boolean): void
  columns(params?: readonly SqlValue[]): SqlColumns
}

/** Where the bytes live. `memory` is lost when the driver closes. */
export type StorageKind = 'opfs' | 'file' | 'memory'

/**
 * What an acknowledged commit survives: `power` (a power cut; `synchronous=FULL`) or `process` (a
 * killed process; `synchronous=NORMAL`).
 */
export type Durability = 'power' | 'process'

/**
 * One open SQLite database. Exactly one driver owns a file at a time, but for files that Node opens with
 * `access: 'shared'`.
 */
export interface Driver {
  readonly storage: StorageKind
  readonly isOpen: boolean
  /** True between BEGIN and COMMIT or ROLLBACK. */
  readonly isInTransaction: boolean
  /** Runs any number of statements without parameters, dropping rows. */
  exec(sql: string): void
  /**
   * Compiles one statement, or gives the cached one. Cost of a hit: one map look-up. SQL that holds
   * no statement, or more than one, throws `sql/invalid`.
   */
  prepare(sql: string): Statement
  /**
   * Sets the wall-clock limit after which a running query fails with `sql/timed-out`; undefined
   * removes it. Where SQLite offers no progress callback it is checked between rows. A statement that
   * writes is never stopped: SQLite would give up the whole transaction with it.
   */
  setDeadline(isExpired: (() => boolean) | undefined): void
  /** Size of the database file in bytes, without its write-ahead log. */
  fileBytes(): number
  /**
   * The database file in pieces of at most `chunkBytes`, after a checkpoint, in the form that any
   * SQLite tool opens. Asserts that no transaction is open; a write between two pieces ends the
   * iteration with `storage/changed`.
   */
  exportChunks(chunkBytes: number): Iterable<Uint8Array>
  /** Folds the write-ahead log into the file. Asserts that no transaction is open. */
  checkpoint(): void
  /** `['ok']`, or the first faults SQLite's `integrity_check` found. Cost: reads the whole file. */
  integrityCheck(): readonly string[]
  /** Idempotent. Any later use of the driver or its statements throws `engine/closed`. */
  close(): void
}
