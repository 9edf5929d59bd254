/** Makes a failing plan smaller: fewer actions, faults and replicas, while it still fails. */
import type { Action, Plan, Settings } from './plan.ts'

/** Says whether a plan still fails in the way that matters. */
export type Fails = (plan: Plan) => Promise<boolean>

/**
 * The smallest failing plan found within `runsMax` runs. It fails whenever the given one does.
 *
 * Cost: one run per attempt.
 */
export async function shrinkPlan(plan: Plan, fails: Fails, runsMax: number): Promise<Plan> {
  let smallest = plan
  let runsLeft = runsMax
  const attempt = async (smaller: Plan): Promise<boolean> => {
    if (runsLeft <= 0) return false
    runsLeft -= 1
    if (!(await fails(smaller))) return false
    smallest = smaller
    return true
  }
  for (let before: Plan | undefined; before !== smallest && runsLeft > 0; ) {
    before = smallest
    await withoutActions(() => smallest, attempt)
    await withSimplerCalls(() => smallest, attempt)
    for (const settings of simplerSettings(smallest.settings)) {
      await attempt({ ...smallest, settings })
    }
  }
  return smallest
}

type Attempt = (smaller: Plan) => Promise<boolean>

/** Leaves out half of the actions, then quarters, down to single ones (delta debugging). */
async function withoutActions(current: () => Plan, attempt: Attempt): Promise<void> {
  for (let size = Math.ceil(current().actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < current().actions.length; ) {
      const { actions } = current()
      const rest = [...actions.slice(0, start), ...actions.slice(start + size)]
      if (!(await attempt({ ...current(), actions: rest }))) start += size
    }
  }
}

/** Leaves out calls of a group, and steps of a call. */
async function withSimplerCalls(current: () => Plan, attempt: Attempt): Promise<void> {
  for (let at = 0; at < current().actions.length; at++) {
    for (let isSmaller = true; isSmaller; ) {
      isSmaller = false
      const action = current().actions[at]
      if (action?.kind !== 'call') break
      for (const simpler of simplerCalls(action)) {
        if (await attempt({ ...current(), actions: current().actions.with(at, simpler) })) {
          isSmaller = true
          break
        }
      }
    }
  }
}

function* simplerCalls(action: Extract<Action, { kind: 'call' }>): Iterable<Action> {
  const { calls } = action
  if (calls.length > 1) {
    for (let index = 0; index < calls.length; index++) {
      yield { ...action, calls: calls.toSpliced(index, 1) }
    }
  }
  for (const [index, call] of calls.entries()) {
    const steps = call.args.steps as readonly unknown[] | undefined
    for (let step = 0; step < (steps?.length ?? 0); step++) {
      const args = { ...call.args, steps: steps?.toSpliced(step, 1) }
      yield { ...action, calls: calls.with(index, { ...call, args }) }
    }
  }
}

function simplerSettings(settings: Settings): readonly Settings[] {
  const { replicas } = settings
  const simpler: Settings[] = []
  if (replicas.length > 1) simpler.push({ ...settings, replicas: replicas.slice(0, -1) })
  if (settings.compaction !== undefined) simpler.push({ ...settings, compaction: undefined })
  for (const [index, replica] of replicas.entries()) {
    const plain = { schemaVersion: 2, skewMs: 0, isLimited: false, startsAtMs: 0 } as const
    for (const key of Object.keys(plain) as (keyof typeof plain)[]) {
      if (replica[key] === plain[key]) continue
      simpler.push({
        ...settings,
        replicas: replicas.with(index, { ...replica, [key]: plain[key] }),
      })
    }
  }
  if (settings.storageMsMax > 0) simpler.push({ ...settings, storageMsMax: 0 })
  if (settings.fsyncMsMax > 2) simpler.push({ ...settings, fsyncMsMax: 2 })
  return simpler
}
