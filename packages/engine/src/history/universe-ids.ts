/**
 * What tells the versions of one universe from those of another: HISTORY.md HI60.
 *
 * Each file of a universe has an id of its own, so whoever names the first version tells all others by a row of
 * `history_ref`. Where two did so unaware of each other there are two of them, and either will do.
 */
import { HISTORY_TABLES, type ReducerContext, type TableAccess } from '@inner-universe/core'
import type { HistoryParts } from '../history-part.ts'
import { quoteName, rowsTable } from '../schema.ts'

const PREFIX = 'universe:'

/** Ids that the universe goes by: those that were told, else the file's own. */
export function universeIdsOf({ driver, universeId }: HistoryParts): readonly string[] {
  const told = toldIds(driver)
  return told.length === 0 ? [universeId] : told
}

/** Tells everybody the ids that the universe goes by; those that are known are as before. */
export function tellUniverseIds(
  { db }: ReducerContext,
  { driver }: HistoryParts,
  ids: readonly string[],
): void {
  const told = new Set(toldIds(driver))
  const refs = db[HISTORY_TABLES.ref] as unknown as TableAccess<object, object, never>
  for (const id of ids) if (!told.has(id)) refs.insert({ id: `${PREFIX}${id}`, version: '' })
}

function toldIds(driver: HistoryParts['driver']): string[] {
  const refs = quoteName(rowsTable(HISTORY_TABLES.ref))
  return driver
    .prepare(`SELECT id FROM ${refs} WHERE id >= ?1 AND id < ?2 ORDER BY id`)
    .all([PREFIX, `${PREFIX}g`])
    .map(([id]) => (id as string).slice(PREFIX.length))
}
