/** The rows of the hidden tables of versions, read. HISTORY.md HI2. */
import { HISTORY_TABLES } from '@inner-universe/core'
import type { Driver, SqlRow } from '@inner-universe/sqlite'
import type { VersionRef } from '../history-contract.ts'
import { quoteName, rowsTable } from '../schema.ts'

/** A row of `history_version`. */
export interface VersionRow {
  readonly id: string
  readonly parents: readonly string[]
  readonly branch: string | null
  readonly description: string
  readonly author: string
  readonly createdMs: number
  readonly cut: string
}

/** A row of `history_content`. */
export interface ContentHead {
  readonly id: string
  readonly version: string
  /** Null: nothing. */
  readonly basis: string | null
}

/** A row of `history_chunk`. */
export interface ChunkRow {
  readonly rows: Uint8Array
  readonly seal: string | null
}

const VERSION = quoteName(rowsTable(HISTORY_TABLES.version))
const CONTENT = quoteName(rowsTable(HISTORY_TABLES.content))
const CHUNK = quoteName(rowsTable(HISTORY_TABLES.chunk))
const REF = quoteName(rowsTable(HISTORY_TABLES.ref))

const VERSION_COLUMNS = 'id, parents, branch, description, author, created, cut'

/** Reads what synced rows tell of versions. */
export class VersionRows {
  readonly #driver: Driver

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Oldest first, by time and id. */
  all(): VersionRow[] {
    const sql = `SELECT ${VERSION_COLUMNS} FROM ${VERSION} ORDER BY created, id`
    return this.#driver.prepare(sql).all().map(versionOf)
  }

  get(id: string): VersionRow | undefined {
    const sql = `SELECT ${VERSION_COLUMNS} FROM ${VERSION} WHERE id = ?1`
    const row = this.#driver.prepare(sql).get([id])
    return row && versionOf(row)
  }

  /** Versions of the universe itself that no other such version has for a parent, by id. */
  heads(): string[] {
    const own = this.#driver.prepare(`SELECT id, parents FROM ${VERSION} WHERE branch IS NULL`)
    const heads = new Set<string>()
    const parents = new Set<string>()
    for (const [id, list] of own.all()) {
      heads.add(id as string)
      for (const parent of JSON.parse(list as string) as string[]) parents.add(parent)
    }
    return [...heads].filter((id) => !parents.has(id)).sort()
  }

  /** Versions without a content that is whole by itself, or the difference to a version that is here. */
  withoutBasis(): VersionRow[] {
    const sql = `SELECT ${VERSION_COLUMNS} FROM ${VERSION} AS version WHERE NOT EXISTS (
        SELECT 1 FROM ${CONTENT} AS content WHERE content.version = version.id AND
          (basis IS NULL OR EXISTS (SELECT 1 FROM ${VERSION} AS other WHERE other.id = basis)))`
    return this.#driver.prepare(sql).all().map(versionOf)
  }

  /** Contents of a version, oldest first. */
  contentsOf(version: string): ContentHead[] {
    const sql = `SELECT id, version, basis FROM ${CONTENT} WHERE version = ?1 ORDER BY id`
    return this.#driver.prepare(sql).all([version]).map(contentOf)
  }

  /** Whether all chunks of a content are here. */
  isComplete(content: string): boolean {
    const sealed = `SELECT ordinal FROM ${CHUNK} WHERE content = ?1 AND seal IS NOT NULL LIMIT 1`
    const last = this.#driver.prepare(sealed).get([content])?.[0]
    if (last === undefined) return false
    const counted = `SELECT count(*) FROM ${CHUNK} WHERE content = ?1 AND ordinal BETWEEN 0 AND ?2`
    const [count] = this.#driver.prepare(counted).get([content, last]) ?? []
    return count === (last as number) + 1
  }

  chunk(content: string, ordinal: number): ChunkRow | undefined {
    const found = this.#driver
      .prepare(`SELECT rows, seal FROM ${CHUNK} WHERE content = ?1 AND ordinal = ?2`)
      .get([content, ordinal])
    if (found === undefined) return undefined
    return { rows: found[0] as Uint8Array, seal: found[1] as string | null }
  }

  /** By kind and name. */
  refs(): VersionRef[] {
    const all = this.#driver.prepare(`SELECT id, version FROM ${REF} ORDER BY id`).all()
    return all.flatMap(([id, version]): VersionRef[] => {
      const [, kind, name] = /^(branch|tag):(.*)$/s.exec(id as string) ?? []
      if (kind === undefined || name === undefined) return []
      return [{ kind: kind as VersionRef['kind'], name, version: version as string }]
    })
  }
}

function versionOf([id, parents, branch, description, author, created, cut]: SqlRow): VersionRow {
  return {
    id: id as string,
    parents: JSON.parse(parents as string) as string[],
    branch: branch as string | null,
    description: description as string,
    author: author as string,
    createdMs: created as number,
    cut: cut as string,
  }
}

function contentOf([id, version, basis]: SqlRow): ContentHead {
  return { id: id as string, version: version as string, basis: basis as string | null }
}
