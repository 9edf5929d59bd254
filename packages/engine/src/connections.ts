/** The open connections, kept in `_connection`. STORAGE.md ST12. */
import type { Driver } from '@inner-universe/sqlite'
import type { Connection } from './engine.ts'

/** All open connections, by id. */
export function readConnections(driver: Driver): readonly Connection[] {
  const rows = driver.prepare('SELECT id, identity FROM _connection ORDER BY id').all()
  return rows.map(([id, identity]) => ({
    connectionId: id as string,
    identity: identity as string,
  }))
}

/** Notes that a connection is open. */
export function putConnection(driver: Driver, { connectionId, identity }: Connection): void {
  driver
    .prepare('INSERT OR REPLACE INTO _connection (id, identity) VALUES (?1, ?2)')
    .run([connectionId, identity])
}

/** Forgets a connection. Nothing to forget is fine. */
export function forgetConnection(driver: Driver, { connectionId }: Connection): void {
  driver.prepare('DELETE FROM _connection WHERE id = ?1').run([connectionId])
}
