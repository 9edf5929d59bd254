/** What a module must be for the store to keep it. */
import { checkName, checkTables, invalidModule } from './check-table.ts'
import type { Module } from './module.ts'

/**
 * Refuses a module that contradicts itself. Called wherever a universe is opened, before its file is
 * looked at. Cost: once per open, a few microseconds per column.
 *
 * @throws UniverseError `module/invalid` for bad names, no or several primary keys, references,
 * indexes, searches or schedules of what is not there, and all else that the store could not keep
 * (`check-table.ts`).
 */
export function checkModule(module: Module): void {
  const { name, version, tables, reducers } = module
  checkName('module', name)
  if (!Number.isSafeInteger(version) || version < 1) {
    invalidModule(`module "${name}" has version ${version}; give it a whole number from 1`)
  }
  for (const bound of ['minReader', 'minWriter'] as const) {
    const least = module[bound]
    if (Number.isSafeInteger(least) && least >= 1 && least <= version) continue
    invalidModule(
      `module "${name}" has ${bound} ${least}; give it a whole number from 1 to ${version}`,
    )
  }
  const definitions = Object.entries(tables).map(
    ([tableName, { definition }]) => [tableName, definition] as const,
  )
  checkTables(Object.fromEntries(definitions))
  for (const [tableName, { schedule }] of definitions) {
    if (schedule !== undefined && reducers[schedule.reducer] === undefined) {
      invalidModule(
        `table "${tableName}" schedules reducer "${schedule.reducer}", which is not there`,
      )
    }
  }
}
