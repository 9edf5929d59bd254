/** Where the past of a universe is in its file, and how all of it is taken out. HISTORY.md HI5, HI12. */
import type { Driver } from '@inner-universe/sqlite'
import { quoteName } from './schema.ts'

/** The list of versions that can be read here, by marker. */
export const MARKER_TABLE = '_history'

/** Contents that do not fit their digest. */
export const DAMAGE_TABLE = '_history_damage'

/** What names of tables begin with that hold rows as they were. */
const PAST_PREFIX = '_past_'

/** Name of the table that holds another's rows as they were. */
export function pastTable(table: string): string {
  return `${PAST_PREFIX}${table}`
}

/**
 * Takes the past out of a file, in the open transaction: nobody would keep it up to date. Cost where there
 * is none: one look into the schema.
 */
export function removeHistory(driver: Driver): void {
  const tables = driver
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table'
        AND (substr(name, 1, ${PAST_PREFIX.length}) = ?1
          OR substr(name, 1, ${MARKER_TABLE.length}) = ?2)`,
    )
    .all([PAST_PREFIX, MARKER_TABLE])
  for (const [name] of tables) driver.exec(`DROP TABLE ${quoteName(name as string)}`)
}
