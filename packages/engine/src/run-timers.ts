/** Runs scheduled reducers that are due. STORAGE.md SC1–SC5. */
import { MODULE_SENDER } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Commit } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import {
  type DueTimer,
  firstTimer,
  forgetTimer,
  nextDueMs,
  putTimer,
  scheduleOf,
} from './schedule.ts'
import type { WriteScope } from './write-scope.ts'

/** Timers run by one `runDue`: what is left is due still, and calls get their turn in between. */
export const SCHEDULED_RUNS_MAX = 100

/** When the first timer is due. */
export function nextTimerMs(driver: Driver): number | undefined {
  const row = driver.prepare('SELECT min(due_ms) FROM _schedule').get()
  return (row?.[0] as number | null) ?? undefined
}

/** Runs timers due at a time, first due first, each in a transaction of its own. */
export function runDueTimers(engine: EngineParts, nowMs: number): readonly Commit[] {
  const { driver, reader } = engine.parts
  const commits: Commit[] = []
  while (commits.length < SCHEDULED_RUNS_MAX) {
    const timer = firstTimer(driver, reader.schema)
    if (timer === undefined || timer.dueMs > nowMs) break
    commits.push(runTimer(engine, timer, nowMs))
  }
  return commits
}

function runTimer(engine: EngineParts, timer: DueTimer, nowMs: number): Commit {
  const { parts, transactions, runner, systemCall } = engine
  const { table, id } = timer
  const reducer = table.definition.schedule?.reducer ?? ''
  const row = parts.reader.get(table, id)
  const facts = systemCall({
    reducer,
    timestampMs: Math.floor(nowMs),
    sender: MODULE_SENDER,
    connectionId: null,
  })
  return transactions.commitOne(
    facts,
    (call) => (row === undefined ? undefined : runner.run(call, reducer, row)),
    (scope) => settleTimer(engine, scope, timer, nowMs),
  )
}

/**
 * What becomes of a timer that has run, whether it failed or not: one-shot rows are deleted, interval
 * rows move on. A reducer may have changed or deleted its own timer: then that counts.
 */
function settleTimer(
  { parts }: EngineParts,
  scope: WriteScope,
  { table, id, dueMs }: DueTimer,
  nowMs: number,
): void {
  const { driver, reader } = parts
  const [due] = driver
    .prepare('SELECT due_ms FROM _schedule WHERE tbl = ?1 AND id = ?2')
    .get([table.name, id]) ?? [undefined]
  if (due !== dueMs) return
  const row = scope.rows.get(table, id)
  if (row === undefined) {
    forgetTimer(driver, table, id)
    return
  }
  const schedule = scheduleOf(table, reader.codecOf(table).decode(row.values))
  if ('everyMs' in schedule) {
    putTimer(driver, table, id, nextDueMs(dueMs, schedule.everyMs, nowMs))
    return
  }
  scope.rows.remove(table, row.n)
  scope.changes.note(table, id, row.values, undefined)
  forgetTimer(driver, table, id)
}
