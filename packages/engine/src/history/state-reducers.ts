/** The reducers that write states: reverting, merging, and what drafts become. HISTORY.md HI32–HI48. */
import {
  BRANCH_REDUCER,
  type DraftCall,
  defineReducer,
  HISTORY_DESCRIPTION_CHARS_MAX,
  HISTORY_NAME_CHARS_MAX,
  MERGE_REDUCER,
  MERGE_VERSIONS_REDUCER,
  REVERT_REDUCER,
  type ReducerContext,
  type Reducers,
  t,
  UniverseError,
} from '@inner-universe/core'
import { writeDerived } from './derived-version.ts'
import { checkDraftCalls } from './draft-call.ts'
import { evaluateDraft } from './evaluate.ts'
import { historyCall, refsIn, rowsBetween, toldOf } from './history-call.ts'
import { mergeInputs } from './merge-inputs.ts'
import { type MergeConflict, mergeStates } from './merge-states.ts'
import { withPlain } from './plain-argument.ts'
import { VersionGraph } from './version-graph.ts'
import type { VersionKeeper } from './version-keeper.ts'
import { type StateSkipped, writeTargets } from './write-state.ts'

const DESCRIPTION = t.text().max(HISTORY_DESCRIPTION_CHARS_MAX)
const BRANCH = t.text().min(1).max(HISTORY_NAME_CHARS_MAX)

/** `history:revert`, `history:merge`, `history:merge-versions`, `history:branch`. */
export function stateReducers(keeper: VersionKeeper): Reducers {
  return {
    [REVERT_REDUCER]: defineReducer({ version: t.text() }, (_, { version }) =>
      revert(keeper, version),
    ),
    [MERGE_REDUCER]: defineReducer(
      { from: t.text(), description: DESCRIPTION },
      (context, { from, description }) => merge(keeper, context, from, description),
    ),
    [MERGE_VERSIONS_REDUCER]: defineReducer(
      { a: t.text(), b: t.text(), description: DESCRIPTION, branch: BRANCH.optional() },
      (context, { branch: name = null, ...args }) =>
        mergeVersions(keeper, context, { ...args, branch: name }),
    ),
    [BRANCH_REDUCER]: defineReducer(
      withPlain(
        { branch: BRANCH, from: t.text(), description: DESCRIPTION },
        'calls',
        checkDraftCalls,
      ),
      (context, args) => branch(keeper, context, args),
    ),
  }
}

/** [HI32] Documents are left as they are: they have an undo of their own. */
function revert(keeper: VersionKeeper, version: string): unknown {
  const call = historyCall(keeper)
  const { marker } = keeper.markerOf(version)
  const targets = rowsBetween(keeper, undefined, marker, { isWhole: false })
  const { rowCount, skipped } = writeTargets(call, targets)
  return { rowCount, ...skippedOf(skipped) }
}

/** [HI42] */
function merge(
  keeper: VersionKeeper,
  context: ReducerContext,
  from: string,
  description: string,
): unknown {
  const call = historyCall(keeper)
  const { marker } = keeper.markerOf(from)
  const graph = new VersionGraph(keeper.rows.all())
  const heads = keeper.rows.heads()
  if (graph.withAncestors(heads).has(from)) {
    return { version: null, rowCount: 0, ...conflictsOf([]), ...skippedOf([]) }
  }
  const base = graph.nearestCommon(heads, [from])
  const later = heads.every((head) => graph.later(head, from) === from) ? 'b' : 'a'
  const inputs = mergeInputs(keeper, {
    base: base === undefined ? null : keeper.markerOf(base).marker,
    a: undefined,
    b: marker,
  })
  const { rows, conflicts } = mergeStates(inputs, later)
  const { rowCount, skipped } = writeTargets(call, rows)
  const version = keeper.namePresent(context, { description, parents: [...heads, from] })
  return { version, rowCount, ...conflictsOf(conflicts), ...skippedOf(skipped) }
}

interface MergeVersions {
  readonly a: string
  readonly b: string
  readonly description: string
  readonly branch: string | null
}

/** [HI43] */
function mergeVersions(
  keeper: VersionKeeper,
  context: ReducerContext,
  { a, b, description, branch: name }: MergeVersions,
): unknown {
  historyCall(keeper)
  if (name !== null) refuseMoved(context, name, [a, b])
  const [left, right] = [keeper.markerOf(a).marker, keeper.markerOf(b).marker]
  const graph = new VersionGraph(keeper.rows.all())
  const base = graph.nearestCommon([a], [b])
  const inputs = mergeInputs(keeper, {
    base: base === undefined ? null : keeper.markerOf(base).marker,
    a: left,
    b: right,
  })
  const { rows, conflicts } = mergeStates(inputs, graph.later(a, b) === a ? 'a' : 'b')
  const draft = { version: a, rows, calls: [], sender: context.sender }
  const { differences, skipped } = evaluateDraft(keeper, draft, (evaluated) => ({
    differences: evaluated.differences(),
    skipped: evaluated.skipped,
  }))
  const version = writeDerived(keeper, context, {
    parents: [a, b],
    branch: name ?? '',
    description,
    basis: a,
    differences,
  })
  if (name !== null) refsIn(context).upsert({ id: `branch:${name}`, version })
  const rowCount = differences.length
  return { version, rowCount, ...conflictsOf(conflicts), ...skippedOf(skipped) }
}

interface Branch {
  readonly branch: string
  readonly from: string
  readonly calls: readonly DraftCall[]
  readonly description: string
}

/** [HI48] */
function branch(
  keeper: VersionKeeper,
  context: ReducerContext,
  { branch: name, from, calls, description }: Branch,
): unknown {
  historyCall(keeper)
  keeper.markerOf(from)
  refuseMoved(context, name, [from])
  const draft = { version: from, calls, sender: context.sender }
  const { differences, results } = evaluateDraft(keeper, draft, (evaluated) => ({
    differences: evaluated.differences(),
    results: evaluated.results,
  }))
  const version = writeDerived(keeper, context, {
    parents: [from],
    branch: name,
    description,
    basis: from,
    differences,
  })
  refsIn(context).upsert({ id: `branch:${name}`, version })
  return { version, rowCount: differences.length, results }
}

function refuseMoved(context: ReducerContext, name: string, from: readonly string[]): void {
  const head = refsIn(context).get(`branch:${name}`)?.version
  if (head === undefined || from.includes(head)) return
  throw new UniverseError(
    'history/branch-moved',
    `branch "${name}" is at version "${head}" by now; begin anew from there, or merge`,
    { details: { branch: name, version: head } },
  )
}

function skippedOf(all: readonly StateSkipped[]): object {
  const { told: skipped, count: skippedCount } = toldOf(all)
  return { skipped, skippedCount }
}

function conflictsOf(all: readonly MergeConflict[]): object {
  const { told: conflicts, count: conflictCount } = toldOf(all)
  return { conflicts, conflictCount }
}
