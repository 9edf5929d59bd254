/**
 * What is still to be done for versions and is this file's own affair: two tables that are made when first
 * needed. Both are worked off in idle time (`filling.ts`). HISTORY.md HI57, HI62.
 */
import type { Driver } from '@inner-universe/sqlite'
import type { ExportRecord } from './export-codec.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** A chunk to be written. */
export type StagedChunk = Omit<Extract<ExportRecord, { readonly kind: 'chunk' }>, 'kind'>

const RETIRED = '_history_retired'
const STAGED = '_history_staged'

const STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${RETIRED} (version TEXT PRIMARY KEY) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS ${STAGED} (n INTEGER PRIMARY KEY, id TEXT NOT NULL, content TEXT NOT NULL,
    ordinal INTEGER NOT NULL, rows BLOB NOT NULL, seal TEXT)`,
]

/** The two tables of one file. Writes need an open transaction. */
export class LocalWork {
  readonly #driver: Driver

  constructor({ parts: { driver } }: VersionKeeper) {
    this.#driver = driver
  }

  /** Versions that are to go as soon as nothing needs them. */
  retired(): string[] {
    if (!this.#isMade()) return []
    const all = this.#driver.prepare(`SELECT version FROM ${RETIRED} ORDER BY version`).all()
    return all.map(([version]) => version as string)
  }

  retire(versions: Iterable<string>): void {
    this.#make()
    const insert = this.#driver.prepare(`INSERT OR IGNORE INTO ${RETIRED} VALUES (?1)`)
    for (const version of versions) insert.run([version])
  }

  /** They have gone, or stay after all. */
  settle(versions: Iterable<string>): void {
    const remove = this.#driver.prepare(`DELETE FROM ${RETIRED} WHERE version = ?1`)
    for (const version of versions) remove.run([version])
  }

  stage({ id, content, ordinal, rows, seal }: StagedChunk): void {
    this.#make()
    this.#driver
      .prepare(
        `INSERT INTO ${STAGED} (id, content, ordinal, rows, seal) VALUES (?1, ?2, ?3, ?4, ?5)`,
      )
      .run([id, content, ordinal, rows, seal])
  }

  /** Takes the chunk out that was staged first. */
  unstage(): StagedChunk | undefined {
    if (!this.#isMade()) return undefined
    const first = this.#driver
      .prepare(`SELECT n, id, content, ordinal, rows, seal FROM ${STAGED} ORDER BY n LIMIT 1`)
      .get()
    if (first === undefined) return undefined
    const [n = null, id, content, ordinal, rows, seal] = first
    this.#driver.prepare(`DELETE FROM ${STAGED} WHERE n = ?1`).run([n])
    return {
      id: id as string,
      content: content as string,
      ordinal: ordinal as number,
      rows: rows as Uint8Array,
      seal: seal as string | null,
    }
  }

  hasStaged(): boolean {
    return (
      this.#isMade() && this.#driver.prepare(`SELECT 1 FROM ${STAGED} LIMIT 1`).get() !== undefined
    )
  }

  #isMade(): boolean {
    const statement = this.#driver.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?1')
    return statement.get([STAGED]) !== undefined
  }

  #make(): void {
    for (const sql of STATEMENTS) this.#driver.exec(sql)
  }
}
