/**
 * Deltas that wait for a schema and for the code that merges them: a universe that was synced before
 * may be upgraded by an app that does not sync. MERGE.md MR12, STORAGE.md MG14.
 */
import type { Driver } from '@inner-universe/sqlite'
import { dropMeta, readMeta, writeMeta } from './meta.ts'
import type { Replication } from './replication-part.ts'
import { definitionsOf, type Schema } from './schema.ts'
import { decodeSchema } from './schema-text.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * The text of the schema that all deltas of the file were merged under, if it is another than the
 * module's: `text`, that of the file before this opening, unless it was upgraded without merging.
 */
export function unmergedSchema(driver: Driver, text: string | undefined): string | undefined {
  return readMeta(driver, 'unmerged_schema') ?? text
}

/** Merges what has waited, or notes under which schema it was merged; in the open transaction. */
export function settleWaiting(
  scope: WriteScope,
  schema: Schema,
  before: string,
  replication: Replication | undefined,
): void {
  const { driver } = scope
  if (replication !== undefined) {
    replication.mergeUnapplied(scope, decodeSchema(before).tables, definitionsOf(schema))
    dropMeta(driver, 'unmerged_schema')
    return
  }
  // Nothing arrives without replication: what waits now is all that will.
  if (driver.prepare('SELECT 1 FROM _unapplied LIMIT 1').get() === undefined) return
  writeMeta(driver, 'unmerged_schema', before)
}
