/** Where a universe's database file is: opened, and replaced as a whole. */
import type { Driver } from '@inner-universe/sqlite'

/** The home of one database. */
export interface Store {
  readonly kind: 'opfs' | 'file' | 'memory'
  /** Why it came to memory, if it was not asked for. */
  readonly reason: string | undefined
  /** Opens the database. At most one driver of it is open at a time. */
  open(): Promise<Driver>
  /** Begins a replacement beside the database, which may stay open. */
  stage(): Promise<Staging>
  /** Begins a database that is built in place, or goes on with one that was broken off. */
  stageReplica(): Promise<ReplicaStaging>
  /** Removes what earlier attempts at that left. */
  dropStaged(): Promise<void>
}

/**
 * A database being built beside the open one. Bytes are read and written until `open`. Ends with
 * `takeOver`, `drop` or `close`; `drop` and `close` are safe to repeat.
 */
export interface ReplicaStaging {
  /** Bytes there, fewer than asked for at the end: perhaps of an earlier attempt, perhaps of none. */
  read(at: number, byteCount: number): Uint8Array
  write(at: number, bytes: Uint8Array): void
  /** Opens the first `byteCount` bytes as a database; 0: an empty one. Its user closes the driver. */
  open(byteCount: number): Promise<Driver>
  /** Puts what the driver, still open, has committed in order for `takeOver`. */
  seal(): void
  /** Puts it in the place of the database. Both are closed. All or nothing. */
  takeOver(): Promise<void>
  drop(): Promise<void>
  /** Leaves what was written for another attempt, where that is possible. */
  close(): void
}

/** A replacement being written. Ends with `takeOver` or `drop`; both are safe to repeat. */
export interface Staging {
  write(bytes: Uint8Array): Promise<void>
  /** Opens what was written, to be looked at and closed. @throws what is wrong with the file. */
  open(): Promise<Driver>
  /** Puts it in the place of the database, which is closed. All or nothing. */
  takeOver(): Promise<void>
  drop(): Promise<void>
}

/** Bytes handed piece by piece from one that writes to one that iterates. */
export class BytePipe implements AsyncIterable<Uint8Array> {
  #chunk: Uint8Array | undefined
  #isEnded = false
  #error: unknown
  #wakeReader: (() => void) | undefined
  #wakeWriter: ((error?: unknown) => void) | undefined

  /** Resolves when the piece has been taken; rejects when the reader has given up. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#isEnded) return Promise.reject(this.#error)
    this.#chunk = bytes
    this.#wakeReader?.()
    return new Promise((resolve, reject) => {
      this.#wakeWriter = (error) => (error === undefined ? resolve() : reject(error))
    })
  }

  /** No more pieces. */
  end(): void {
    this.#isEnded = true
    this.#wakeReader?.()
  }

  /** The reader has given up: writers learn why. */
  fail(error: unknown): void {
    this.#error = error
    this.#isEnded = true
    this.#wakeWriter?.(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunk
      if (chunk !== undefined) {
        this.#chunk = undefined
        yield chunk
        this.#wakeWriter?.()
      } else if (this.#isEnded) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
      }
    }
  }
}
