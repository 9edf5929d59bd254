/** The reducers that name versions and let them go. HISTORY.md HI50–HI55. */
import {
  DROP_REDUCER,
  defineReducer,
  HISTORY_NAME_CHARS_MAX,
  HISTORY_TABLES,
  NAME_REDUCER,
  type ReducerContext,
  type Reducers,
  t,
  UNNAME_REDUCER,
  UniverseError,
} from '@inner-universe/core'
import { refsIn } from './history-call.ts'
import { planDrops } from './retention-plan.ts'
import { completeContents } from './version-contents.ts'
import { type VersionKeeper, versionsIn } from './version-keeper.ts'

const KIND = t.enum(['branch', 'tag'])
const NAME = t.text().min(1).max(HISTORY_NAME_CHARS_MAX)

/** Versions dropped by one call at most. */
const DROPS_MAX = 10_000

/** `history:name`, `history:unname`, `history:drop`. */
export function nameReducers(keeper: VersionKeeper): Reducers {
  return {
    [NAME_REDUCER]: defineReducer(
      { kind: KIND, name: NAME, version: t.text() },
      (context, { kind, name, version }) => {
        keeper.versionOf(version)
        const id = `${kind}:${name}`
        const named = refsIn(context).get(id)?.version
        if (kind === 'tag' && named !== undefined && named !== version) {
          throw new UniverseError(
            'history/name-taken',
            `tag "${name}" names version "${named}", and tags do not move; choose another name`,
            { details: { name, version: named } },
          )
        }
        refsIn(context).upsert({ id, version })
        return null
      },
    ),
    [UNNAME_REDUCER]: defineReducer({ kind: KIND, name: NAME }, (context, { kind, name }) => {
      if (refsIn(context).delete(`${kind}:${name}`)) return null
      throw new UniverseError(
        'history/name-unknown',
        `there is no ${kind} "${name}"; it may have been removed`,
        { details: { kind, name } },
      )
    }),
    [DROP_REDUCER]: defineReducer(
      { versions: t.array(t.text()).max(DROPS_MAX) },
      (context, { versions }) => {
        for (const version of versions) keeper.versionOf(version)
        refuseReferenced(keeper, new Set(versions))
        dropVersions(keeper, context, versions)
        return { versionCount: versions.length }
      },
    ),
  }
}

/** Deletes versions with their contents, and contents of others that are no use without them. */
export function dropVersions(
  { rows }: VersionKeeper,
  context: ReducerContext,
  versions: readonly string[],
): void {
  for (const version of versions) versionsIn(context).delete(version)
  const contents = context.db[HISTORY_TABLES.content]
  for (const { id } of rows.all()) {
    const useless = rows
      .contentsOf(id)
      .filter(({ basis }) => basis !== null && versions.includes(basis))
    for (const content of useless) contents?.delete(content.id)
  }
}

function refuseReferenced(keeper: VersionKeeper, dropped: ReadonlySet<string>): void {
  for (const { kind, name, version } of keeper.rows.refs()) {
    if (dropped.has(version)) throw referenced(version, `${kind} "${name}" names it`)
  }
  const facts = { versions: keeper.rows.all(), contents: completeContents(keeper) }
  const { waiting, writes } = planDrops(facts, [...dropped])
  const [first] = waiting
  if (first === undefined) return
  throw referenced(first, `the content of version "${writes[0]?.version}" is a difference to it`)
}

function referenced(version: string, why: string): UniverseError {
  return new UniverseError(
    'history/version-referenced',
    `version "${version}" cannot go: ${why}; remove the name, drop both, or let \`retain\` write a content that does without it`,
    { details: { version } },
  )
}
