/** A part of a worker that is loaded when it is first needed, or when there is nothing else to do. */
import { UniverseError } from '@inner-universe/core'

/** What a late part is, and where it comes from. */
export interface LatePartOptions<Part> {
  readonly load: () => Part | Promise<Part>
  /** What it does, to be said to people: "keeps queries up to date". */
  readonly purpose: string
  /** It is there now, or could not be had. */
  readonly onSettled: () => void
}

/** The part once it is loaded. */
export class LatePart<Part> {
  readonly #options: LatePartOptions<Part>
  #part: Part | undefined
  #isPrepared = false
  #isLoading = false
  /** Whether somebody waits for it. */
  #isWanted = false
  #failure: UniverseError | undefined

  constructor(options: LatePartOptions<Part>) {
    this.#options = options
  }

  /** Undefined while it is not there. */
  get part(): Part | undefined {
    return this.#part
  }

  /** Loads it for later; once only. */
  prepare(): void {
    if (this.#isPrepared) return
    this.#isPrepared = true
    this.#start()
  }

  /** Whether {@link take} has an answer; if not, it is loaded, and `onSettled` called. */
  want(): boolean {
    if (this.#part === undefined && this.#failure === undefined) {
      this.#isWanted = true
      this.#start()
    }
    return this.#part !== undefined || this.#failure !== undefined
  }

  /** @throws UniverseError `client/worker-failed` when it could not be loaded. */
  take(): Part {
    if (this.#part !== undefined) return this.#part
    throw this.#failure ?? this.#notLoaded(undefined)
  }

  /** Whoever waited has been told: the next who wants it makes it load again. */
  forgetFailure(): void {
    this.#failure = undefined
  }

  #start(): void {
    if (this.#part !== undefined || this.#isLoading) return
    const loaded = this.#options.load()
    if (!(loaded instanceof Promise)) {
      this.#part = loaded
      return
    }
    this.#isLoading = true
    void loaded
      .then(
        (part) => {
          this.#part = part
        },
        (cause: unknown) => {
          if (this.#isWanted) this.#failure = this.#notLoaded(cause)
        },
      )
      .finally(() => {
        this.#isLoading = false
        this.#isWanted = false
        this.#options.onSettled()
      })
  }

  /** Offline with a cold cache, say: everything else goes on. */
  #notLoaded(cause: unknown): UniverseError {
    return new UniverseError(
      'client/worker-failed',
      `the part of the worker that ${this.#options.purpose} could not be loaded; try again when the app is online`,
      { cause },
    )
  }
}
