/** Keeps conflicts for the app; `conflicts.ts` gives them to it. STORAGE.md SY8. */
import { CONFLICTS_MAX, type Conflict, type KeptConflict } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { storableOf } from './plain-value.ts'

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
