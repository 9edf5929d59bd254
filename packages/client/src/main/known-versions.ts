/** Finding one's way in versions: by name, to what they were made of, to those that nothing was made of. */
import { UniverseError } from '@inner-universe/core'
import type { KnownVersions } from '../rpc/contract.ts'
import type { Version } from './versions.ts'

/** The version of an id, or that a branch or a tag names, in this order. */
export function findVersion(
  { versions, refs }: KnownVersions,
  target: string,
): Version | undefined {
  const byId = (id: string | undefined): Version | undefined =>
    versions.find((version) => version.id === id)
  const named = (kind: 'branch' | 'tag'): string | undefined =>
    refs.find((ref) => ref.kind === kind && ref.name === target)?.version
  return byId(target) ?? byId(named('branch')) ?? byId(named('tag'))
}

/** @throws UniverseError `history/version-unknown`. */
export function requireVersion(known: KnownVersions, target: string): Version {
  const found = findVersion(known, target)
  if (found !== undefined) return found
  throw new UniverseError(
    'history/version-unknown',
    `there is no version, branch or tag "${target.slice(0, 64)}" here; it may have been dropped, or not have arrived yet`,
    { details: { version: target } },
  )
}

/** States of the universe itself that nothing later of it was made of. */
export function headsOf(versions: readonly Version[]): readonly Version[] {
  const present = versions.filter(({ branch }) => branch === null)
  const behind = new Set<string>()
  for (const { id } of ancestryOf(versions, present, Number.POSITIVE_INFINITY)) behind.add(id)
  return present.filter(({ id }) => !behind.has(id))
}

/** Versions and what they were made of, so many generations, newest first. What is not here is left out. */
export function historyOf(
  versions: readonly Version[],
  from: readonly Version[],
  depth: number,
): readonly Version[] {
  const found = new Set([...from, ...ancestryOf(versions, from, depth - 1)])
  return versions.filter((version) => found.has(version)).toReversed()
}

/** What versions were made of. A version may claim to be of itself: each is gone through once. */
function ancestryOf(
  versions: readonly Version[],
  from: readonly Version[],
  depth: number,
): ReadonlySet<Version> {
  const byId = new Map(versions.map((version) => [version.id, version]))
  const found = new Set<Version>()
  let generation: readonly Version[] = from
  for (let passed = 0; passed < depth && generation.length > 0; passed++) {
    const next: Version[] = []
    for (const { parents } of generation) {
      for (const id of parents) {
        const parent = byId.get(id)
        if (parent === undefined || found.has(parent)) continue
        found.add(parent)
        next.push(parent)
      }
    }
    generation = next
  }
  return found
}
