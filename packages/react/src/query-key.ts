/**
 * Keys that are equal when two queries ask the same: what lets components share one live query, and
 * lets a component that suspended find, on its next attempt, the one it waits for.
 */
import type { QueryValue, RelationQuery } from '@inner-universe/client'

/** The key of a typed query: what it asks is plain data. */
export function keyOfQuery({ relation }: Pick<RelationQuery<unknown>, 'relation'>): string {
  return `query:${JSON.stringify(relation, withBytes)}`
}

/** The key of an SQL query. */
export function keyOfSql(text: string, params: readonly QueryValue[]): string {
  return `sql:${JSON.stringify([text, params], withBytes)}`
}

/** The key of a search. */
export function keyOfSearch(
  table: string,
  text: string,
  page: { readonly limit?: number; readonly offset?: number },
): string {
  return `search:${JSON.stringify([table, text, page.limit, page.offset])}`
}

/** JSON would write bytes as an object of numbers, and could not tell it from one. */
function withBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value
}
