/**
 * Keeps the past of one universe: what rows were is kept when they change, markers stand for versions.
 * HISTORY.md HI3–HI7.
 */
import {
  canonicalJson,
  createRowHash,
  HISTORY_TABLES,
  hashOf,
  type ReducerContext,
  type RowHash,
  type TableAccess,
  UniverseError,
} from '@inner-universe/core'
import type { Changes } from '../changes.ts'
import type { EngineParts } from '../engine-parts.ts'
import type { VersionInfo } from '../history-contract.ts'
import type { HistoryParts } from '../history-part.ts'
import { MARKER_TABLE } from '../history-tables.ts'
import { type TableSchema, tableOf } from '../schema.ts'
import { type Marker, Markers } from './markers.ts'
import { PastRows } from './past-rows.ts'
import { makePastTables, migratePastTables } from './past-tables.ts'
import { tellUniverseIds, universeIdsOf } from './universe-ids.ts'
import { type VersionRow, VersionRows } from './version-rows.ts'

/** What a version of the present is told. */
export interface VersionNote {
  readonly description: string
  /** Default: the heads. */
  readonly parents?: readonly string[] | undefined
}

type VersionAccess = TableAccess<VersionInsert, VersionInsert, never>
interface VersionInsert {
  readonly id: string
  readonly parents: readonly string[]
  readonly branch?: string | null
  readonly description: string
  readonly author: string
  readonly created: number
  readonly cut: string
}

/** The past of one universe. Reads need no transaction, all else the one that is open. */
export class VersionKeeper {
  readonly parts: HistoryParts
  readonly markers: Markers
  readonly rows: VersionRows
  /** Tables whose rows are in versions, by name: synced ones, those of versions left out. */
  readonly tables: readonly TableSchema[]
  /** Contents that a newer version of the module is needed for; asked again when the engine is opened anew. */
  readonly waiting: Set<string> = new Set()
  /** True while {@link step} has seen nothing that there is anything to do about. */
  isIdle = false
  readonly #historyTables: readonly TableSchema[]
  readonly #hashes: ReadonlyMap<TableSchema, RowHash>
  #past: ReadonlyMap<TableSchema, PastRows> | undefined
  /** Whether the tables of the past are there; undefined: not known. */
  #isMade: boolean | undefined
  /** Versions named in the open transaction. */
  #named: string[] = []
  #wired: (() => EngineParts) | undefined

