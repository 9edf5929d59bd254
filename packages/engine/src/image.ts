/** Makes a file an image: what any replica of the universe may begin from. STORAGE.md SY12. */
import { removeHistory } from './history-tables.ts'
import type { Schema, TableSchema } from './schema.ts'
import { removeUndoTables } from './undo/undo-schema.ts'
import { removeViews } from './view-tables.ts'
import type { WriteScope } from './write-scope.ts'

/**
 * Removes what belongs to one replica, in the open transaction: the log but for what waits for a newer
 * schema, answers, timers, connections, conflicts, rows of local tables, key-value entries, steps of undo,
 * declared views, what is kept of the past. No stream is own any more.
 */
export function stripFile({ driver, schema, streams }: WriteScope): void {
  driver.exec(`DELETE FROM _log WHERE NOT EXISTS (SELECT 1 FROM _unapplied AS waiting
    WHERE waiting.stream = _log.stream AND waiting.seq >= first_seq AND waiting.seq < first_seq + count)`)
  driver.exec('DELETE FROM _call; DELETE FROM _schedule; DELETE FROM _connection')
  driver.exec('DELETE FROM _conflict; DELETE FROM _kv')
  removeUndoTables(driver)
  for (const table of localTables(schema)) driver.exec(`DELETE FROM ${table.rowsSql}`)
  for (const stream of streams.own()) streams.setOwn(stream, false)
  removeViews(driver)
  removeHistory(driver)
}

/** Tables whose rows stay on this device. */
export function localTables(schema: Schema): readonly TableSchema[] {
  return [...schema.values()].filter(({ definition }) => definition.scope === 'local')
}
