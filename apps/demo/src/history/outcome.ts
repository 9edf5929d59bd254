/** What a restore or a merge decided or left out, in plain words. */
import type { VersionConflict, VersionSkipped } from '@inner-universe/client'

/** Columns that change with the content and say nothing of their own. */
const MINOR_COLUMNS: ReadonlySet<string> = new Set(['updated_at', 'revision'])

/** Tables whose rows a person has not written. */
const MINOR_TABLES: ReadonlySet<string> = new Set(['event_log', 'retention_schedule'])

/** One for each row: what is worth a person's time of what the engine tells cell by cell. */
export function tellingOf<
  Told extends { readonly table: string; readonly id: string; readonly column: string | null },
>(told: readonly Told[]): readonly Told[] {
  const byRow = new Map<string, Told>()
  for (const one of told) {
    const { table, id, column } = one
    if (MINOR_TABLES.has(table) || (column !== null && MINOR_COLUMNS.has(column))) continue
    const key = `${table} ${id}`
    if (!byRow.has(key)) byRow.set(key, one)
  }
  return [...byRow.values()]
}

/** What became of something that both sides changed. Side `a` is the present, `b` what came. */
export function sentenceOfConflict({ why, taken }: VersionConflict): string {
  const [standing, other] =
    taken === 'b' ? ['the branch', 'the present'] : ['the present', 'the branch']
  switch (why) {
    case 'changed':
      return `what ${standing} says stands, because it was written later.`
    case 'deleted':
      return `${standing} deleted what ${other} changed; it is deleted.`
    case 'duplicate':
      return `its value is that of another now, which ${standing} gave it to.`
  }
}

/** Why a row, or a cell of it, is other than wanted. */
export function sentenceOfSkipped({ why }: VersionSkipped): string {
  switch (why) {
    case 'referenced':
      return 'it stays, because something that stays refers to it.'
    case 'hidden':
      return 'it does not show, because what it belongs to is not there.'
    case 'target':
      return 'what it refers to is not there.'
    case 'duplicate':
      return 'another has its value.'
    case 'refused':
      return 'the graph takes no such value any more.'
  }
}
