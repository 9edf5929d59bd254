/** Address in the wasm heap; 0 is C's null. */
export type Pointer = number

/** A file system: the names of its methods, and what SQLite passes them. 64-bit numbers come as two halves. */
export interface SqliteVfs {
  readonly name: string
  readonly mxPathname: number
  xOpen(vfs: Pointer, name: Pointer, file: Pointer, flags: number, outFlags: Pointer): number
  xDelete(vfs: Pointer, name: Pointer, syncDirectory: number): number
  xAccess(vfs: Pointer, name: Pointer, flags: number, outResult: Pointer): number
  xFullPathname(vfs: Pointer, name: Pointer, outBytes: number, out: Pointer): number
  xClose(file: Pointer): number
  xRead(file: Pointer, data: Pointer, byteCount: number, atLow: number, atHigh: number): number
  xWrite(file: Pointer, data: Pointer, byteCount: number, atLow: number, atHigh: number): number
  xTruncate(file: Pointer, sizeLow: number, sizeHigh: number): number
  xSync(file: Pointer, flags: number): number
  xFileSize(file: Pointer, outSize: Pointer): number
  xLock(file: Pointer, lock: number): number
  xUnlock(file: Pointer, lock: number): number
  xCheckReservedLock(file: Pointer, outResult: Pointer): number
  xFileControl(file: Pointer, operation: number, argument: Pointer): number
  xSectorSize(file: Pointer): number
  xDeviceCharacteristics(file: Pointer): number
}

/**
 * What is called of SQLite's C, by its own names. 64-bit arguments go as two halves, low one first;
 * the low half of a 64-bit result is returned, the high one asked for afterwards.
 */
export interface SqliteFunctions {
  /** High half of the 64-bit number returned last, signed. */
  _emscripten_tempret_get(): number
  libvfs_vfs_register(
    name: Pointer,
    pathnameBytesMax: number,
    methods: number,
    asyncMethods: number,
    isDefault: number,
    outVfs: Pointer,
  ): number
  malloc(byteCount: number): Pointer
  free(at: Pointer): void
  libprogress_progress_handler(db: Pointer, ops: number, isOn: number, key: Pointer): number
  sqlite3_malloc(byteCount: number): Pointer
  sqlite3_free(at: Pointer): void
  sqlite3_open_v2(path: Pointer, outDb: Pointer, flags: number, vfsName: Pointer): number
  sqlite3_close_v2(db: Pointer): number
  sqlite3_extended_result_codes(db: Pointer, isOn: number): number
  sqlite3_errmsg(db: Pointer): Pointer
  sqlite3_get_autocommit(db: Pointer): number
  sqlite3_changes(db: Pointer): number
  sqlite3_db_config(db: Pointer, option: number, variadic: Pointer): number
  sqlite3_serialize(db: Pointer, schema: Pointer, outBytes: Pointer, flags: number): Pointer
  sqlite3_deserialize(
    db: Pointer,
    schema: Pointer,
    data: Pointer,
    sizeLow: number,
    sizeHigh: number,
    capacityLow: number,
    capacityHigh: number,
    flags: number,
  ): number
  sqlite3_prepare_v3(
    db: Pointer,
    sql: Pointer,
    byteCount: number,
    flags: number,
    outStatement: Pointer,
    outTail: Pointer,
  ): number
  sqlite3_finalize(statement: Pointer): number
  sqlite3_step(statement: Pointer): number
  sqlite3_reset(statement: Pointer): number
  sqlite3_stmt_readonly(statement: Pointer): number
  sqlite3_bind_parameter_count(statement: Pointer): number
  sqlite3_bind_null(statement: Pointer, index: number): number
  sqlite3_bind_int(statement: Pointer, index: number, value: number): number
  sqlite3_bind_int64(statement: Pointer, index: number, low: number, high: number): number
  sqlite3_bind_double(statement: Pointer, index: number, value: number): number
  sqlite3_bind_text(
    statement: Pointer,
    index: number,
    text: Pointer,
    byteCount: number,
    destructor: number,
  ): number
  sqlite3_bind_blob(
    statement: Pointer,
    index: number,
    data: Pointer,
    byteCount: number,
    destructor: number,
  ): number
  sqlite3_column_count(statement: Pointer): number
  sqlite3_column_name(statement: Pointer, index: number): Pointer
  sqlite3_column_type(statement: Pointer, index: number): number
  sqlite3_column_double(statement: Pointer, index: number): number
  sqlite3_column_int64(statement: Pointer, index: number): number
  sqlite3_column_text(statement: Pointer, index: number): Pointer
  sqlite3_column_blob(statement: Pointer, index: number): Pointer
  sqlite3_column_bytes(statement: Pointer, index: number): number
}

/** One instance of SQLite, ready to open databases in: `loadSqlite` makes it. */
export interface Sqlite extends SqliteFunctions {
  /**
   * Views of the wasm heap. They are replaced whenever it grows: read them from here after every
   * call that may allocate, never keep one.
   */
  readonly HEAPU8: Uint8Array<ArrayBuffer>
  readonly HEAP32: Int32Array<ArrayBuffer>
  /** What the progress handlers call that were set with this key; 0 lets SQLite go on. */
  readonly progressCallbacks: Map<Pointer, () => number>
  /** Makes a file system known to SQLite, by its name. Once: there is one in an instance. */
  registerVfs(vfs: SqliteVfs): void
}

/** Result code: done as asked. */
export const SQLITE_OK = 0
/** Result code: there is no such file control. */
export const SQLITE_NOTFOUND = 12
/** Result code: disk or quota full. */
export const SQLITE_FULL = 13
/** Result code: no such file, and none is made. */
export const SQLITE_CANTOPEN = 14
/** Result code of a step: a row is ready. */
export const SQLITE_ROW = 100
/** Result code of a step: there are no more rows. */
export const SQLITE_DONE = 101
/** Result code: a read was refused. */
export const SQLITE_IOERR_READ: number = 10 | (1 << 8)
/** Result code: a read went past the end; the rest of its buffer is zeros. */
export const SQLITE_IOERR_SHORT_READ: number = 10 | (2 << 8)
/** Result code: a write was refused, for another reason than space. */
export const SQLITE_IOERR_WRITE: number = 10 | (3 << 8)
/** Result code: a flush was refused. */
export const SQLITE_IOERR_FSYNC: number = 10 | (4 << 8)
/** Result code: a truncation was refused. */
export const SQLITE_IOERR_TRUNCATE: number = 10 | (6 << 8)
/** Result code: the size could not be told. */
export const SQLITE_IOERR_FSTAT: number = 10 | (7 << 8)
