/** Plans as people read them. */
import type { Action, Plan } from './plan.ts'

/** One line per setting that matters and per action, in order of time. */
export function describePlan(plan: Plan): string {
  const { settings } = plan
  const replicas = settings.replicas.map((replica, index) => {
    const parts = [`schema ${replica.schemaVersion}`]
    if (replica.skewMs !== 0) parts.push(`clock ${replica.skewMs} ms`)
    if (replica.isLimited) parts.push('limited')
    if (replica.startsAtMs > 0) parts.push(`starts at ${replica.startsAtMs} ms`)
    return `  replica ${index}: ${parts.join(', ')}`
  })
  const relay = `  relay: fsync ≤ ${settings.fsyncMsMax} ms, storage ≤ ${settings.storageMsMax} ms${
    settings.compaction === undefined ? '' : `, compaction ${JSON.stringify(settings.compaction)}`
  }`
  return [...replicas, relay, ...plan.actions.map(describeAction)].join('\n')
}

function describeAction(action: Action): string {
  const at = `  ${String(action.atMs).padStart(7)} ms `
  if (action.kind === 'call') {
    const calls = action.calls.map(({ reducer, args }) => `${reducer}(${JSON.stringify(args)})`)
    return `${at}replica ${action.replica} calls ${calls.join(' + ')}`
  }
  const { kind, atMs: _, ...rest } = action
  return `${at}${kind} ${JSON.stringify(rest)}`
}
