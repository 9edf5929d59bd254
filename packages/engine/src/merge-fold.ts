/** Writes a fold of deltas into the file: row by row, then visibility as a whole. MERGE.md. */
import type { MergedRows, StoredValue } from '@inner-universe/core'
import { settleClaims } from './claims.ts'
import { writeMergedRow } from './merged-row.ts'
import type { TableSchema } from './schema.ts'
import { settleVisibility } from './visibility.ts'
import type { ClaimedValue, TouchedRow, WriteScope } from './write-scope.ts'

/** A row that nothing was known of before this fold, lying among the visible ones. */
interface FreshRow extends TouchedRow {
  readonly values: readonly StoredValue[]
}

/** Merges rows folded from deltas that were never merged here before. */
export function writeFold(scope: WriteScope, fold: MergedRows): void {
  const touched: TouchedRow[] = []
  const claims: ClaimedValue[] = []
  const fresh: FreshRow[] = []
  const freshIds = new Map<TableSchema, Set<string>>()
  for (const [name, byId] of fold) {
    const table = scope.schema.get(name)
    if (table === undefined) continue
    const isRelated = table.references.length > 0 || table.referrers.length > 0
    const ids = new Set<string>()
    freshIds.set(table, ids)
    for (const row of byId.values()) {
      const written = writeMergedRow(scope, table, row)
      touched.push(...written.touched)
      if (written.claims.length > 0) claims.push(...written.claims)
      if (written.fresh === undefined || !isRelated) continue
      fresh.push({ table, id: row.id, values: written.fresh })
      ids.add(row.id)
    }
  }
  const isFresh = (table: TableSchema, id: string) => freshIds.get(table)?.has(id) === true
  // Only now: a row may refer to one that comes after it.
  for (const row of fresh) if (isConcerned(scope, row, isFresh)) touched.push(row)
  if (touched.length > 0) settleVisibility(scope, touched)
  // Order matters: only visible rows hold a value.
  if (claims.length > 0) settleClaims(scope, claims)
}

/**
 * Whether the referential rules have anything to say about a new row: a target that is not visible,
 * or rows that were waiting for it.
 */
function isConcerned(
  { rows }: WriteScope,
  { table, id, values }: FreshRow,
  isFresh: (table: TableSchema, id: string) => boolean,
): boolean {
  for (const { column, target } of table.references) {
    const value = values[column.index]
    if (typeof value !== 'string') continue
    if (!isFresh(target, value) && !rows.has(target, value)) return true
  }
  if (table.referrers.length === 0) return false
  if (rows.hasShadows() && rows.shadowsFor(id).length > 0) return true
  return table.referrers.some(
    (reference) => rows.hasPast(reference.from) && rows.hiddenReferrers(reference, id).length > 0,
  )
}
