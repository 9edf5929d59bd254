import { openDatabase } from './database.ts'
import type { Sqlite } from './sqlite-module.ts'

/**
 * Runs a little of everything in memory, for a worker that waits to take over.
 *
 * Engines compile wasm function by function as each is first called, some 15 ms between opening and
 * the first row; after this they are compiled. Cost: 15 to 25 ms, so a worker that could open the
 * database at once must not do it (measured: 6 to 14 ms later to the first row).
 */
export function warmUpSqlite(sqlite: Sqlite): void {
  const driver = openDatabase(sqlite, { kind: 'memory' }, 'process')
  driver.exec('CREATE TABLE warm (id TEXT PRIMARY KEY, size); CREATE INDEX bySize ON warm (size)')
  driver.prepare('INSERT INTO warm VALUES (?, ?)').run(['a', 1])
  driver.prepare('SELECT * FROM warm WHERE id = ? ORDER BY size LIMIT 1').all(['a'])
  driver.close()
}
