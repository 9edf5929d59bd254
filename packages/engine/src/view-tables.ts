/** Where declared views are in the file, and how all of them are taken out of it. STORAGE.md VW2, VW7. */
import { type Module, type TableDefinition, UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { columnSql, compileTable, quoteName, type TableSchema } from './schema.ts'

/** What all names begin with of what views keep in a file. No table of a module has such a name. */
const PREFIX = '_v'

/** The table that lists views (views/STORES.md VS7). */
const LIST = '_view'

/** What names of tables with rows of views begin with. */
export const VIEW_ROWS_PREFIX = '_vrows_'

/** A view as a table that can be read. */
export function compileView(name: string, definition: TableDefinition): TableSchema {
  return compileTable(name, definition, `${VIEW_ROWS_PREFIX}${name}`)
}

/** Statements that make the table of a view's rows, and the SQL view of its name without made-up keys. */
export function viewStatements(view: TableSchema): readonly string[] {
  const columns = view.columns.map(columnSql).join(', ')
  const shown = view.columns.map(({ name }) => name).filter((name) => !name.startsWith('_'))
  const list = shown.length === 0 ? 'NULL' : shown.map(quoteName).join(', ')
  return [
    `CREATE TABLE ${view.rowsSql} (_n INTEGER PRIMARY KEY, ${columns})`,
    `CREATE VIEW ${quoteName(view.name)} AS SELECT ${list} FROM ${view.rowsSql}`,
  ]
}

/** @throws UniverseError `views/not-configured` when the module declares views. */
export function assertNoViews({ name, views }: Module): void {
  const [view] = Object.keys(views)
  if (view === undefined) return
  throw new UniverseError(
    'views/not-configured',
    `module "${name}" declares view "${view}", and the engine was opened without \`views\`, which keeps them`,
    { details: { view } },
  )
}

/**
 * Takes all views out of a file, in the open transaction: nobody would keep them up to date. Cost where
 * there are none: one look into the schema.
 */
export function removeViews(driver: Driver): void {
  const isThere = driver.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?1').get([LIST])
  if (isThere === undefined) return
  for (const [view] of driver.prepare(`SELECT name FROM ${LIST}`).all()) {
    driver.exec(`DROP VIEW IF EXISTS ${quoteName(view as string)}`)
  }
  const left = driver
    .prepare(
      `SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'table') AND sql IS NOT NULL
        AND substr(name, 1, ${PREFIX.length}) = ?1 ORDER BY type`,
    )
    .all([PREFIX])
  for (const [type, name] of left) {
    driver.exec(`DROP ${type} IF EXISTS ${quoteName(name as string)}`)
  }
}
