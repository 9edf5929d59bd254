/** Conflicts kept for the app until it dismisses them. STORAGE.md SY8. */
import type { Conflict, JsonValue, KeptConflict } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { resultOf } from './plain-value.ts'

/** Conflicts not dismissed, oldest first. */
export function readConflicts(driver: Driver): readonly KeptConflict[] {
  return driver
    .prepare('SELECT id, conflict FROM _conflict ORDER BY id')
    .all()
    .map(([id, text]) => ({
      ...(resultOf(JSON.parse(text as string) as JsonValue) as Conflict),
      conflictId: id as number,
    }))
}

/** Forgets conflicts the app has dealt with. */
export function dismissConflicts(driver: Driver, conflictIds: readonly number[]): void {
  for (const id of conflictIds) driver.prepare('DELETE FROM _conflict WHERE id = ?1').run([id])
}
