import type { LogStore } from '../log-store.ts'
import { methodsOf } from './store-methods.ts'

/** What a test does to the appends of a store. */
export interface StoreFaults {
  readonly appendCount: number
  /** Appends wait until the function given is called. */
  hold(): () => void
  /** Appends are done, and their answers wait until the function given is called. */
  holdAnswers(): () => void
  /** The next append fails, and nothing of it is done. */
  failWith(error: Error): void
  /** The next append is done and fails in the answering. */
  failAfter(error: Error): void
  /** No failure waits any more. */
  heal(): void
  wrap(store: LogStore): LogStore
}

/** A store whose appends a test holds up or lets fail. */
export function createFaults(): StoreFaults {
  let held: Promise<void> = Promise.resolve()
  let heldAnswer: Promise<void> = Promise.resolve()
  let before: Error | undefined
  let after: Error | undefined
  let appendCount = 0
  return {
    get appendCount() {
      return appendCount
    },
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>()
      heldAnswer = promise
      return resolve
    },
    failWith(error: Error) {
      before = error
    },
    failAfter(error: Error) {
      after = error
    },
    heal() {
      before = undefined
      after = undefined
    },
    wrap: (store: LogStore): LogStore => ({
      ...methodsOf(store),
      async append(appends) {
        appendCount += 1
        await held
        const error = before
        before = undefined
        if (error !== undefined) throw error
        await store.append(appends)
        await heldAnswer
        const late = after
        after = undefined
        if (late !== undefined) throw late
      },
    }),
  }
}
