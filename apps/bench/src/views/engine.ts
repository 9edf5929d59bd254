/** One engine with one view in it, and the view's rows as they come out. */
import type { Answer, Change } from './workload.ts'

/** The views that are compared. */
export type ViewName = 'receipts' | 'lines' | 'top' | 'sum' | 'closure'

/** An engine under measurement. */
export interface ViewEngine {
  apply(change: Change): undefined | Promise<unknown>
  /** The view as it stands; asked once, at the end. */
  answer(): Answer | Promise<Answer>
  close(): undefined | Promise<unknown>
}

/** Makes an engine with a view; undefined: it cannot express it. */
export type OpenEngine = (
  view: ViewName,
  folder: string,
) => ViewEngine | undefined | Promise<ViewEngine | undefined>

/** Takes what comes out of an engine: rows that go, rows that come. */
export class Sink {
  readonly #values = new Map<number | string, number>()
  /** Came and did not replace yet: an engine may say so before it takes the old row away. */
  readonly #early = new Map<number | string, number>()

  add(key: number | string, value: number, weight: number): void {
    if (weight > 0) {
      if (this.#values.has(key)) this.#early.set(key, value)
      else this.#values.set(key, value)
      return
    }
    const next = this.#early.get(key)
    this.#early.delete(key)
    if (next === undefined) this.#values.delete(key)
    else this.#values.set(key, next)
  }

  /** Counts copies of a key instead: how many nodes one reaches. */
  count(key: number | string, weight: number): void {
    const count = (this.#values.get(key) ?? 0) + weight
    if (count === 0) this.#values.delete(key)
    else this.#values.set(key, count)
  }

  get answer(): Answer {
    return this.#values
  }
}
