/**
 * The file system SQLite sees in a browser: one universe is three OPFS files, open all the time.
 *
 * Their roles are fixed: the database, its write-ahead log and its rollback journal. OPFS can only
 * open, create and remove asynchronously and SQLite never waits, so all three exist from the
 * start, and to SQLite a log or journal *exists* when it is not empty and is *deleted* by emptying it.
 * Every other file SQLite might ask for is refused: temporary data stays in memory.
 *
 * Nothing here throws into SQLite: an exception passing through wasm frames leaves it undefined.
 */

import { readTerminatedText } from './column.ts'
import {
  type Pointer,
  SQLITE_CANTOPEN,
  SQLITE_FULL,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_WRITE,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  type Sqlite,
  type SqliteVfs,
} from './sqlite-module.ts'

/** What is used of `FileSystemSyncAccessHandle`. Tests pass one whose disk is full. */
export interface SyncFile {
  read(data: Uint8Array<ArrayBuffer>, options: { at: number }): number
  write(data: Uint8Array<ArrayBuffer>, options: { at: number }): number
  truncate(byteCount: number): void
  getSize(): number
  flush(): void
  close(): void
}

/** The name a database's files are known to SQLite by, and the suffixes SQLite adds to it. */
export const FILE_SUFFIXES: readonly string[] = ['', '-wal', '-journal']

const VFS_NAME = 'opfs'

/** Unit of a disk write, as SQLite pads to it where it cannot rely on the flag below. */
const SECTOR_BYTES = 4096

/**
 * `UNDELETABLE_WHEN_OPEN`, and `POWERSAFE_OVERWRITE`: writing part of a sector leaves the rest as it
 * was when power fails. SQLite assumes that on every desktop system; without it the log is padded to
 * whole sectors on each commit (+65 % calls per second with it, measured).
 */
const DEVICE_CHARACTERISTICS = 0x800 | 0x1000

const vfsByModule = new WeakMap<Sqlite, OpfsVfs>()

/** The VFS of an instance of SQLite, registered there when it is first asked for. */
export function opfsVfs(module: Sqlite): OpfsVfs {
  let vfs = vfsByModule.get(module)
  if (vfs === undefined) {
    vfs = new OpfsVfs(module)
    module.registerVfs(vfs)
    vfsByModule.set(module, vfs)
  }
  return vfs
}

/** Relays SQLite's file calls to access handles, by the paths they were attached under. */
export class OpfsVfs implements SqliteVfs {
  readonly name: string = VFS_NAME
  readonly mxPathname: number = 512
  readonly #module: Sqlite
  readonly #filesByPath = new Map<string, SyncFile>()
  readonly #filesByPointer = new Map<Pointer, SyncFile>()
  #cause: unknown

  constructor(module: Sqlite) {
    this.#module = module
  }

  /** Makes files known to SQLite, under `path` and its suffixes. */
  attach(path: string, files: readonly SyncFile[]): void {
    FILE_SUFFIXES.forEach((suffix, index) => {
      this.#filesByPath.set(path + suffix, files[index] as SyncFile)
    })
  }

  detach(path: string): void {
    for (const suffix of FILE_SUFFIXES) this.#filesByPath.delete(path + suffix)
  }

  /** What a file said last when it refused something; asking forgets it. */
  takeCause(): unknown {
    const cause = this.#cause
    this.#cause = undefined
    return cause
  }

  xOpen(_vfs: Pointer, name: Pointer, pointer: Pointer, flags: number, outFlags: Pointer): number {
    const file = name === 0 ? undefined : this.#find(name)
    if (file === undefined) return SQLITE_CANTOPEN
    this.#filesByPointer.set(pointer, file)
    this.#module.HEAP32[outFlags >> 2] = flags
    return SQLITE_OK
  }

