import { assert } from '@inner-universe/core'
import { sqliteError } from '../sqlite-error.ts'
import { readTerminatedText } from './column.ts'
import { allocateText } from './compile.ts'
import { type Heap, platformImports, stopped, type WasmImport } from './platform.ts'
import {
  type Pointer,
  SQLITE_OK,
  type Sqlite,
  type SqliteFunctions,
  type SqliteVfs,
} from './sqlite-module.ts'
import {
  EXPORT_NAMES,
  IMPORT_MODULE,
  IMPORT_NAMES,
  type ImportName,
  START_NAMES,
  VFS_METHODS,
} from './wa-sqlite-names.ts'

/**
 * Instantiates the wasm with what it needs of us, and starts SQLite in it.
 *
 * What it needs is a small part of what the glue beside the wasm would give it (README.md).
 * Anything else it might call throws, as no such call may pass for done.
 */
export async function startSqlite(
  instantiate: (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>,
): Promise<Sqlite> {
  const instance = new Instance()
  const { exports } = await instantiate({ [IMPORT_MODULE]: importsOf(instance) })
  instance.start(exports)
  return instance as Instance & SqliteFunctions
}

/** The C functions become properties of it as they arrive. */
class Instance implements Heap, Omit<Sqlite, keyof SqliteFunctions> {
  HEAPU8: Uint8Array<ArrayBuffer> = new Uint8Array()
  HEAP32: Int32Array<ArrayBuffer> = new Int32Array()
  readonly progressCallbacks: Map<Pointer, () => number> = new Map()
  #memory: WebAssembly.Memory | undefined
  #vfs: SqliteVfs | undefined
  readonly #vfsMethods = new Map<Pointer, (...values: number[]) => number>()

  /** Called once, with the exports of the wasm that was given the imports of this. */
  start(exports: WebAssembly.Exports): void {
    const exported = exports as Record<string, (...values: number[]) => number>
    for (const [name, letters] of Object.entries(EXPORT_NAMES)) {
      Object.defineProperty(this, name, { value: exported[letters] })
    }
    this.#memory = exports[START_NAMES.memory] as WebAssembly.Memory
    this.#renewViews()
    exported[START_NAMES.__wasm_call_ctors]?.()
    const resultCode = exported[START_NAMES.main]?.(0, 0)
    if (resultCode !== SQLITE_OK) throw stopped(`it started with result code ${resultCode}`)
  }

  growHeap(pageCount: number): void {
    this.#memory?.grow(pageCount)
    this.#renewViews()
  }

  registerVfs(vfs: SqliteVfs): void {
    assert(this.#vfs === undefined, 'an instance of SQLite has one file system')
    this.#vfs = vfs
    let methods = 0
    VFS_METHODS.forEach((method, bit) => {
      if (method in vfs) methods |= 1 << bit
    })
    const sqlite = this as unknown as Sqlite
    const name = allocateText(sqlite, vfs.name)
    // It is told the address of the registered VFS, for which a text has room to spare behind it.
    const out = (name.at + name.byteCount + 3) & ~3
    const resultCode = sqlite.libvfs_vfs_register(name.at, vfs.mxPathname, methods, 0, 0, out)
    sqlite.free(name.at)
    if (resultCode !== SQLITE_OK) throw sqliteError({ resultCode, message: 'no file system' })
  }

  /** wa-sqlite names the method by a C string; it is the same one every time, so it is read once. */
  callVfs(name: Pointer, values: readonly number[]): number {
    let method = this.#vfsMethods.get(name)
    if (method === undefined) {
      const vfs = this.#vfs as unknown as Record<string, (...values: number[]) => number>
      method = vfs[readTerminatedText(this.HEAPU8, name)]?.bind(vfs)
      if (method === undefined) throw stopped('it called an unknown method of its file system')
      this.#vfsMethods.set(name, method)
    }
    return method(...values)
  }

  callProgress(key: Pointer): number {
    const callback = this.progressCallbacks.get(key)
    if (callback === undefined) throw stopped('it called a progress handler that nobody set')
    return callback()
  }

  #renewViews(): void {
    const buffer = this.#memory?.buffer as ArrayBuffer
    this.HEAPU8 = new Uint8Array(buffer)
    this.HEAP32 = new Int32Array(buffer)
  }
}

function importsOf(instance: Instance): WebAssembly.ModuleImports {
  const callVfs: WasmImport = (_vfs, name, ...values) => instance.callVfs(name as Pointer, values)
  const given: Record<ImportName, WasmImport> = {
    ...platformImports(instance),
    ipp: (key) => instance.callProgress(key as Pointer),
    ippp: callVfs,
    ipppi: callVfs,
    ipppip: callVfs,
    ipppj: callVfs,
    ipppp: callVfs,
    ippppi: callVfs,
    ippppij: callVfs,
    ippppip: callVfs,
    ipppppip: callVfs,
  }
  const imports: WebAssembly.ModuleImports = {}
  for (const [name, letters] of Object.entries(IMPORT_NAMES)) {
    imports[letters] = given[name as ImportName]
  }
  return new Proxy(imports, {
    get: (_, letters: string) =>
      imports[letters] ??
      (() => {
        throw stopped(`it called import ${letters}, which is not there for it`)
      }),
  })
}
