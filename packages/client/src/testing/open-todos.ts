/** What the browser tests share: opening the todos, waiting for states, reading error codes. */
import { type OpenOptions, openUniverse } from '../main/open.ts'
import type { LiveState, Universe } from '../main/universe.ts'
import { todos } from './todos.ts'

/** A universe of the test module. */
export type Todos = Universe<typeof todos.tables, typeof todos.reducers>

/** The worker of the test module. */
export function todosWorker(): Worker {
  return new Worker(new URL('./todos.worker.ts', import.meta.url), { type: 'module' })
}

/** Opens the todos. */
export function openTodos(
  options: { readonly name: string } & Partial<OpenOptions>,
): Promise<Todos> {
  return openUniverse(todos, { worker: todosWorker, ...options })
}

/** The code a promise is rejected with, or `fulfilled`. */
export async function codeOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise
    return 'fulfilled'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** The next state of a live query for which the condition holds. */
export function until<R>(
  live: { subscribe(listener: (state: LiveState<R>) => void): () => void },
  holds: (state: LiveState<R>) => boolean,
): Promise<LiveState<R>> {
  return new Promise((resolve) => {
    const stop = live.subscribe((state) => {
      if (!holds(state)) return
      resolve(state)
      queueMicrotask(() => stop())
    })
  })
}
