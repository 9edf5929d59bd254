/** Where declared views are in the file, and how all of them are taken out of it. STORAGE.md VW2, VW7. */
import { type Module, UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { quoteName } from './schema.ts'

/** The table that tells of each view what it was built from. Made with the first view. */
export const VIEWS_TABLE = '_views'

/** What names of tables with rows and state of views begin with. No table of a module has such a name. */
export const VIEW_PREFIX = '_view_'

/** What names of indexes begin with that views have asked for, on tables of the module. */
export const VIEW_INDEX_PREFIX = '_view_ix_'

/** Name of the table of a view's rows. */
export function viewTable(view: string): string {
  return `${VIEW_PREFIX}${view}`
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
  const isThere = driver.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?1').get([VIEWS_TABLE])
  if (isThere === undefined) return
  for (const [view] of driver.prepare(`SELECT name FROM ${VIEWS_TABLE}`).all()) {
    driver.exec(`DROP VIEW IF EXISTS ${quoteName(view as string)}`)
  }
  const left = driver
    .prepare(
      `SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'table') AND sql IS NOT NULL
        AND (name = ?1 OR substr(name, 1, ${VIEW_PREFIX.length}) = ?2) ORDER BY type`,
    )
    .all([VIEWS_TABLE, VIEW_PREFIX])
  for (const [type, name] of left) {
    driver.exec(`DROP ${type} IF EXISTS ${quoteName(name as string)}`)
  }
}
