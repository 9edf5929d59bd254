/** What an engine fills while no call waits, slice by slice: declared views. */
import type { Engine } from '@inner-universe/engine'

/** What it needs of the host. */
export interface IdleFillingOptions {
  /** The host's engine of the moment. */
  readonly engine: () => Engine
  readonly onFault: (error: unknown) => void
}

/** The filling of one host's engine. */
export class IdleFilling {
  readonly #options: IdleFillingOptions
  /** Declared views that are not filled yet. */
  #viewCount = 0

  constructor(options: IdleFillingOptions) {
    this.#options = options
  }

  /** True when there is something to fill. */
  get isBusy(): boolean {
    return this.#viewCount > 0
  }

  /** Looks what there is to fill: of another engine, or when views may have been begun anew. */
  note(): void {
    this.#viewCount = this.#countViews()
  }

  /** Fills a slice. True: views can be read now that could not before. */
  run(): boolean {
    const before = this.#viewCount
    if (before === 0) return false
    try {
      this.#options.engine().fillViews()
      this.#viewCount = this.#countViews()
    } catch (error) {
      // A full disk, say. They stay as far as they are until the universe is opened again.
      this.#viewCount = 0
      this.#options.onFault(error)
    }
    return this.#viewCount < before
  }

  #countViews(): number {
    const states = this.#options.engine().viewStates()
    return states.filter(({ kind }) => kind === 'filling').length
  }
}
