/** What a module must be for the store to keep it. */
import { checkModuleCode } from './check-module-code.ts'
import { checkTables } from './check-table.ts'
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
  const definitions = Object.entries(module.tables).map(
    ([name, { definition }]) => [name, definition] as const,
  )
  checkTables(Object.fromEntries(definitions))
  checkModuleCode(module)
}
