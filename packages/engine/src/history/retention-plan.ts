/**
 * What can go, and what must be written before it can. Pure. HISTORY.md HI56–HI58.
 *
 * A version is read through the versions that its content is based on. So one that is to go, and that a kept one
 * is based on, goes only when the kept one has a content that passes over it.
 */
import { compareVersions, type GraphVersion } from './version-graph.ts'

/** A content that is whole. */
export interface PlanContent {
  readonly id: string
  readonly version: string
  /** Null: it is the whole state. */
  readonly basis: string | null
}

/** Which versions are kept besides those that have a name, and heads. */
export interface RetentionPolicy {
  /** The newest ones. */
  readonly keepLast?: number | undefined
  readonly keepNewerThanMs?: number | undefined
}

/** What there is. */
export interface RetentionFacts {
  readonly versions: readonly GraphVersion[]
  readonly contents: readonly PlanContent[]
  /** Heads, and versions that branches and tags name: they are kept. */
  readonly held: ReadonlySet<string>
  readonly nowMs: number
}

/** Versions to go, and contents to be written for versions that stay. */
export interface RetentionPlan {
  /** Can go now, oldest first. */
  readonly drops: readonly string[]
  /** Can go when all of {@link writes} is there, oldest first. */
  readonly waiting: readonly string[]
  /** In the order in which they are to be written. */
  readonly writes: readonly { readonly version: string; readonly basis: string | null }[]
}

/** Plans what becomes of all versions. Without any limit nothing goes. */
export function planRetention(facts: RetentionFacts, policy: RetentionPolicy): RetentionPlan {
  const { keepLast, keepNewerThanMs } = policy
  const { held, nowMs } = facts
  const all = [...facts.versions].sort(compareVersions)
  const kept = new Set(held)
  const hasLimit = keepLast !== undefined || keepNewerThanMs !== undefined
  for (const [index, { id, createdMs }] of all.entries()) {
    const isLast = keepLast !== undefined && index >= all.length - keepLast
    const isNew = keepNewerThanMs !== undefined && createdMs > nowMs - keepNewerThanMs
    if (isLast || isNew || !hasLimit) kept.add(id)
  }
  return planDrops(
    facts,
    all.map(({ id }) => id).filter((id) => !kept.has(id)),
  )
}

/** Plans what it takes to let certain versions go. */
export function planDrops(
  { versions, contents }: Pick<RetentionFacts, 'versions' | 'contents'>,
  unwanted: readonly string[],
): RetentionPlan {
  const going = new Set(unwanted)
  const byVersion = Map.groupBy(contents, ({ version }) => version)
  const writes: { version: string; basis: string | null }[] = []
  const passed = new Set<string>()
  for (const { id } of [...versions].sort(compareVersions)) {
    const own = byVersion.get(id) ?? []
    if (going.has(id) || own.length === 0) continue
    if (own.some(({ basis }) => basis === null || !going.has(basis))) continue
    const { between, basis } = passOver(id, going, byVersion)
    for (const each of between) passed.add(each)
    writes.push({ version: id, basis })
  }
  const isKnown = new Set(versions.map(({ id }) => id))
  const order = [...versions].sort(compareVersions).map(({ id }) => id)
  const goes = order.filter((id) => going.has(id) && isKnown.has(id))
  return {
    drops: goes.filter((id) => !passed.has(id)),
    waiting: goes.filter((id) => passed.has(id)),
    writes,
  }
}

/** The next version below that stays, and those between. */
function passOver(
  version: string,
  going: ReadonlySet<string>,
  byVersion: ReadonlyMap<string, readonly PlanContent[]>,
): { readonly between: readonly string[]; readonly basis: string | null } {
  const between = new Set<string>()
  let basis = byVersion.get(version)?.[0]?.basis ?? null
  while (basis !== null && going.has(basis) && !between.has(basis)) {
    between.add(basis)
    basis = byVersion.get(basis)?.[0]?.basis ?? null
  }
  return { between: [...between], basis: basis !== null && between.has(basis) ? null : basis }
}