  constructor(parts: HistoryParts) {
    this.parts = parts
    const { schema } = parts.session.reader
    this.markers = new Markers(parts.driver)
    this.rows = new VersionRows(parts.driver)
    this.#historyTables = Object.values(HISTORY_TABLES).map((name) => tableOf(schema, name))
    this.tables = [...schema.values()]
      .filter(({ isSynced, definition }) => isSynced && definition.isHistory !== true)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#hashes = new Map(
      this.tables
        .filter(({ definition }) => definition.documentsOf === undefined)
        .map((table) => [table, createRowHash(table.name, table.definition)]),
    )
  }

  open({ isOlder }: { readonly isOlder: boolean }): void {
    if (isOlder && this.isMade) migratePastTables(this.parts.driver, this.tables)
  }

  connect(open: () => EngineParts): void {
    this.#wired = open
  }

  /** What the engine is wired of. @throws UniverseError `engine/closed`. */
  get wired(): EngineParts {
    return (this.#wired as () => EngineParts)()
  }

  /** The past of each table in {@link tables}; none before the first marker was set. */
  get past(): ReadonlyMap<TableSchema, PastRows> {
    if (this.#past !== undefined) return this.#past
    if (!this.isMade) return NOTHING
    this.#past = new Map(
      this.tables.map((table) => [table, new PastRows(this.parts.driver, table)]),
    )
    return this.#past
  }

  /** The hash of rows of a table; none for documents, which no digest has. */
  hashOf(table: TableSchema): RowHash | undefined {
    return this.#hashes.get(table)
  }

  /** Keeps what rows were before the open transaction, of those that it has changed so far. */
  keep(changes: Changes): void {
    const { last } = this
    if (last === undefined) return
    for (const [table, past] of this.past) {
      for (const { id, before } of changes.of(table)) past.capture(last, id, before)
    }
  }

  /** See {@link HistoryPart.step}. */
  step(changes: Changes): void {
    const [versions] = this.#historyTables as [TableSchema]
    const { last } = this
    if (last !== undefined) {
      this.keep(changes)
      for (const { id, after } of changes.of(versions)) {
        const marker = after === undefined ? this.markers.of(id) : undefined
        if (marker !== undefined) this.markers.change(marker.marker, { state: 'dropping' })
      }
    }
    // A call that failed after it named a version has left no row of it.
    const named = this.#named.filter((id) => this.rows.get(id) !== undefined)
    this.#named = []
    for (const id of named) this.mark(id)
    if (this.isIdle) this.isIdle = !this.#historyTables.some((table) => hasAny(changes.of(table)))
  }

  rollBack(): void {
    this.#named = []
    this.isIdle = false
    this.markers.forget()
    this.#past = undefined
    this.#isMade = undefined
  }

  /** Whether the tables of the past are there: since the first marker was set. */
  get isMade(): boolean {
    const statement = this.parts.driver.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?1')
    this.#isMade ??= statement.get([MARKER_TABLE]) !== undefined
    return this.#isMade
  }

  /** Makes the tables of the past, in the open transaction. */
  make(): void {
    if (!this.isMade) makePastTables(this.parts.driver, this.tables)
    this.#isMade = true
  }

  /** The last marker; undefined: rows that change need not be kept. */
  get last(): number | undefined {
    return this.isMade ? this.markers.last : undefined
  }

  /** Sets a marker for a version whose state is that of the rows now; its content will be written. */
  mark(version: string): Marker {
    this.isIdle = false
    this.make()
    return this.markers.add(version, 'writing', { counts: this.presentCounts() })
  }

  /** Rows now, by table. Cost: goes through the smallest index of each table. */
  presentCounts(): Record<string, number> {
    const { driver } = this.parts
    const counted = this.tables.map(({ name, rowsSql }) => {
      const [count] = driver.prepare(`SELECT count(*) FROM ${rowsSql}`).get() ?? []
      return [name, count as number] as const
    })
    return Object.fromEntries(counted)
  }

  /**
   * Names the present as it will be when the open transaction ends; gives the id. Whoever groups calls
   * lets this be the last of its group.
   *
   * @throws UniverseError `history/version-unknown` for a parent that is not here.
   */
  namePresent(context: ReducerContext, { description, parents }: VersionNote): string {
    const known = [...new Set(parents ?? this.rows.heads())].sort()
    for (const parent of known) this.versionOf(parent)
    const { cut } = this
    // The last part tells versions of one transaction apart.
    const id = versionId([this.parts.universeId, known, cut, context.newId()])
    versionsIn(context).insert({
      id,
      parents: known,
      description,
      author: context.sender,
      created: context.timestamp,
      cut,
    })
    tellUniverseIds(context, this.parts, universeIdsOf(this.parts))
    this.#named.push(id)
    return id
  }

  /** What of the log has been read and written: `epoch.offset.hash.stream.seq`. */
  get cut(): string {
    const { sync, streams } = this.wired.parts
    const { epoch, offset, hash } = sync.position
    const { id: stream, headSeq } = streams.writing
    return [epoch, offset, hash, stream, headSeq + 1].join('.')
  }

  /** @throws UniverseError `history/version-unknown`. */
  versionOf(id: string): VersionRow {
    const version = this.rows.get(id)
    if (version !== undefined) return version
    throw new UniverseError(
      'history/version-unknown',
      `there is no version "${id.slice(0, 64)}" here; it may have been dropped, or has not arrived yet`,
      { details: { version: id } },
    )
  }

  /**
   * The marker of a version that can be read.
   *
   * @throws UniverseError `history/version-unknown`, `history/not-ready`, `history/damaged`.
   */
  markerOf(id: string): Marker {
    const { state } = this.infoOf(this.versionOf(id))
    const marker = this.#markerOf(id)
    if (marker !== undefined && (state === 'ready' || state === 'writing')) return marker
    const details = { version: id }
    throw state === 'damaged'
      ? new UniverseError(
          'history/damaged',
          `the content of version "${id}" does not fit its digest; import it again, or use another version`,
          { details },
        )
      : new UniverseError(
          'history/not-ready',
          `the content of version "${id}" is not here whole yet; wait for it`,
          { details },
        )
  }

  /** What is known of a version. */
  infoOf({ cut: _cut, ...version }: VersionRow): VersionInfo {
    const marker = this.#markerOf(version.id)
    if (marker === undefined || marker.state === 'filling') {
      const isDamaged = marker === undefined && this.#isDamaged(version.id)
      return { ...version, state: isDamaged ? 'damaged' : 'arriving', digest: null, rowCount: null }
    }
    if (marker.state === 'writing') {
      return { ...version, state: 'writing', digest: null, rowCount: null }
    }
    return { ...version, state: 'ready', digest: marker.digest ?? null, rowCount: marker.rowCount }
  }

  #markerOf(version: string): Marker | undefined {
    return this.last === undefined ? undefined : this.markers.of(version)
  }

  #isDamaged(version: string): boolean {
    if (!this.isMade) return false
    const contents = this.rows.contentsOf(version)
    const damaged = contents.filter(({ id }) => this.markers.isDamaged(id))
    const isOther = ({ id }: { readonly id: string }) => this.rows.isComplete(id)
    return damaged.length > 0 && !contents.some((one) => !damaged.includes(one) && isOther(one))
  }
}

const NOTHING: ReadonlyMap<TableSchema, PastRows> = new Map()

/** The id of a version: a hash of whatever tells it apart. */
export function versionId(parts: readonly (string | readonly string[])[]): string {
  return hashOf(new TextEncoder().encode(canonicalJson(parts)))
}

/** The table of versions, as reducers write it. */
export function versionsIn({ db }: ReducerContext): VersionAccess {
  return db[HISTORY_TABLES.version] as unknown as VersionAccess
}

function hasAny(items: Iterable<unknown>): boolean {
  for (const _ of items) return true
  return false
}
