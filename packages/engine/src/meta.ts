/** Facts about the file itself, kept in `_meta`. STORAGE.md ST1. */
import type { Driver } from '@inner-universe/sqlite'

/** Names of the facts. */
export type MetaKey =
  | 'universe_id'
  | 'owner'
  | 'module'
  | 'schema'
  | 'created_ms'
  | 'position'
  | 'floor'
  | 'lost'
  | 'trimmed'
  | 'unmerged_schema'

/** Reads one fact. */
export function readMeta(driver: Driver, key: MetaKey): string | undefined {
  const row = driver.prepare('SELECT value FROM _meta WHERE key = ?1').get([key])
  return row?.[0] as string | undefined
}

/** Takes one fact away, in the open transaction. */
export function dropMeta(driver: Driver, key: MetaKey): void {
  driver.prepare('DELETE FROM _meta WHERE key = ?1').run([key])
}

/** Writes one fact, in the open transaction. */
export function writeMeta(driver: Driver, key: MetaKey, value: string): void {
  driver.prepare('INSERT OR REPLACE INTO _meta (key, value) VALUES (?1, ?2)').run([key, value])
}
