/** Names, drafts, merges, reverts to and drops versions at a replica. engine/HISTORY.md. */
import {
  BRANCH_REDUCER,
  COMMIT_VERSION_REDUCER,
  DROP_REDUCER,
  type DraftCall,
  MERGE_REDUCER,
  RETAIN_REDUCER,
  REVERT_REDUCER,
} from '@inner-universe/core'
import type { CallOutcome, Engine } from '@inner-universe/engine'
import type { Action } from './plan.ts'
import type { SimReplica } from './sim-replica.ts'
import { stateDifference, stateOf, type VersionLedger } from './version-ledger.ts'
import type { Watch } from './watch.ts'

/** What one of them needs. */
export interface VersionScene {
  readonly replica: SimReplica
  readonly engine: Engine
  readonly ledger: VersionLedger
  readonly watch: Watch
}

type Of<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>

/** Names the present; calls of the same group come first, as whoever groups calls sees to. */
export function nameVersion(
  { replica, engine, ledger, watch }: VersionScene,
  { steps, atMs }: Of<'name-version'>,
): void {
  const description = `at ${atMs} ms`
  const calls = steps.length === 0 ? [] : [{ reducer: 'sketch', args: { steps } }]
  const name = { reducer: COMMIT_VERSION_REDUCER, args: { description } }
  const outcome = replica.commit([...calls, name]).at(-1)
  const version = versionOf(replica, outcome, COMMIT_VERSION_REDUCER, watch)
  if (version !== undefined) ledger.seen.set(version, stateOf(engine, engine))
}

/** Makes a version by calls on top of a branch, or of the present's last one. The present stays as it is. */
export function draft(
  { replica, engine, watch }: VersionScene,
  { branch, calls, atMs }: Of<'draft'>,
): void {
  const from = headOf(engine, branch) ?? lastOf(engine)
  if (from === undefined) return
  const before = engine.history.digest(null)
  const drafted = calls.map(
    ({ reducer, args }, index): DraftCall => ({
      ...{ reducer, args },
      seed: `${replica.name} ${atMs} ${index}`,
      timestampMs: replica.clock.now(),
    }),
  )
  const args = { branch, from, calls: drafted, description: `draft at ${atMs} ms` }
  const [outcome] = replica.commit([{ reducer: BRANCH_REDUCER, args }])
  versionOf(replica, outcome, BRANCH_REDUCER, watch)
  if (engine.history.digest(null) !== before) {
    watch.fail('versions', `${replica.name}: a draft on ${branch} changed the present`)
  }
}

/** Brings a branch into the present. */
export function mergeBranch(
  { replica, engine, ledger, watch }: VersionScene,
  { branch, atMs }: Of<'merge-branch'>,
): void {
  const from = headOf(engine, branch)
  if (from === undefined) return
  const args = { from, description: `merged at ${atMs} ms` }
  const [outcome] = replica.commit([{ reducer: MERGE_REDUCER, args }])
  const version = versionOf(replica, outcome, MERGE_REDUCER, watch)
  if (version !== undefined) ledger.seen.set(version, stateOf(engine, engine))
}

/** Makes the present what a version was: all but documents, and what is told to be left out. */
export function revert({ replica, engine, watch }: VersionScene, { pick }: Of<'revert'>): void {
  const version = readable(engine, pick)
  if (version === undefined) return
  const [outcome] = replica.commit([{ reducer: REVERT_REDUCER, args: { version } }])
  note(replica, outcome, REVERT_REDUCER, watch)
  if (outcome?.ok !== true) return
  const { skippedCount } = outcome.value as { readonly skippedCount: number }
  if (skippedCount > 0) {
    watch.count('revert with skips')
    return
  }
  const [was, is] = [stateOf(engine.history.past(version), engine), stateOf(engine, engine)]
  const scalar = (state: typeof is) =>
    new Map([...state].filter(([table]) => !engine.definitions[table]?.documentsOf))
  const difference = stateDifference(scalar(was), scalar(is))
  if (difference !== undefined) {
    watch.fail('versions', `${replica.name} went back to ${version} and has ${difference}`)
  }
}

/** Lets a version go, or all but the last few. */
export function dropVersions(
  { replica, engine, watch }: VersionScene,
  { pick, keepLast }: Of<'drop-versions'>,
): void {
  const all = engine.history.versions()
  const one = all[pick % Math.max(1, all.length)]?.id
  if (one === undefined) return
  const [reducer, args] =
    keepLast === undefined ? [DROP_REDUCER, { versions: [one] }] : [RETAIN_REDUCER, { keepLast }]
  const [outcome] = replica.commit([{ reducer, args }])
  note(replica, outcome, reducer, watch)
}

/** The id of the version that a call made; it is a mark of the call. */
function versionOf(
  replica: SimReplica,
  outcome: CallOutcome | undefined,
  reducer: string,
  watch: Watch,
): string | undefined {
  note(replica, outcome, reducer, watch)
  if (outcome?.ok !== true) return undefined
  const { version } = outcome.value as { readonly version: string | null }
  if (version === null) return undefined
  replica.memory.committed(version, outcome.delta, false)
  return version
}

function note(
  { name }: SimReplica,
  outcome: CallOutcome | undefined,
  reducer: string,
  watch: Watch,
): void {
  if (outcome === undefined) return
  const said = outcome.ok ? JSON.stringify(outcome.value) : outcome.error.message
  watch.trace(() => `${name} ${reducer}: ${said}`)
  watch.count(outcome.ok ? reducer : `refused call ${reducer} ${outcome.error.code}`)
}

function headOf({ history }: Engine, branch: string): string | undefined {
  const head = history.refs().find(({ kind, name }) => kind === 'branch' && name === branch)
  const isReadable = history
    .versions()
    .some(({ id, state }) => id === head?.version && (state === 'ready' || state === 'writing'))
  return isReadable ? head?.version : undefined
}

function lastOf({ history }: Engine): string | undefined {
  return history
    .versions()
    .findLast(({ branch, state }) => branch === null && state !== 'arriving' && state !== 'damaged')
    ?.id
}

function readable({ history }: Engine, pick: number): string | undefined {
  const all = history.versions().filter(({ state }) => state === 'ready' || state === 'writing')
  return all[pick % Math.max(1, all.length)]?.id
}
