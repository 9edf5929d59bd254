import type { LogStore } from '../log-store.ts'

/** The methods of a store as an object to be spread, so that a test can change one of them. */
export function methodsOf(store: LogStore): LogStore {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(store)) as (keyof LogStore)[]
  return Object.fromEntries(
    names.map((name) => [name, (store[name] as () => unknown).bind(store)]),
  ) as unknown as LogStore
}
