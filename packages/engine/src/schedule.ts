/**
 * Timers: rows of tables declared with `.schedule()`, and when they are due. STORAGE.md SC1–SC5.
 *
 * `_schedule` holds one due time per timer row, written in the transaction that writes the row.
 */
import type { Row, Schedule } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { CallScope } from './call-scope.ts'
import { invalidValue } from './row-codec.ts'
import { type Schema, type TableSchema, tableOf } from './schema.ts'

/** Shortest interval of a timer, ms: a shorter one would starve the calls. */
export const INTERVAL_MS_MIN = 10

/** One timer that is due. */
export interface DueTimer {
  readonly table: TableSchema
  readonly id: string
  readonly dueMs: number
}

/** Notes that a timer row was written; without a row, that it is gone. */
export function noteSchedule(
  call: CallScope,
  table: TableSchema,
  id: string,
  row: Row | undefined,
): void {
  const { driver } = call.scope
  if (row === undefined) {
    forgetTimer(driver, table, id)
    return
  }
  const schedule = scheduleOf(table, row)
  const dueMs = 'atMs' in schedule ? schedule.atMs : call.facts.timestampMs + schedule.everyMs
  putTimer(driver, table, id, dueMs)
}

/** The schedule in a timer row. @throws UniverseError `table/invalid-value` when it is none. */
export function scheduleOf(table: TableSchema, row: Row): Schedule {
  const name = table.definition.schedule?.column ?? ''
  const schedule = row[name] as { readonly atMs?: unknown; readonly everyMs?: unknown } | null
  if (isTime(schedule?.atMs)) return { atMs: schedule.atMs }
  if (isTime(schedule?.everyMs) && schedule.everyMs >= INTERVAL_MS_MIN) {
    return { everyMs: schedule.everyMs }
  }
  throw invalidValue(
    table,
    table.columnsByName.get(name),
    `expected { atMs } or { everyMs } of at least ${INTERVAL_MS_MIN}`,
  )
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

/**
 * When an interval timer that was due is due next: at the first multiple after now. Times that
 * passed meanwhile (the device slept) are not made up for.
 */
export function nextDueMs(dueMs: number, everyMs: number, nowMs: number): number {
  return dueMs + everyMs * Math.max(1, Math.floor((nowMs - dueMs) / everyMs) + 1)
}

/** Sets when a timer is due. */
export function putTimer(driver: Driver, table: TableSchema, id: string, dueMs: number): void {
  driver
    .prepare('INSERT OR REPLACE INTO _schedule (tbl, id, due_ms) VALUES (?1, ?2, ?3)')
    .run([table.name, id, Math.ceil(dueMs)])
}

/** Forgets a timer. */
export function forgetTimer(driver: Driver, table: TableSchema, id: string): void {
  driver.prepare('DELETE FROM _schedule WHERE tbl = ?1 AND id = ?2').run([table.name, id])
}

/** The timer due first. */
export function firstTimer(driver: Driver, schema: Schema): DueTimer | undefined {
  const row = driver
    .prepare('SELECT tbl, id, due_ms FROM _schedule ORDER BY due_ms, tbl, id LIMIT 1')
    .get()
  if (row === undefined) return undefined
  const [table, id, dueMs] = row as [string, string, number]
  return { table: tableOf(schema, table), id, dueMs }
}
