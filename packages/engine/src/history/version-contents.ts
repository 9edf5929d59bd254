/** The contents that are here whole. */
import type { PlanContent } from './retention-plan.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** Contents of all versions with all their chunks, sound as far as is known. Cost: some seeks for each. */
export function completeContents({ rows, markers, last }: VersionKeeper): PlanContent[] {
  return rows
    .all()
    .flatMap(({ id }) => rows.contentsOf(id))
    .filter(({ id }) => rows.isComplete(id) && (last === undefined || !markers.isDamaged(id)))
}
