import { UniverseError } from '@inner-universe/core'
import type { Statement } from '../driver.ts'
import { driverClosed, sqliteError } from '../sqlite-error.ts'
import { readTerminatedText } from './column.ts'
import { type Pointer, SQLITE_OK, type Sqlite } from './sqlite-module.ts'

/** Bytecode steps between two looks at the deadline: some 50 µs. */
const PROGRESS_STEPS = 5_000

/** Compiled statements kept; half of them, the least recently run, go when there are more. */
const STATEMENTS_MAX = 500

/** What a connection knows of the statements compiled in it. */
export interface CompiledStatement extends Statement {
  /** True from its first step to its last. */
  readonly isBusy: boolean
  /** When it ran last, on {@link WasmConnection.clock}. */
  readonly lastRun: number
  /** Frees what it holds in the wasm heap. It compiles again when it is next used. */
  release(): void
}

/** Instances of SQLite that an exception came out of, with the error that is all they answer. */
const brokenModules = new WeakMap<Sqlite, UniverseError>()

/** The `sqlite3*` behind one driver, and what its statements share. */
export class WasmConnection {
  readonly module: Sqlite
  readonly handle: Pointer
  /** The statements handed out, by their text. */
  readonly statements: Map<string, CompiledStatement> = new Map()
  /** Every statement that holds a `sqlite3_stmt*`. */
  readonly compiled: Set<CompiledStatement> = new Set()
  /** Moves when a statement's columns may have changed: compiled statements are then stale. */
  schemaGeneration = 0
  /** Moves when the file may have changed. */
  writeGeneration = 0
  /** Counts executions, so that the least recently run statement is known. */
  clock = 0
  /** True while the statement that is stepping may be interrupted: never one that writes. */
  isInterruptible = false
  /** What the file system said last, to go with the result code SQLite makes of it. */
  takeCause: () => unknown = () => undefined
  #isOpen = true
  #progressKey: Pointer = 0

  constructor(module: Sqlite, handle: Pointer) {
    this.module = module
    this.handle = handle
  }

  get isOpen(): boolean {
    return this.#isOpen && !brokenModules.has(this.module)
  }

  get isInTransaction(): boolean {
    return this.isOpen && this.module.sqlite3_get_autocommit(this.handle) === 0
  }

  assertOpen(): void {
    if (!this.#isOpen) throw driverClosed()
    assertIntact(this.module)
  }

  /** Throws the error of the last call unless `resultCode` is OK. */
  check(resultCode: number, sql?: string): void {
    if (resultCode !== SQLITE_OK) throw this.failure(resultCode, sql)
  }

  /** The error of the last call. Read before anything else is called: SQLite keeps only one. */
  failure(resultCode: number, sql?: string): UniverseError {
    const { module } = this
    const message = readTerminatedText(module.HEAPU8, module.sqlite3_errmsg(this.handle))
    const cause = this.takeCause()
    return sqliteError({ resultCode, message, ...(sql !== undefined && { sql }), cause })
  }

  /**
   * Takes note that an exception came out of the wasm, as a stack overflow does: what SQLite was
   * doing is unfinished and its memory is not to be trusted, so nothing runs in this instance again.
   * The file is as a killed process would leave it, and recovers when another instance opens it.
   */
  break(cause: unknown): UniverseError {
    const fault = new UniverseError(
      'storage/io',
      'sqlite stopped in the middle of a call; load it anew (start the worker again) and reopen',
      { cause },
    )
    brokenModules.set(this.module, fault)
    return fault
  }

  setDeadline(isExpired: (() => boolean) | undefined): void {
    const { module, handle } = this
    if (this.#progressKey === 0) {
      this.#progressKey = module.malloc(4)
      module.HEAP32[this.#progressKey >> 2] = 0
    }
    if (isExpired === undefined) {
      module.libprogress_progress_handler(handle, 0, 0, this.#progressKey)
      module.progressCallbacks.delete(this.#progressKey)
    } else {
      module.progressCallbacks.set(this.#progressKey, () =>
        this.isInterruptible && isExpired() ? 1 : 0,
      )
      module.libprogress_progress_handler(handle, PROGRESS_STEPS, 1, this.#progressKey)
    }
  }

  /** Frees the least recently run half once there are too many. They compile again when used. */
  limitCompiled(): void {
    if (this.compiled.size <= STATEMENTS_MAX) return
    const idle = [...this.compiled].filter((statement) => !statement.isBusy)
    idle.sort((a, b) => a.lastRun - b.lastRun)
    for (const statement of idle.slice(0, STATEMENTS_MAX / 2)) {
      statement.release()
      if (this.statements.get(statement.sql) === statement) this.statements.delete(statement.sql)
    }
  }

  close(): void {
    if (!this.#isOpen) return
    this.statements.clear()
    if (!brokenModules.has(this.module)) {
      for (const statement of this.compiled) statement.release()
      if (this.#progressKey !== 0) {
        this.module.progressCallbacks.delete(this.#progressKey)
        this.module.libprogress_progress_handler(this.handle, 0, 0, this.#progressKey)
        this.module.free(this.#progressKey)
      }
      this.module.sqlite3_close_v2(this.handle)
    }
    this.#isOpen = false
  }
}

/** Refuses an instance of SQLite that broke. */
export function assertIntact(module: Sqlite): void {
  const fault = brokenModules.get(module)
  if (fault !== undefined) throw fault
}
