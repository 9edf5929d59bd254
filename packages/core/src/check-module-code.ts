/** What a module declares besides its tables: names, versions, reducers, views. */
import { HISTORY_REDUCERS } from './history-contract.ts'
import { HISTORY_TABLES } from './history-table-names.ts'
import type { Module } from './module.ts'
import { checkName, invalidModule } from './module-fault.ts'

/** How the store's own reducers begin: {@link APPEND_REDUCER}, {@link COMMIT_VERSION_REDUCER}. */
const OWN_REDUCERS = ['document:', HISTORY_REDUCERS]

/**
 * Refuses a module for what no file has of it: an engine looks at this at every opening, and at the tables
 * when a file is made to fit them.
 *
 * @throws UniverseError `module/invalid`.
 */
export function checkModuleCode(module: Module): void {
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
  checkHistory(module)
  checkViews(module)
  for (const reducer of Object.keys(reducers)) {
    const own = OWN_REDUCERS.find((prefix) => reducer.startsWith(prefix))
    if (own === undefined) continue
    invalidModule(`reducer "${reducer}": names in ${own} belong to the store`)
  }
  for (const [tableName, { definition }] of Object.entries(tables)) {
    const { schedule } = definition
    if (schedule !== undefined && reducers[schedule.reducer] === undefined) {
      invalidModule(
        `table "${tableName}" schedules reducer "${schedule.reducer}", which is not there`,
      )
    }
  }
}

/** [HI2] Tables of versions are there where they are wanted, and are the store's own. */
function checkHistory({ tables, versions }: Module): void {
  for (const name of Object.values(HISTORY_TABLES)) {
    const own = Object.hasOwn(tables, name) ? tables[name]?.definition.isHistory : undefined
    if (versions === true && own !== true) {
      invalidModule(`table "${name}" has the name of one that holds versions of the universe`)
    }
    if (versions !== true && own === true) {
      invalidModule(`table "${name}" holds versions, and the module does not declare \`versions\``)
    }
  }
}

/** Names of views; their queries are looked at by what keeps them, which has the builder. */
function checkViews({ tables, views }: Module): void {
  const taken = new Map(Object.keys(tables).map((name) => [name.toLowerCase(), name]))
  for (const name of Object.keys(views)) {
    checkName('view', name)
    if (/^sqlite_/i.test(name)) invalidModule(`view "${name}": names in sqlite_ belong to SQLite`)
    const other = taken.get(name.toLowerCase())
    if (other !== undefined) invalidModule(`view "${name}" and "${other}" are one name to SQL`)
    taken.set(name.toLowerCase(), name)
  }
}
