/** What undoing left as it is, in plain words. */
import type { UndoSkipped } from '@inner-universe/client'

/** A row that was left as it is. */
export interface SkippedRow {
  readonly table: 'entity' | 'relation'
  readonly id: string
  readonly why: UndoSkipped['why']
}

/**
 * The rows worth telling of. The engine tells each cell; with an entity's content go when it was changed
 * and its revision, which say nothing to a person.
 */
export function skippedRowsOf(skipped: readonly UndoSkipped[]): readonly SkippedRow[] {
  const rows = new Map<string, SkippedRow>()
  for (const { table, id, column, why } of skipped) {
    if (table !== 'entity' && table !== 'relation') continue
    if (column === null || column === 'metadata') rows.set(id, { table, id, why })
  }
  return [...rows.values()]
}

/** A sentence about one; the name of an entity that is there. */
export function sentenceOfSkipped({ table, why }: SkippedRow, name: string | undefined): string {
  const known = name === undefined ? undefined : `“${name}”`
  const it = known ?? (table === 'entity' ? 'An entity' : 'A relation')
  switch (why) {
    case 'changed':
      return `${it} was changed by somebody else since, and stays as it is.`
    case 'deleted':
      return `${it} was deleted by somebody else since, and stays deleted.`
    case 'exists':
      return `${it} was made anew by somebody else since, and stays as it is.`
    case 'referenced':
      return `${it} stays, because something refers to it by now.`
    case 'hidden':
      return `${it} is back, but does not show while what it belongs to is deleted.`
    case 'duplicate':
      return `${it} stays, because another has taken its place.`
  }
}
