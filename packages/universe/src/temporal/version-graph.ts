/** The graph of state versions: ancestors over both parents, heads, common ancestors. */
import type { StandardUniverse } from '../standard-universe.ts'

/** A state version as the graph knows it. */
export interface VersionNode {
  readonly versionId: string
  readonly parentVersionId: string | null
  readonly mergeParentId: string | null
  /** Wall time of the commit, ms since 1970. */
  readonly timestamp: number
  readonly description: string
  readonly dataHash: string
  readonly owner: string
}

const COLUMNS = `version_id as "versionId", parent_version_id as "parentVersionId",
  merge_parent_id as "mergeParentId", timestamp, description, data_hash as "dataHash", owner`

/** UNION makes it end on cycles too, which a merge of foreign rows could bring. */
const ANCESTORS = `with recursive ancestor(id) as (
    select ?1
    union
    select parent from ancestor join (
      select version_id as child, parent_version_id as parent from state_version
      union all
      select version_id, merge_parent_id from state_version
    ) on child = id where parent is not null
  ) select ${COLUMNS} from ancestor join state_version on version_id = id
  order by timestamp desc, version_id desc limit ?2`

const HEADS = `select ${COLUMNS} from state_version as head
  where not exists (select 1 from state_version where parent_version_id = head.version_id)
    and not exists (select 1 from state_version where merge_parent_id = head.version_id)
  order by timestamp desc, version_id desc`

/** One version, or undefined. Cost: one index seek. */
export async function findVersion(
  universe: StandardUniverse,
  versionId: string,
): Promise<VersionNode | undefined> {
  const sql = `select ${COLUMNS} from state_version where version_id = ?1`
  const [row] = await universe.sql<VersionNode>(sql, [versionId])
  return row
}

/** A version and all its ancestors, newest first; none for one that is not there. */
export function ancestorsOf(
  universe: StandardUniverse,
  versionId: string,
  limit: number,
): Promise<readonly VersionNode[]> {
  return universe.sql<VersionNode>(ANCESTORS, [versionId, limit])
}

/** Versions that are nobody's parent, newest first. Cost: one look at every version. */
export function headsOf(universe: StandardUniverse): Promise<readonly VersionNode[]> {
  return universe.sql<VersionNode>(HEADS)
}

/** True when `a` is newer than `b`: by time, then by id. The same on every replica. */
export function isNewer(a: VersionNode, b: VersionNode): boolean {
  return a.timestamp === b.timestamp ? a.versionId > b.versionId : a.timestamp > b.timestamp
}

/**
 * The ancestor that two versions last had in common: one that no other common ancestor comes after;
 * of several, the newest. Undefined: none.
 */
export function commonAncestor(
  ofA: readonly VersionNode[],
  ofB: readonly VersionNode[],
): VersionNode | undefined {
  const inB = new Set(ofB.map(({ versionId }) => versionId))
  const common = new Map(
    ofA.filter(({ versionId }) => inB.has(versionId)).map((node) => [node.versionId, node]),
  )
  const covered = new Set<string>()
  for (const { parentVersionId, mergeParentId } of common.values()) {
    for (const parent of [parentVersionId, mergeParentId]) {
      if (parent !== null && common.has(parent)) covered.add(parent)
    }
  }
  const last = [...common.values()].filter(({ versionId }) => !covered.has(versionId))
  return last.reduce<VersionNode | undefined>(
    (newest, node) => (newest === undefined || isNewer(node, newest) ? node : newest),
    undefined,
  )
}
