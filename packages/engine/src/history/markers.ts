/** The list of versions that this file holds the state of: `_history`. HISTORY.md HI5. */
import { assert, type Hash } from '@inner-universe/core'
import type { Driver, SqlRow } from '@inner-universe/sqlite'
import { DAMAGE_TABLE, MARKER_TABLE } from '../history-tables.ts'

/**
 * `writing`: the state is here, its content is being written. `filling`: the content is being taken in.
 * `ready`: both are done. `dropping`: the version is gone, and its entries are being passed on.
 */
export type MarkerState = 'writing' | 'filling' | 'ready' | 'dropping'

/** How far a content has been written or taken in. */
export interface Cursor {
  /** Of the next chunk. */
  readonly ordinal: number
  /** The last row done. */
  readonly table: string
  readonly id: string
}

/** A marker and the version it stands for. */
export interface Marker {
  readonly marker: number
  readonly version: string
  readonly state: MarkerState
  /** Of the state; while it is written or taken in, of the rows done so far. */
  readonly digest: Hash | undefined
  /** Rows in the content so far. */
  readonly rowCount: number
  /** The content that is written or taken in. */
  readonly content: string | undefined
  /** Marker of the version that the content is the difference to. */
  readonly basis: number | undefined
  readonly cursor: Cursor | undefined
  /** Rows of the state by table; none of a table that is not named. */
  readonly counts: Readonly<Record<string, number>>
}

const COLUMNS = 'marker, version, state, digest, row_count, content, basis, cursor, counts'

/** The statements that make the tables. */
export const MARKER_STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${MARKER_TABLE} (marker INTEGER PRIMARY KEY, version TEXT NOT NULL,
    state TEXT NOT NULL, digest TEXT, row_count INTEGER NOT NULL, content TEXT, basis INTEGER, cursor TEXT,
    counts TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ${DAMAGE_TABLE} (content TEXT PRIMARY KEY) WITHOUT ROWID`,
]

/** The markers of a file, held in memory and written through. */
export class Markers {
  readonly #driver: Driver
  /** By marker. */
  #all: readonly Marker[] | undefined

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Reads them anew when they are next asked for: after a rollback. */
  forget(): void {
    this.#all = undefined
  }

  /** Oldest first. */
  get all(): readonly Marker[] {
    this.#all ??= this.#driver
      .prepare(`SELECT ${COLUMNS} FROM ${MARKER_TABLE} ORDER BY marker`)
      .all()
      .map(markerOf)
    return this.#all
  }

  /** The last one: what rows were until they change next. */
  get last(): number | undefined {
    return this.all.at(-1)?.marker
  }

  /** The one before a marker. */
  before(marker: number): number | undefined {
    return this.all.findLast((other) => other.marker < marker)?.marker
  }

  /** The marker of a version that is not being dropped. */
  of(version: string): Marker | undefined {
    return this.all.findLast((one) => one.version === version && one.state !== 'dropping')
  }

  /** Sets a marker for what rows are now. */
  add(version: string, state: MarkerState, part: Partial<Marker> = {}): Marker {
    const marker: Marker = {
      marker: (this.last ?? 0) + 1,
      version,
      state,
      digest: undefined,
      rowCount: 0,
      content: undefined,
      basis: undefined,
      cursor: undefined,
      counts: {},
      ...part,
    }
    this.#write(marker)
    return marker
  }

  /** Changes what is noted of a marker. */
  change(marker: number, part: Partial<Marker>): Marker {
    const before = this.all.find((one) => one.marker === marker)
    assert(before !== undefined, 'only markers that are there change')
    const after = { ...before, ...part }
    this.#write(after)
    return after
  }

  remove(marker: number): void {
    this.#driver.prepare(`DELETE FROM ${MARKER_TABLE} WHERE marker = ?1`).run([marker])
    this.#all = this.all.filter((one) => one.marker !== marker)
  }

  /** Contents that were found not to fit their digest. */
  isDamaged(content: string): boolean {
    const statement = this.#driver.prepare(`SELECT 1 FROM ${DAMAGE_TABLE} WHERE content = ?1`)
    return statement.get([content]) !== undefined
  }

  noteDamage(content: string): void {
    this.#driver.prepare(`INSERT OR IGNORE INTO ${DAMAGE_TABLE} VALUES (?1)`).run([content])
  }

  #write(marker: Marker): void {
    const { version, state, digest = null, rowCount, content = null, basis = null } = marker
    const cursor = marker.cursor === undefined ? null : JSON.stringify(marker.cursor)
    this.#driver
      .prepare(
        `INSERT OR REPLACE INTO ${MARKER_TABLE} (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
      )
      .run([
        ...[marker.marker, version, state, digest, rowCount, content, basis, cursor],
        JSON.stringify(marker.counts),
      ])
    const others = this.all.filter((one) => one.marker !== marker.marker)
    this.#all = [...others, marker].sort((a, b) => a.marker - b.marker)
  }
}

function markerOf(row: SqlRow): Marker {
  const [marker, version, state, digest, rowCount, content, basis, cursor, counts] = row
  return {
    marker: marker as number,
    version: version as string,
    state: state as MarkerState,
    digest: (digest as Hash | null) ?? undefined,
    rowCount: rowCount as number,
    content: (content as string | null) ?? undefined,
    basis: (basis as number | null) ?? undefined,
    cursor: cursor === null ? undefined : (JSON.parse(cursor as string) as Cursor),
    counts: JSON.parse(counts as string) as Record<string, number>,
  }
}
