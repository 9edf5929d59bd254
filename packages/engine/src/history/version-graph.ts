/** How versions descend from each other. Pure. HISTORY.md HI40. */

/** What of a version says where it stands. */
export interface GraphVersion {
  readonly id: string
  readonly parents: readonly string[]
  readonly createdMs: number
}

/** The versions that are known; parents that are not are as if there were none. */
export class VersionGraph {
  readonly #byId: ReadonlyMap<string, GraphVersion>

  constructor(versions: Iterable<GraphVersion>) {
    this.#byId = new Map([...versions].map((version) => [version.id, version]))
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** All versions, oldest first. */
  get all(): readonly GraphVersion[] {
    return [...this.#byId.values()].sort(compareVersions)
  }

  /** The versions given and all they descend from. Ends in rings, too. */
  withAncestors(ids: Iterable<string>): Set<string> {
    const seen = new Set<string>()
    const open = [...ids]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const version = this.#byId.get(id)
      if (version === undefined || seen.has(id)) continue
      seen.add(id)
      open.push(...version.parents)
    }
    return seen
  }

  /**
   * The newest version that both descend from, or are, and that no other such version descends from;
   * undefined: there is none.
   */
  nearestCommon(a: Iterable<string>, b: Iterable<string>): string | undefined {
    const ofB = this.withAncestors(b)
    const common = new Set([...this.withAncestors(a)].filter((id) => ofB.has(id)))
    const passed = this.withAncestors(
      [...common].flatMap((id) => this.#byId.get(id)?.parents ?? []),
    )
    const nearest = this.all.filter(({ id }) => common.has(id) && !passed.has(id))
    // In a ring each descends from the other: then any will do, if all choose alike.
    return (nearest.at(-1) ?? this.all.findLast(({ id }) => common.has(id)))?.id
  }

  /** Of two versions the one that comes later. */
  later(a: string, b: string): string {
    const [one, other] = [this.#byId.get(a), this.#byId.get(b)]
    if (one === undefined || other === undefined) return one === undefined ? b : a
    return compareVersions(one, other) > 0 ? a : b
  }
}

/** By time, then by id: the same on every replica. */
export function compareVersions(
  a: Pick<GraphVersion, 'createdMs' | 'id'>,
  b: Pick<GraphVersion, 'createdMs' | 'id'>,
): number {
  return a.createdMs - b.createdMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
