/** Conflicts kept for the app until it dismisses them. STORAGE.md SY8. */
import {
  CONFLICTS_MAX,
  type Conflict,
  type JsonValue,
  type KeptConflict,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { resultOf, storableOf } from './plain-value.ts'

/** Keeps conflicts, in the open transaction; beyond {@link CONFLICTS_MAX} the oldest go. */
export function keepConflicts(
  driver: Driver,
  conflicts: readonly Conflict[],
): readonly KeptConflict[] {
  if (conflicts.length === 0) return []
  const kept = conflicts.map((conflict): KeptConflict => {
    const [conflictId] = driver
      .prepare('INSERT INTO _conflict (conflict) VALUES (?1) RETURNING id')
      .get([JSON.stringify(storableOf(conflict))]) ?? [0]
    return { ...conflict, conflictId: conflictId as number }
  })
  const last = kept.at(-1)?.conflictId ?? 0
  // Ids rise by one; those dismissed in between only make this keep fewer.
  driver.prepare('DELETE FROM _conflict WHERE id <= ?1').run([last - CONFLICTS_MAX])
  return kept
}

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
