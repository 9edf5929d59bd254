/** Steps of a compiled graph over a store: changes in, changes out. STEPS.md. */
import type { CompiledGraph, Outputs, Source, Sources } from './compile.ts'
import { NO_DELTA } from './delta.ts'
import type { Time, ViewStore } from './store/view-store.ts'
import type { Stream } from './stream.ts'
import { ZSet } from './zset.ts'

/** Changes of inputs by name. Missing: no change. */
export type InputChanges<S extends Sources> = {
  readonly [Name in keyof S]?: S[Name] extends Source<infer R> ? ZSet<R> : never
}

/** Changes of all outputs by name; empty where nothing changed. */
export type OutputChanges<O extends Outputs> = {
  readonly [Name in keyof O]: O[Name] extends Stream<infer R> ? ZSet<R> : never
}

/**
 * Takes one step, all or nothing. The store must have been opened with this graph. Without a time the
 * step waits for no other.
 *
 * @throws UniverseError what {@link ViewStore.run} throws.
 */
export async function iteration<S extends Sources, O extends Outputs>(
  store: ViewStore,
  compiled: CompiledGraph<S, O>,
  inputs: InputChanges<S>,
  time?: Time,
): Promise<OutputChanges<O>> {
  const deltas = Object.entries<ZSet | undefined>(inputs).flatMap(([name, change]) =>
    change === undefined ? [] : [[name, change.toDelta()] as const],
  )
  const changes = await store.run(new Map(deltas), time)
  const outputs = Object.keys(compiled.outputs).map((name) => [
    name,
    ZSet.fromDelta(changes.get(name) ?? NO_DELTA),
  ])
  return Object.fromEntries(outputs)
}
