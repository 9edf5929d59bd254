/** Versions as the page speaks of them. */
import type { Version, VersionRef } from '@inner-universe/client'
import type { Person } from '../presence/person.ts'

/** Stands for the present where a version is chosen. No id is like it: those are hexadecimal. */
export const PRESENT = 'present'

/** Its description's first line, or what can be said in place of one. */
export function titleOf({ description, id }: Pick<Version, 'description' | 'id'>): string {
  const [line = ''] = description.trim().split('\n')
  return line === '' ? `Unnamed ${id.slice(0, 6)}` : line
}

/** What the description says after its first line. */
export function bodyOf({ description }: Pick<Version, 'description'>): string {
  const text = description.trim()
  const end = text.indexOf('\n')
  return end < 0 ? '' : text.slice(end + 1).trim()
}

/** Who named it: this device, one that is here, or another. */
export function authorOf(author: string, ownId: string, people: readonly Person[]): string {
  if (author === ownId) return 'this device'
  return people.find(({ id }) => id === author)?.name ?? 'another device'
}

/** What is to be said of how much of it is here; undefined when all is well. */
export function stateTextOf({ state }: Pick<Version, 'state'>): string | undefined {
  switch (state) {
    case 'ready':
      return undefined
    case 'writing':
      return 'Being written for other devices'
    case 'arriving':
      return 'On its way here'
    case 'damaged':
      return 'Damaged'
  }
}

/** Whether it can be read. */
export function isReadable({ state }: Pick<Version, 'state'>): boolean {
  return state === 'ready' || state === 'writing'
}

/** A version and all it was made of, as far as they are known. */
export function ancestryOf(versions: readonly Version[], id: string): ReadonlySet<string> {
  const byId = new Map(versions.map((version) => [version.id, version]))
  const found = new Set<string>()
  const open = [id]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue
    found.add(next)
    open.push(...(byId.get(next)?.parents ?? []))
  }
  return found
}

/** Names of a version, by kind. */
export function namesOf(
  refs: readonly VersionRef[],
  kind: VersionRef['kind'],
  id: string,
): readonly string[] {
  return refs.filter((ref) => ref.kind === kind && ref.version === id).map(({ name }) => name)
}

/** Two to compare, the older first; the present is after all versions. */
export function inTime(
  versions: readonly Version[],
  one: string,
  other: string,
): readonly [from: string, to: string] {
  if (one === PRESENT) return [other, PRESENT]
  if (other === PRESENT) return [one, PRESENT]
  const ids = versions.map(({ id }) => id)
  const isFirstOlder = ancestryOf(versions, other).has(one)
    ? true
    : !ancestryOf(versions, one).has(other) && ids.indexOf(one) < ids.indexOf(other)
  return isFirstOlder ? [one, other] : [other, one]
}
