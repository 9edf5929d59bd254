/**
 * What the wasm of the pinned `wa-sqlite` calls its exports and imports.
 *
 * Its build shortens every name to letters, which another build deals anew: after an upgrade
 * `wa-sqlite-names.test.ts`, which reads them out of the package's own glue, says what to write here.
 */

import type { SqliteFunctions } from './sqlite-module.ts'

/** What only its start takes: the memory, C's own beginnings, and `main`, which starts SQLite. */
export const START_NAMES = {
  memory: 'pa',
  __wasm_call_ctors: 'qa',
  main: 'hf',
} as const

/** C function → letters. */
export const EXPORT_NAMES: Readonly<Record<keyof SqliteFunctions, string>> = {
  _emscripten_tempret_get: 'sf',
  libvfs_vfs_register: 'of',
  malloc: 'df',
  free: 'ef',
  libprogress_progress_handler: 'nf',
  sqlite3_malloc: 'Ha',
  sqlite3_free: 'Ja',
  sqlite3_open_v2: 'Be',
  sqlite3_close_v2: '$d',
  sqlite3_extended_result_codes: 'Ne',
  sqlite3_errmsg: 'hd',
  sqlite3_get_autocommit: 'Ke',
  sqlite3_changes: 'Wd',
  sqlite3_db_config: 'Sd',
  sqlite3_serialize: 'fb',
  sqlite3_deserialize: 'nb',
  sqlite3_prepare_v3: 'od',
  sqlite3_finalize: 'mb',
  sqlite3_step: 'hb',
  sqlite3_reset: 'jb',
  sqlite3_stmt_readonly: 'Rc',
  sqlite3_bind_parameter_count: 'Nc',
  sqlite3_bind_null: 'Fc',
  sqlite3_bind_int: 'Dc',
  sqlite3_bind_int64: 'Ec',
  sqlite3_bind_double: 'Cc',
  sqlite3_bind_text: 'Hc',
  sqlite3_bind_blob: 'Ac',
  sqlite3_column_count: 'oc',
  sqlite3_column_name: 'yc',
  sqlite3_column_type: 'xc',
  sqlite3_column_double: 'tc',
  sqlite3_column_int64: 'ib',
  sqlite3_column_text: 'uc',
  sqlite3_column_blob: 'qc',
  sqlite3_column_bytes: 'rc',
}

/** Letters of what SQLite is given. All else it could import throws when it is called. */
export const IMPORT_NAMES = {
  __assert_fail: 'a',
  _abort_js: 'F',
  emscripten_resize_heap: 'H',
  emscripten_date_now: 'n',
  emscripten_get_now: 'g',
  _localtime_js: 'w',
  _tzset_js: 'Q',
  environ_sizes_get: 'T',
  environ_get: 'S',
  __syscall_openat: 'P',
  fd_read: 'O',
  fd_close: 'o',
  __syscall_faccessat: 'da',
  __syscall_getcwd: 'U',
  __syscall_lstat64: 'Y',
  __syscall_stat64: 'Z',
  __syscall_readlinkat: 'N',
  __syscall_unlinkat: 'K',
  ipp: 's',
  ippp: 'j',
  ipppi: 'c',
  ipppip: 'h',
  ipppj: 'z',
  ipppp: 'e',
  ippppi: 'ea',
  ippppij: 'B',
  ippppip: 'p',
  ipppppip: 'la',
} as const

/** One of {@link IMPORT_NAMES}. */
export type ImportName = keyof typeof IMPORT_NAMES

/** The module all of them are imported from. */
export const IMPORT_MODULE = 'a'

/** The methods of a file system in the order of the bits that tell SQLite which there are. */
export const VFS_METHODS: readonly string[] = [
  'xOpen',
  'xDelete',
  'xAccess',
  'xFullPathname',
  'xRandomness',
  'xSleep',
  'xCurrentTime',
  'xGetLastError',
  'xCurrentTimeInt64',
  'xClose',
  'xRead',
  'xWrite',
  'xTruncate',
  'xSync',
  'xFileSize',
  'xLock',
  'xUnlock',
  'xCheckReservedLock',
  'xFileControl',
  'xSectorSize',
  'xDeviceCharacteristics',
  'xShmMap',
  'xShmLock',
  'xShmBarrier',
  'xShmUnmap',
]
