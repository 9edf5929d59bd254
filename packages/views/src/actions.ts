/** Changes of single rows, each a step of its own. STEPS.md. */
import type { CompiledGraph, Outputs, Source, Sources } from './compile.ts'
import { type InputChanges, iteration, type OutputChanges } from './iteration.ts'
import type { ViewStore } from './store/view-store.ts'
import { ZSet } from './zset.ts'

/** What can be done to one input. Each call is one step, and resolves to what it changed. */
export interface Action<R, O extends Outputs> {
  /** Adds rows; one given twice is there twice. */
  insert(...rows: readonly R[]): Promise<OutputChanges<O>>
  /** Takes rows away, found by value. One that is not there leaves a debt, which an insertion settles. */
  remove(...rows: readonly R[]): Promise<OutputChanges<O>>
  /** Takes one row away and adds another in one step, so that nobody sees a state without either. */
  replace(old: R, by: R): Promise<OutputChanges<O>>
}

/** The actions of every input by name. */
export type Actions<S extends Sources, O extends Outputs> = {
  readonly [Name in keyof S]: S[Name] extends Source<infer R> ? Action<R, O> : never
}

/**
 * The actions of a graph over its store. Steps without a time: see {@link iteration} for steps in an
 * order that several processes agree on.
 */
export function actions<S extends Sources, O extends Outputs>(
  store: ViewStore,
  compiled: CompiledGraph<S, O>,
): Actions<S, O> {
  const all = Object.keys(compiled.sources).map((name) => {
    const step = (change: ZSet): Promise<OutputChanges<O>> =>
      iteration(store, compiled, { [name]: change } as InputChanges<S>)
    const action: Action<unknown, O> = {
      insert: (...rows) => step(ZSet.from(rows)),
      remove: (...rows) => step(ZSet.from(rows).negate()),
      replace: (old, by) => step(ZSet.from([by]).minus(ZSet.from([old]))),
    }
    return [name, action]
  })
  return Object.fromEntries(all)
}
