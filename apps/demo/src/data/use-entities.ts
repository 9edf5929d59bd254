/** Entities by their ids, live. */
import type { EntityRow } from '@inner-universe/universe'
import { useLiveQuery } from '../universe.ts'

/**
 * Those that are there, by id; while others are looked up, those from before.
 *
 * With a limit the query reads them by their ids; without one it would be fed from the whole table.
 */
export function useEntities(ids: readonly string[]): ReadonlyMap<string, EntityRow> {
  const wanted = ids.toSorted() as EntityRow['id'][]
  const { rows } = useLiveQuery(
    (q) => q.entity.where({ id: { in: wanted } }).limit(wanted.length),
    [wanted.join()],
    { keepPrevious: true },
  )
  return new Map(rows.map((row) => [row.id, row]))
}
