/**
 * Writes encoded updates of one document to its home, in order, and keeps each until it is durable.
 *
 * One write is under way at a time, with all that has gathered meanwhile in the next; a hidden page
 * does not wait for its turn. What fails stays and is tried again after a while, unless the reason is
 * one that does not pass by itself; then with the next update.
 */
import { DOCUMENT_UPDATE_BYTES_MAX, UniverseError } from '@inner-universe/core'
import * as Y from 'yjs'
import type { SetTimer } from './document-home.ts'
import { RETRY_MS, RETRY_MS_MAX } from './limits.ts'

/** How updates leave. */
export interface SaverOptions {
  readonly append: (update: Uint8Array) => Promise<void>
  readonly setTimer: SetTimer
  /** Something was saved, or could not be. */
  readonly onChange: () => void
}

interface Entry {
  readonly update: Uint8Array
  isSending: boolean
}

/** Codes of failures that a retry alone does not mend. */
const LASTING: ReadonlySet<string> = new Set([
  'document/not-found',
  'document/too-large',
  'document/invalid-update',
  'table/row-not-found',
  'client/closed',
  'engine/closed',
])

/** The unsaved updates of one document. */
export class Saver {
  readonly #options: SaverOptions
  #entries: Entry[] = []
  #running: Promise<void> | undefined
  readonly #underWay = new Set<Promise<void>>()
  #error: UniverseError | undefined
  #failureCount = 0
  #stopTimer: (() => void) | undefined
  #isOver = false

  constructor(options: SaverOptions) {
    this.#options = options
  }

  /** True when nothing is unsaved. */
  get isIdle(): boolean {
    return this.#entries.length === 0
  }

  /** Why the last try failed; undefined when it did not. */
  get error(): UniverseError | undefined {
    return this.#error
  }

  /** Adds updates and begins to write them. */
  add(updates: readonly Uint8Array[]): void {
    if (updates.length === 0) return
    for (const update of updates) this.#entries.push({ update, isSending: false })
    this.#start()
  }

  /** Resolves when all that was added before is durable. @throws UniverseError why it is not. */
  async flush(): Promise<void> {
    const last = this.#entries.at(-1)
    while (last !== undefined && this.#entries.includes(last)) {
      await this.#start()
      if (this.#error !== undefined) throw this.#error
    }
  }

  /** Sends all that waits at once. */
  hurry(): void {
    while (this.#entries.some(({ isSending }) => !isSending)) this.#send()
  }

  /** Stops trying. */
  close(): void {
    this.#isOver = true
    this.#stopTimer?.()
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    do {
      this.#send()
      await Promise.all(this.#underWay)
    } while (!this.isIdle && this.#error === undefined)
  }

  /** Sends as many of those that wait as one row may hold. */
  #send(): void {
    const entries = this.#next()
    if (entries.length === 0) return
    for (const entry of entries) entry.isSending = true
    const sent = this.#append(entries).finally(() => this.#underWay.delete(sent))
    this.#underWay.add(sent)
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    try {
      const updates = entries.map(({ update }) => update)
      await this.#options.append(Y.mergeUpdates(updates))
      this.#entries = this.#entries.filter((entry) => !entries.includes(entry))
      this.#error = undefined
      this.#failureCount = 0
    } catch (error) {
      for (const entry of entries) entry.isSending = false
      this.#fail(error)
    }
    this.#options.onChange()
  }

  #next(): readonly Entry[] {
    const entries: Entry[] = []
    let bytes = 0
    for (const entry of this.#entries) {
      if (entry.isSending) continue
      bytes += entry.update.length
      if (entries.length > 0 && bytes > DOCUMENT_UPDATE_BYTES_MAX) break
      entries.push(entry)
    }
    return entries
  }

  #fail(error: unknown): void {
    this.#error =
      error instanceof UniverseError
        ? error
        : new UniverseError('storage/io', 'a document could not be saved; see the cause', {
            cause: error,
          })
    if (this.#isOver || LASTING.has(this.#error.code)) return
    const delayMs = Math.min(RETRY_MS * 2 ** this.#failureCount, RETRY_MS_MAX)
    this.#failureCount += 1
    this.#stopTimer?.()
    this.#stopTimer = this.#options.setTimer(() => void this.#start(), delayMs)
  }
}
