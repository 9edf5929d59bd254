/**
 * Conflicts as people see them: all that met on one entity or relation at one time is one clash.
 *
 * The store tells a conflict for each cell. An entity's whole metadata is one cell; with it usually
 * clash when it was changed and its revision, which say nothing to a person and are left out.
 */

import type { KeptConflict } from '@inner-universe/client'
import { equalJson, type JsonValue } from '@inner-universe/core'

/** One thing that was written twice. */
export interface ClashField {
  /** `name`, `tags`, or a property's. */
  readonly name: string
  readonly isProperty: boolean
  readonly ours: JsonValue
  readonly theirs: JsonValue
}

/** Changes of one row here that met changes of it elsewhere. */
export interface Clash {
  readonly kind: KeptConflict['kind']
  readonly table: 'entity' | 'relation'
  readonly id: string
  /** Conflicts it is made of; dismissed together. */
  readonly conflictIds: readonly number[]
  readonly winner: 'ours' | 'theirs'
  /** What differs; empty for whole rows. */
  readonly fields: readonly ClashField[]
  readonly reason: string | null
  readonly atMs: number
}

/** Conflicts that are worth a person's time. The rest may be dismissed. */
export function isTelling({ table, column, kind, ours, theirs }: KeptConflict): boolean {
  if (table !== 'entity' && table !== 'relation') return false
  return kind !== 'overridden' || (column === 'metadata' && fieldsOf(ours, theirs).length > 0)
}

/** The clashes of telling conflicts, newest first. */
export function clashesOf(conflicts: readonly KeptConflict[]): readonly Clash[] {
  const clashes = new Map<string, Clash>()
  for (const conflict of conflicts) {
    const { kind, table, id, column, ours, theirs, conflictId, winner, reason, atMs } = conflict
    const key = `${table} ${id} ${kind === 'overridden' ? '' : kind}`
    const before = clashes.get(key)
    clashes.set(key, {
      kind,
      table: table as Clash['table'],
      id,
      conflictIds: [...(before?.conflictIds ?? []), conflictId],
      winner,
      // Of two the later counts: it was compared with what the earlier had come to.
      fields: column === 'metadata' ? fieldsOf(ours, theirs) : [],
      reason,
      atMs,
    })
  }
  return [...clashes.values()].sort((a, b) => b.atMs - a.atMs)
}

/** What a clash comes to, in a sentence. `who` wrote the other value: `Ana`, `another device`. */
export function sentenceOf(clash: Clash, who: string, isThere: boolean): string {
  const { kind, winner, fields, reason } = clash
  const other = who.charAt(0).toUpperCase() + who.slice(1)
  switch (kind) {
    case 'overridden': {
      const [field] = fields
      if (field === undefined || fields.length > 1) {
        return winner === 'theirs'
          ? `You and ${who} changed it at the same time. What ${who} wrote stands, because it was written later.`
          : `You and ${who} changed it at the same time. What you wrote stands, because it was written later.`
      }
      const [ours, theirs] = [quoted(field.ours), quoted(field.theirs)]
      const standing = winner === 'theirs' ? theirs : ours
      return `You wrote ${ours}, ${who} wrote ${theirs} at the same time; ${standing} stands because it was written later.`
    }
    case 'deleted':
      if (winner === 'theirs') {
        return isThere
          ? `You deleted it while ${who} made it again; it stays.`
          : `You changed it, ${who} deleted it at the same time; it stays deleted.`
      }
      return isThere
        ? `You made it again while ${who} deleted it; it stays.`
        : `You deleted it, ${who} changed it at the same time; it stays deleted.`
    case 'claim-lost':
      return `${other} took the same value first.`
    case 'dropped':
      return `What you changed found nothing to change any more: ${reason ?? 'it is gone'}.`
    case 'denied':
      return `The relay refused what you changed: ${reason ?? 'it gave no reason'}. It was undone.`
  }
}

/** A value as text. */
export function valueText(value: JsonValue): string {
  if (value === null || value === '') return 'nothing'
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  return JSON.stringify(value)
}

function quoted(value: JsonValue): string {
  return value === null || value === '' ? 'nothing' : `“${valueText(value)}”`
}

/** What differs between two values of `metadata`. */
export function fieldsOf(ours: JsonValue, theirs: JsonValue): readonly ClashField[] {
  const { properties: ourProperties, ...our } = mapOf(ours)
  const { properties: theirProperties, ...their } = mapOf(theirs)
  return [
    ...differences(our, their, false),
    ...differences(mapOf(ourProperties), mapOf(theirProperties), true),
  ]
}

function differences(
  ours: Readonly<Record<string, JsonValue>>,
  theirs: Readonly<Record<string, JsonValue>>,
  isProperty: boolean,
): ClashField[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    .map((name) => ({ name, isProperty, ours: ours[name] ?? null, theirs: theirs[name] ?? null }))
    .filter((field) => !equalJson(field.ours, field.theirs))
}

function mapOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? (value as Readonly<Record<string, JsonValue>>) : {}
}
