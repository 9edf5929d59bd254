/** Brings a file of an older format version up to this one's. STORAGE.md MG9. */
import { decodeFirstHlc } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { kvTableStatement } from './kv/kv-schema.ts'
import { FORMAT_VERSION, UNIVERSE_KV_TABLE } from './schema.ts'
import { LOG_STATEMENT, SYNC_STATEMENTS } from './schema-statements.ts'

/**
 * Migrates a file's own tables, in the open transaction.
 *
 * Cost: from version 1, the log is read and written once.
 */
export function migrateFormat(driver: Driver, fileFormatVersion: number): void {
  if (fileFormatVersion < 2) addSync(driver)
  // Version 3: key-value entries.
  if (fileFormatVersion < 3) driver.exec(kvTableStatement(UNIVERSE_KV_TABLE))
  driver.exec(`PRAGMA user_version = ${FORMAT_VERSION}`)
}

/** Version 2: what a replica knows of a relay's log. */
function addSync(driver: Driver): void {
  driver.exec('ALTER TABLE _stream ADD COLUMN acked_hash TEXT')
  driver.exec('ALTER TABLE _stream ADD COLUMN batch_seq INTEGER NOT NULL DEFAULT 0')
  driver.exec('ALTER TABLE _stream ADD COLUMN batch_hash TEXT')
  driver.exec('ALTER TABLE _log RENAME TO _log_1')
  driver.exec(LOG_STATEMENT)
  const keys = driver.prepare('SELECT stream, first_seq FROM _log_1').all()
  for (const key of keys) {
    const [bytes] = driver
      .prepare('SELECT bytes FROM _log_1 WHERE stream = ?1 AND first_seq = ?2')
      .get(key) ?? [new Uint8Array()]
    driver
      .prepare(
        `INSERT INTO _log (stream, first_seq, count, first_hlc, bytes)
          SELECT stream, first_seq, count, ?3, bytes FROM _log_1 WHERE stream = ?1 AND first_seq = ?2`,
      )
      .run([...key, decodeFirstHlc(bytes as Uint8Array)])
  }
  driver.exec('DROP TABLE _log_1')
  for (const sql of SYNC_STATEMENTS) driver.exec(sql)
}
