/** Lets versions go by a rule; contents that depend on them are written anew before. HISTORY.md HI56–HI59. */
import {
  defineReducer,
  HISTORY_TABLES,
  MODULE_SENDER,
  RETAIN_REDUCER,
  type ReducerContext,
  type Reducers,
  type TableAccess,
  t,
} from '@inner-universe/core'
import { historyCall } from './history-call.ts'
import { LocalWork } from './local-work.ts'
import { dropVersions } from './name-reducers.ts'
import { planDrops, planRetention, type RetentionPlan } from './retention-plan.ts'
import { completeContents } from './version-contents.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** Versions let go by one delta: it is one row each, and what hangs on it. */
const SLICE_VERSIONS = 200

/** `history:retain`. */
export function retainReducers(keeper: VersionKeeper): Reducers {
  return {
    [RETAIN_REDUCER]: defineReducer(
      { keepLast: t.int().min(0).optional(), keepNewerThanMs: t.int().min(0).optional() },
      ({ timestamp }, { keepLast, keepNewerThanMs }) => {
        const call = historyCall(keeper)
        const facts = {
          versions: keeper.rows.all(),
          contents: completeContents(keeper),
          held: heldVersions(keeper),
          nowMs: timestamp,
        }
        const { drops, waiting } = planRetention(facts, {
          keepLast: keepLast ?? undefined,
          keepNewerThanMs: keepNewerThanMs ?? undefined,
        })
        call.hasWritten = true
        new LocalWork(keeper).retire([...drops, ...waiting])
        keeper.isIdle = false
        return { versionCount: drops.length + waiting.length }
      },
    ),
  }
}

/**
 * Does some of what lets retired versions go, in a transaction of its own; false when nothing can be done.
 * Asked while no content is being written.
 */
export function retireSlice(keeper: VersionKeeper): boolean {
  const work = new LocalWork(keeper)
  const retired = work.retired()
  if (retired.length === 0) return false
  const versions = keeper.rows.all()
  const known = new Set(versions.map(({ id }) => id))
  const held = heldVersions(keeper)
  const unwanted = retired.filter((id) => known.has(id) && !held.has(id))
  if (unwanted.length < retired.length) {
    const wanted = retired.filter((id) => !unwanted.includes(id))
    keeper.wired.transactions.merge(() => work.settle(wanted))
    return true
  }
  const plan = planDrops({ versions, contents: completeContents(keeper) }, unwanted)
  const drops = plan.drops.slice(0, SLICE_VERSIONS)
  if (drops.length > 0) {
    asModule(keeper, 'history:retire', (context) => {
      dropVersions(keeper, context, drops)
      work.settle(drops)
    })
    return true
  }
  const writes = writesOf(keeper, plan)
  if (writes.length === 0) return false
  asModule(keeper, 'history:squash', (context) => {
    for (const { marker, version, basis } of writes) {
      const contents = context.db[HISTORY_TABLES.content] as unknown as Contents
      const { id } = contents.insert({ version, basis: basis?.version ?? null })
      keeper.markers.change(marker, {
        state: 'writing',
        content: id,
        basis: basis?.marker,
        digest: undefined,
        rowCount: 0,
        cursor: undefined,
      })
    }
  })
  return true
}

type Contents = TableAccess<{ readonly id: string }, Record<string, unknown>, never>

/** Those that can be written here: the state must be, and that of the basis before it. */
function writesOf({ markers, isMade }: VersionKeeper, { writes }: RetentionPlan) {
  return writes.flatMap(({ version, basis: name }) => {
    const own = isMade ? markers.of(version) : undefined
    if (own?.state !== 'ready') return []
    const basis = name === null ? undefined : markers.of(name)
    const isUsable = basis?.state === 'ready' && basis.marker < own.marker
    return [{ marker: own.marker, version, basis: isUsable ? basis : undefined }]
  })
}

/** Runs a function as a call of the module's own. */
export function asModule(
  { wired }: VersionKeeper,
  reducer: string,
  body: (context: ReducerContext) => void,
): void {
  const { transactions, runner, systemCall, parts } = wired
  const timestampMs = Math.floor(parts.now())
  const facts = systemCall({ reducer, timestampMs, sender: MODULE_SENDER, connectionId: null })
  const { outcomes } = transactions.commitOne(facts, (call) => {
    call.hasWritten = true
    return runner.runFunction(call, body)
  })
  const [outcome] = outcomes
  if (outcome?.ok === false) throw outcome.error
}

/** Versions that are never let go by a rule: heads, and those that have a name. */
function heldVersions({ rows }: VersionKeeper): ReadonlySet<string> {
  return new Set([...rows.heads(), ...rows.refs().map(({ version }) => version)])
}