  xDelete(_vfs: Pointer, name: Pointer, syncDirectory: number): number {
    const file = this.#find(name)
    if (file === undefined) return SQLITE_OK
    return this.#try(SQLITE_IOERR_TRUNCATE, () => {
      file.truncate(0)
      if (syncDirectory !== 0) file.flush()
      return SQLITE_OK
    })
  }

  xAccess(_vfs: Pointer, name: Pointer, _flags: number, outResult: Pointer): number {
    const file = this.#find(name)
    return this.#try(SQLITE_IOERR_FSTAT, () => {
      this.#module.HEAP32[outResult >> 2] = file !== undefined && file.getSize() > 0 ? 1 : 0
      return SQLITE_OK
    })
  }

  xFullPathname(_vfs: Pointer, name: Pointer, outBytes: number, out: Pointer): number {
    const heap = this.#module.HEAPU8
    const end = heap.indexOf(0, name)
    if (end - name >= outBytes) return SQLITE_CANTOPEN
    heap.copyWithin(out, name, end + 1)
    return SQLITE_OK
  }

  xClose(pointer: Pointer): number {
    // The handle stays open: it belongs to whoever attached it.
    this.#filesByPointer.delete(pointer)
    return SQLITE_OK
  }

  xRead(pointer: Pointer, data: Pointer, byteCount: number, low: number, high: number): number {
    return this.#try(SQLITE_IOERR_READ, () => {
      const bytes = this.#module.HEAPU8.subarray(data, data + byteCount)
      const read = this.#file(pointer).read(bytes, { at: position(low, high) })
      if (read === byteCount) return SQLITE_OK
      bytes.fill(0, read)
      return SQLITE_IOERR_SHORT_READ
    })
  }

  xWrite(pointer: Pointer, data: Pointer, byteCount: number, low: number, high: number): number {
    return this.#try(SQLITE_IOERR_WRITE, () => {
      const bytes = this.#module.HEAPU8.subarray(data, data + byteCount)
      const written = this.#file(pointer).write(bytes, { at: position(low, high) })
      return written === byteCount ? SQLITE_OK : SQLITE_FULL
    })
  }

  xTruncate(pointer: Pointer, low: number, high: number): number {
    return this.#try(SQLITE_IOERR_TRUNCATE, () => {
      this.#file(pointer).truncate(position(low, high))
      return SQLITE_OK
    })
  }

  xSync(pointer: Pointer): number {
    return this.#try(SQLITE_IOERR_FSYNC, () => {
      this.#file(pointer).flush()
      return SQLITE_OK
    })
  }

  xFileSize(pointer: Pointer, outSize: Pointer): number {
    return this.#try(SQLITE_IOERR_FSTAT, () => {
      const size = this.#file(pointer).getSize()
      this.#module.HEAP32[outSize >> 2] = size | 0
      this.#module.HEAP32[(outSize >> 2) + 1] = Math.floor(size / 2 ** 32)
      return SQLITE_OK
    })
  }

  // One owner per file, by the access handles themselves: no lock is ever contended.
  xLock(): number {
    return SQLITE_OK
  }

  xUnlock(): number {
    return SQLITE_OK
  }

  xCheckReservedLock(_pointer: Pointer, outResult: Pointer): number {
    this.#module.HEAP32[outResult >> 2] = 0
    return SQLITE_OK
  }

  xFileControl(): number {
    return SQLITE_NOTFOUND
  }

  xSectorSize(): number {
    return SECTOR_BYTES
  }

  xDeviceCharacteristics(): number {
    return DEVICE_CHARACTERISTICS
  }

  #find(name: Pointer): SyncFile | undefined {
    return this.#filesByPath.get(readTerminatedText(this.#module.HEAPU8, name))
  }

  #file(pointer: Pointer): SyncFile {
    const file = this.#filesByPointer.get(pointer)
    if (file === undefined) throw new Error('the file is not open')
    return file
  }

  #try(refusal: number, body: () => number): number {
    try {
      return body()
    } catch (error) {
      this.#cause = error
      return (error as { name?: unknown } | undefined)?.name === 'QuotaExceededError'
        ? SQLITE_FULL
        : refusal
    }
  }
}

/** A 64-bit file position from its halves; the low one arrives signed. */
function position(low: number, high: number): number {
  return high * 2 ** 32 + (low >>> 0)
}
