/** SQL under construction, and the typed error of a query that cannot become any. */
import { UniverseError } from '@inner-universe/core'
import type { SqlValue } from '@inner-universe/sqlite'

/** SQL with its parameters in order. */
export interface BoundSql {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** Collects parameters; `bind` gives the placeholder to write. */
export class Binder {
  readonly params: SqlValue[] = []

  bind(value: SqlValue): string {
    this.params.push(value)
    return `?${this.params.length}`
  }
}

/** The typed error for a query that does not fit the module. */
export function queryInvalid(message: string): UniverseError {
  return new UniverseError('query/invalid', `${message}; correct the query`)
}
