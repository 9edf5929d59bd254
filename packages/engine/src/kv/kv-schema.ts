/** The table of a key-value store, and the mark by which its file is known. KV.md KS1–KS3. */
import { UniverseError } from '@inner-universe/core'
import { type Driver, inTransaction } from '@inner-universe/sqlite'

/** What `PRAGMA user_version` says of a file with this table. */
export const KV_USER_VERSION = 1

/** The table of a database that is a key-value store and nothing else. */
export const KV_TABLE = 'kv'

/** Makes a table of entries. */
export function kvTableStatement(table: string): string {
  return `CREATE TABLE ${table} (
  category BLOB NOT NULL,
  key BLOB NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (category, key)
) WITHOUT ROWID`
}

/**
 * Makes the table in an empty database; anything else must be one of this version.
 *
 * @throws UniverseError `kv/backend` for another version, or a database of something else: nothing is
 * written to it then.
 */
export function openKvSchema(driver: Driver): void {
  const found = Number(driver.prepare('SELECT user_version FROM pragma_user_version').get()?.[0])
  if (found === 0) {
    const tables = Number(driver.prepare('SELECT count(*) FROM sqlite_schema').get()?.[0])
    if (tables > 0) {
      throw new UniverseError(
        'kv/backend',
        `the file holds ${tables} tables and indexes that are not a job's; give another root or job id`,
        { details: { found } },
      )
    }
    inTransaction(driver, () => {
      driver.exec(kvTableStatement(KV_TABLE))
      driver.exec(`PRAGMA user_version = ${KV_USER_VERSION}`)
    })
  } else if (found !== KV_USER_VERSION) {
    throw new UniverseError(
      'kv/backend',
      `incompatible persistency user_version: got ${found}, expected ${KV_USER_VERSION}`,
      { details: { found, expected: KV_USER_VERSION } },
    )
  }
}
