/**
 * What an engine does while no call waits, slice by slice: it fills declared views, writes the contents of
 * versions, and takes in those of others.
 */
import { HISTORY_REDUCERS, HISTORY_TABLES, type RowChange } from '@inner-universe/core'
import type { Call, Engine } from '@inner-universe/engine'

/** Slices of versions after which it is told how far they are: a few times a second. */
const TOLD_SLICES = 32

const HISTORY_TABLE_NAMES: ReadonlySet<string> = new Set(Object.values(HISTORY_TABLES))

/** What it needs of the host. */
export interface IdleFillingOptions {
  /** The host's engine of the moment. */
  readonly engine: () => Engine
  /** Whether the engine keeps versions. */
  readonly hasVersions: boolean
  /** Declared views can be read now that could not before. */
  readonly onViews: () => void
  /** Versions may have come further, and something may have been written for others. */
  readonly onVersions: () => void
  readonly onFault: (error: unknown) => void
}

/** The idle work of one host's engine. */
export class IdleFilling {
  readonly #options: IdleFillingOptions
  /** Declared views that are not filled yet. */
  #viewCount = 0
  #hasVersionWork = false
  /** Slices of versions since it was told how far they are. */
  #sliceCount = 0

  constructor(options: IdleFillingOptions) {
    this.#options = options
  }

  /** True when there is something to do. */
  get isBusy(): boolean {
    return this.#viewCount > 0 || this.#hasVersionWork
  }

  /** Looks what there is to do: of another engine, or when views may have been begun anew. */
  note(): void {
    this.#viewCount = this.#countViews()
    this.#hasVersionWork = this.#options.hasVersions
  }

  /** Takes note of rows that changed: versions may have come, or have been named. */
  noteChanges(changes: readonly RowChange[]): void {
    if (!this.#options.hasVersions || this.#hasVersionWork) return
    this.#hasVersionWork = changes.some(({ table }) => HISTORY_TABLE_NAMES.has(table))
  }

  /** Takes note of calls that ran: those of versions leave work of this device alone, too. */
  noteCalls(calls: readonly Call[]): void {
    if (!this.#options.hasVersions || this.#hasVersionWork) return
    this.#hasVersionWork = calls.some(({ reducer }) => reducer.startsWith(HISTORY_REDUCERS))
  }

  /** Does a slice of each. */
  run(): void {
    if (this.#viewCount > 0) this.#fillViews()
    if (this.#hasVersionWork) this.#fillVersions()
  }

  #fillViews(): void {
    const { engine, onViews, onFault } = this.#options
    const before = this.#viewCount
    try {
      engine().fillViews()
      this.#viewCount = this.#countViews()
    } catch (error) {
      // A full disk, say. They stay as far as they are until the universe is opened again.
      this.#viewCount = 0
      onFault(error)
    }
    if (this.#viewCount < before) onViews()
  }

  #fillVersions(): void {
    const { engine, onVersions, onFault } = this.#options
    try {
      this.#hasVersionWork = engine().history.fill()
    } catch (error) {
      // The same. They go on with the next version, too.
      this.#hasVersionWork = false
      onFault(error)
    }
    this.#sliceCount += 1
    if (this.#hasVersionWork && this.#sliceCount < TOLD_SLICES) return
    this.#sliceCount = 0
    onVersions()
  }

  #countViews(): number {
    const states = this.#options.engine().viewStates()
    return states.filter(({ kind }) => kind === 'filling').length
  }
}
