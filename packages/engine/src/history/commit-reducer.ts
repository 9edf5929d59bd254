/** The reducer that names the present. HISTORY.md HI3. */
import {
  COMMIT_VERSION_REDUCER,
  defineReducer,
  HISTORY_DESCRIPTION_CHARS_MAX,
  HISTORY_PARENTS_MAX,
  type Reducers,
  t,
} from '@inner-universe/core'
import type { VersionKeeper } from './version-keeper.ts'

/** `history:commit`. */
export function commitReducers(keeper: VersionKeeper): Reducers {
  return {
    [COMMIT_VERSION_REDUCER]: defineReducer(
      {
        description: t.text().max(HISTORY_DESCRIPTION_CHARS_MAX),
        parents: t.array(t.text()).max(HISTORY_PARENTS_MAX).optional(),
      },
      (context, { description, parents }) => ({
        version: keeper.namePresent(context, { description, parents: parents ?? undefined }),
      }),
    ),
  }
}
