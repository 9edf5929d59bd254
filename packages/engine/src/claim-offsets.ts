/** Where in the relay's log the claims on unique values are: that decides who came first. MERGE.md MR17. */
import { settleClaims } from './claims.ts'
import { valueOfText } from './row-store.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * Notes where in the relay's log deltas of one stream are, by their first and last hlc, or with an
 * `offset` of null that they are not there any more; then settles what they claimed.
 *
 * Cost: one index seek, and what was claimed; none for a module without unique columns.
 */
export function noteOffsets(
  scope: WriteScope,
  streamIndex: number,
  firstHlc: number,
  lastHlc: number,
  offset: number | null,
): void {
  if (![...scope.schema.values()].some(({ uniqueColumns }) => uniqueColumns.length > 0)) return
  const range = [streamIndex, firstHlc, lastHlc]
  const claims = scope.driver
    .prepare(
      `SELECT tbl, col, value FROM _claim
        WHERE r = ?1 AND h BETWEEN ?2 AND ?3 AND offset IS NOT ?4`,
    )
    .all([...range, offset])
  if (claims.length === 0) return
  scope.driver
    .prepare('UPDATE _claim SET offset = ?4 WHERE r = ?1 AND h BETWEEN ?2 AND ?3')
    .run([...range, offset])
  settleClaims(
    scope,
    claims.flatMap(([name, column, text]) => {
      const table = scope.schema.get(name as string)
      const unique = table?.columnsByName.get(column as string)
      if (table === undefined || unique === undefined) return []
      return [{ table, column: unique, value: valueOfText(unique, text as string) }]
    }),
  )
}
