/**
 * The operating system that SQLite's C was compiled against, as far as it is reached from here:
 * memory that grows, a clock, local time, random bytes, and no file system.
 *
 * Databases in files come by way of a VFS (`vfs.ts`) and never through here. A database in memory
 * uses the C library's one, where `ATTACH` and `VACUUM INTO` meet a disk without files: refusing
 * with an error number makes that SQLite's `CANTOPEN`, while an exception would break the instance.
 */

import { UniverseError } from '@inner-universe/core'
import { readTerminatedText } from './column.ts'
import type { Pointer } from './sqlite-module.ts'
import type { ImportName } from './wa-sqlite-names.ts'

/** The imports that are C's operating system; the others call a VFS or a progress handler. */
type PlatformImport = Exclude<ImportName, `ip${string}`>

/** Something the wasm imports. Every value it passes is a number, 64-bit ones as two halves. */
export type WasmImport = (...values: number[]) => number | undefined

/** The wasm's memory and the views of it, which growing replaces. */
export interface Heap {
  readonly HEAPU8: Uint8Array<ArrayBuffer>
  readonly HEAP32: Int32Array<ArrayBuffer>
  /** Adds pages of 64 KiB; throws where there are none. */
  growHeap(pageCount: number): void
}

/** Unit in which wasm memory grows. */
const WASM_PAGE_BYTES = 65_536

/** Part of its size by which the heap grows at least: each time costs new views of all of it. */
const GROWTH_MIN = 0.2

/** Error number: no such file, or directory. */
const ENOENT = 44

/** The one file there is: SQLite seeds its random numbers from it, once. */
const RANDOM_PATH = '/dev/urandom'

/** Its descriptor; SQLite keeps off those below, which belong to terminals. */
const RANDOM_DESCRIPTOR = 3

/** What SQLite asks of its operating system, over a heap that has its memory by the time it asks. */
export function platformImports(heap: Heap): Record<PlatformImport, WasmImport> {
  const textAt = (at: Pointer | undefined) => (at ? readTerminatedText(heap.HEAPU8, at) : 'nothing')
  const refuseFile = () => -ENOENT
  return {
    __assert_fail: (condition, file, line, name) => {
      throw stopped(`${textAt(condition)}, in ${textAt(name)} (${textAt(file)}:${line})`)
    },
    _abort_js: () => {
      throw stopped('it gave up')
    },
    emscripten_resize_heap: (requested) => grow(heap, (requested as number) >>> 0),

    emscripten_date_now: () => Date.now(),
    emscripten_get_now: () => performance.now(),
    _localtime_js: (low, high, out) => {
      const seconds = (high as number) * 2 ** 32 + ((low as number) >>> 0)
      writeLocalTime(heap.HEAP32, out as Pointer, new Date(seconds * 1000))
      return undefined
    },
    // Only the names of time zones, which SQLite never asks for.
    _tzset_js: () => undefined,
    environ_sizes_get: (outCount, outBytes) => {
      const { HEAP32 } = heap
      HEAP32[(outCount as Pointer) >> 2] = 0
      HEAP32[(outBytes as Pointer) >> 2] = 0
      return 0
    },
    environ_get: () => 0,

    __syscall_openat: (_directory, path) =>
      textAt(path) === RANDOM_PATH ? RANDOM_DESCRIPTOR : -ENOENT,
    fd_read: (_descriptor, buffers, bufferCount, outBytes) => {
      const { HEAPU8, HEAP32 } = heap
      let byteCount = 0
      for (let index = 0; index < (bufferCount as number); index++) {
        const buffer = ((buffers as Pointer) >> 2) + 2 * index
        const at = HEAP32[buffer] as Pointer
        const length = HEAP32[buffer + 1] as number
        crypto.getRandomValues(HEAPU8.subarray(at, at + length))
        byteCount += length
      }
      HEAP32[(outBytes as Pointer) >> 2] = byteCount
      return 0
    },
    fd_close: () => 0,
    __syscall_faccessat: refuseFile,
    __syscall_getcwd: refuseFile,
    __syscall_lstat64: refuseFile,
    __syscall_readlinkat: refuseFile,
    __syscall_stat64: refuseFile,
    __syscall_unlinkat: refuseFile,
  }
}

/** SQLite cannot go on. The call it was in throws this, and nothing runs in the instance again. */
export function stopped(reason: string): UniverseError {
  return new UniverseError('storage/io', `sqlite stopped: ${reason}; start the worker again`)
}

/** 1 when the heap has at least `byteCount` bytes afterwards, 0 when SQLite is to do without. */
function grow(heap: Heap, byteCount: number): number {
  const { length } = heap.HEAPU8
  for (const wanted of [Math.max(byteCount, length * (1 + GROWTH_MIN)), byteCount]) {
    try {
      heap.growHeap(Math.ceil((wanted - length) / WASM_PAGE_BYTES))
      return 1
    } catch {
      // A refusal is an answer: SQLite reports that it is out of memory.
    }
  }
  return 0
}

/** Fills C's `struct tm` but for summer time, day of the year and offset, which SQLite never reads. */
function writeLocalTime(heap: Int32Array<ArrayBuffer>, out: Pointer, date: Date): void {
  heap.set(
    [
      date.getSeconds(),
      date.getMinutes(),
      date.getHours(),
      date.getDate(),
      date.getMonth(),
      date.getFullYear() - 1900,
      date.getDay(),
      0,
      0,
      0,
    ],
    out >> 2,
  )
}
