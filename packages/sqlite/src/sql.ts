import { UniverseError } from '@inner-universe/core'
import type { Driver } from './driver.ts'

/** A name as an SQL identifier, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Opcodes that put a cursor on the b-tree of a table or index; P2 is its root page, P3 its file. */
const OPENING_OPCODES: ReadonlySet<unknown> = new Set(['OpenRead', 'ReopenIdx', 'OpenWrite'])

/**
 * The names of the tables that a query reads, as the schema spells them: views expanded, a covering
 * index counted as its table, a shadow table as its virtual table.
 *
 * Read off the bytecode (`EXPLAIN`), so what the planner proves it will not read is not named:
 * the result is exactly what a live query must be run again for. Built-in table functions
 * (`json_each`) are not named; reading the schema is named `sqlite_schema`.
 * Cost: two compilations and one scan of the schema; nothing is executed.
 *
 * @throws UniverseError `sql/not-read-only` when the statement is no query, `sql/invalid` when it
 * does not compile.
 */
export function tablesRead(driver: Driver, sql: string): ReadonlySet<string> {
  if (!driver.prepare(sql).isReadOnly) {
    throw new UniverseError('sql/not-read-only', 'only a query can be asked what it reads', {
      details: { sql },
    })
  }
  const cursors = openedCursors(driver, sql)
  if (cursors.size === 0) return new Set()

  const tables = new Set<string>()
  const virtualTables: string[] = []
  for (const [file, schema] of [
    [0, 'sqlite_schema'],
    [1, 'sqlite_temp_schema'],
  ] as const) {
    if (cursors.has(`${file}:1`)) tables.add(schema)
    const entries = driver.prepare(
      `SELECT tbl_name, rootpage, type FROM ${schema} WHERE type IN ('table', 'index')`,
    )
    for (const [name, rootPage, type] of entries.all()) {
      if (cursors.has(`${file}:${rootPage}`)) tables.add(String(name))
      if (type === 'table' && rootPage === 0) virtualTables.push(String(name))
    }
  }
  for (const name of virtualTables) {
    // An opened virtual table is shown by its address only: ask each one for its own.
    for (const cursor of openedCursors(driver, `SELECT 1 FROM ${quoteIdentifier(name)}`)) {
      if (cursor.startsWith('vtab:') && cursors.has(cursor)) tables.add(name)
    }
  }
  return withoutShadows(tables, virtualTables)
}

/** What a query opens: `file:rootPage` for b-trees, `vtab:address` for virtual tables. */
function openedCursors(driver: Driver, sql: string): ReadonlySet<string> {
  const cursors = new Set<string>()
  for (const [, opcode, , rootPage, file, operand] of driver.prepare(`EXPLAIN ${sql}`).all()) {
    if (OPENING_OPCODES.has(opcode)) cursors.add(`${file}:${rootPage}`)
    else if (opcode === 'VOpen') cursors.add(String(operand))
  }
  return cursors
}

/** Replaces the shadow tables among `tables` by the virtual table that keeps its data in them. */
function withoutShadows(
  tables: ReadonlySet<string>,
  virtualTables: readonly string[],
): ReadonlySet<string> {
  // The longest name first: `note_text` owns `note_text_data`, though `note` is virtual too.
  const owners = virtualTables.toSorted((a, b) => b.length - a.length)
  const suffixes = /^_(data|idx|content|docsize|config)$/
  return new Set(
    [...tables].map(
      (table) =>
        owners.find(
          (owner) => table.startsWith(owner) && suffixes.test(table.slice(owner.length)),
        ) ?? table,
    ),
  )
}
