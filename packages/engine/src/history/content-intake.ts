/**
 * Takes in the content of a version: its state is put beside the present, a slice at a time. HISTORY.md
 * HI9.
 *
 * Invariant: states at other markers stay what they were. Before a row is put at marker k, the marker before
 * k gets an entry of its own where it has none, as it showed through what is at k.
 *
 * Every slice can be done again, and slices may be far apart: what changes meanwhile is kept under k or a
 * later marker, like every change.
 */
import {
  type ContentTable,
  decodeContent,
  digestSum,
  digestText,
  forwardValue,
  HISTORY_CHUNK_ROWS,
  isUniverseError,
  lensesOf,
  type StoredValue,
  storedDefault,
} from '@inner-universe/core'
import { isSameRow, type StoredRow } from '../changes.ts'
import type { TableSchema } from '../schema.ts'
import type { Cursor, Marker } from './markers.ts'
import type { PastRows } from './past-rows.ts'
import { compareTexts } from './row-order.ts'
import type { VersionKeeper } from './version-keeper.ts'
import type { ContentHead, VersionRow } from './version-rows.ts'

const START: Cursor = { ordinal: 0, table: '', id: '' }

/** A version whose content is here whole, and what that is the difference to. */
export interface Arrival {
  readonly version: VersionRow
  readonly content: ContentHead
  readonly basis: Marker | undefined
}

/** The oldest version that can be taken in. */
export function nextArrival({
  rows,
  markers,
  isMade,
  waiting,
}: VersionKeeper): Arrival | undefined {
  for (const version of rows.all()) {
    if (isMade && markers.of(version.id) !== undefined) continue
    for (const content of rows.contentsOf(version.id)) {
      if (waiting.has(content.id) || (isMade && markers.isDamaged(content.id))) continue
      const basis = isMade && content.basis !== null ? markers.of(content.basis) : undefined
      if (content.basis !== null && basis?.state !== 'ready') continue
      if (rows.isComplete(content.id)) return { version, content, basis }
    }
  }
  return undefined
}

/** Begins to take a version in. */
export function beginIntake(keeper: VersionKeeper, { version, content, basis }: Arrival): void {
  keeper.make()
  keeper.markers.add(version.id, 'filling', {
    content: content.id,
    basis: basis?.marker,
    counts: keeper.presentCounts(),
  })
}

/** Rows of one chunk, as this file stores them. */
type ChunkRows = ReadonlyMap<TableSchema, ReadonlyMap<string, StoredRow | undefined>>

/** Takes in a slice of a content, in the open transaction. */
export function takeSlice(keeper: VersionKeeper, marker: Marker): void {
  const { markers } = keeper
  const { content = '', basis, cursor = START } = marker
  const chunk = keeper.rows.chunk(content, cursor.ordinal)
  const basisMarker = markers.all.find((one) => one.marker === basis)
  const isBased = basis === undefined || basisMarker?.state === 'ready'
  const rows = chunk && isBased ? rowsOf(keeper, content, chunk.rows) : undefined
  if (chunk === undefined || rows === undefined) {
    // Begun anew from another content, if there is one.
    markers.change(marker.marker, { state: 'dropping' })
    return
  }
  const done = new Slice(keeper, marker, rows, chunk.seal !== null).run(cursor)
  const digest = digestText(digestSum(marker.digest ?? basisMarker?.digest ?? '0') + done.sum)
  const isDone = done.next === undefined
  const isSound = !isDone || digest === chunk.seal
  if (!isSound) markers.noteDamage(content)
  markers.change(marker.marker, {
    digest,
    rowCount: marker.rowCount + done.rowCount,
    cursor: done.next,
    counts: done.counts,
    ...(isDone && { state: isSound ? 'ready' : 'dropping' }),
  })
}

/** The rows of a chunk; undefined: of this content there is nothing more to be had. */
function rowsOf(keeper: VersionKeeper, content: string, bytes: Uint8Array): ChunkRows | undefined {
  const rows = decode(keeper, bytes)
  if (rows === 'damaged') keeper.markers.noteDamage(content)
  if (rows === 'unknown') keeper.waiting.add(content)
  return typeof rows === 'string' ? undefined : rows
}

class Slice {
  readonly #keeper: VersionKeeper
  readonly #marker: number
  readonly #before: number | undefined
  readonly #basis: number | undefined
  readonly #rows: ChunkRows
  readonly #isLast: boolean
  #left = HISTORY_CHUNK_ROWS
  #sum = 0n
  #rowCount = 0
  readonly #counts: Record<string, number>

  constructor(
    keeper: VersionKeeper,
    { marker, basis, counts }: Marker,
    rows: ChunkRows,
    isLast: boolean,
  ) {
    this.#keeper = keeper
    this.#marker = marker
    this.#before = keeper.markers.before(marker)
    this.#basis = basis
    this.#rows = rows
    this.#isLast = isLast
    this.#counts = { ...counts }
  }

  run({ ordinal, table: from, id: start }: Cursor): {
    readonly sum: bigint
    readonly rowCount: number
    readonly counts: Readonly<Record<string, number>>
    readonly next: Cursor | undefined
  } {
    const done = (next: Cursor | undefined) => ({
      sum: this.#sum,
      rowCount: this.#rowCount,
      counts: this.#counts,
      next,
    })
    // Where its writer found no row of many to differ: on to the next, from where this one began.
    if (this.#rows.size === 0 && !this.#isLast)
      return done({ ordinal: ordinal + 1, table: from, id: start })
    const end = this.#isLast ? undefined : [...this.#rows].at(-1)
    for (const [table, past] of this.#keeper.past) {
      if (table.name < from) continue
      const after = table.name === from ? start : ''
      const isEnd = table === end?.[0]
      const last = isEnd ? [...(end?.[1].keys() ?? [])].at(-1) : undefined
      const stopped = this.#table(table, past, after, last)
      if (stopped !== undefined) return done({ ordinal, table: table.name, id: stopped })
      if (isEnd) return done({ ordinal: ordinal + 1, table: table.name, id: last ?? after })
    }
    return done(undefined)
  }

  /** Goes through the rows of a table after an id, up to another one; gives where it stopped before that. */
  #table(
    table: TableSchema,
    past: PastRows,
    start: string,
    last: string | undefined,
  ): string | undefined {
    const limit = this.#left
    const here =
      this.#basis === undefined
        ? past.idsAt(this.#marker, start, limit)
        : past.idsBetween(this.#basis, this.#marker, start, limit)
    const final = here.at(-1)
    const isCut = here.length === limit && final !== undefined && isUpTo(final, last)
    const bound = isCut ? final : last
    const ids = new Set(here.filter((id) => isUpTo(id, bound)))
    for (const id of this.#rows.get(table)?.keys() ?? []) {
      if (compareTexts(id, start) > 0 && isUpTo(id, bound)) ids.add(id)
    }
    for (const id of ids) this.#row(table, past, id)
    this.#left -= here.length
    return isCut ? final : undefined
  }

  #row(table: TableSchema, past: PastRows, id: string): void {
    const given = this.#rows.get(table)
    const basis = this.#basis === undefined ? undefined : past.at(this.#basis, id)
    const isGiven = given?.has(id) === true
    const wanted = isGiven ? given.get(id) : basis
    if (isGiven) {
      this.#rowCount += 1
      const hash = this.#keeper.hashOf(table)
      if (hash !== undefined && basis !== undefined) this.#sum -= hash(id, basis)
      if (hash !== undefined && wanted !== undefined) this.#sum += hash(id, wanted)
    }
    const shown = past.at(this.#marker, id)
    if (isSameRow(shown, wanted)) return
    if (this.#before !== undefined) past.capture(this.#before, id, shown)
    past.put(this.#marker, id, wanted)
    const came = Number(wanted !== undefined) - Number(shown !== undefined)
    this.#counts[table.name] = (this.#counts[table.name] ?? 0) + came
  }
}

function isUpTo(id: string, end: string | undefined): boolean {
  return end === undefined || compareTexts(id, end) <= 0
}

/** The rows of a chunk; or that they are none, or that only a newer version of the module knows them. */
function decode(keeper: VersionKeeper, bytes: Uint8Array): ChunkRows | 'damaged' | 'unknown' {
  let tables: readonly ContentTable[]
  try {
    tables = decodeContent(bytes)
  } catch (error) {
    if (isUniverseError(error, 'history/damaged')) return 'damaged'
    throw error
  }
  const { schema } = keeper.parts.session.reader
  const rows = new Map<TableSchema, ReadonlyMap<string, StoredRow | undefined>>()
  let lastTable = ''
  for (const { table: name, columns, rows: list } of tables) {
    const table = schema.get(name)
    if (name <= lastTable || list.length === 0) return 'damaged'
    lastTable = name
    if (table === undefined || columns.some((column) => !table.columnsByName.has(column))) {
      return 'unknown'
    }
    if (!keeper.tables.includes(table)) return 'damaged'
    const byId = new Map<string, StoredRow | undefined>()
    let lastId = ''
    for (const { id, values } of list) {
      if (compareTexts(id, lastId) <= 0) return 'damaged'
      lastId = id
      byId.set(id, values && storedRow(table, columns, id, values))
    }
    rows.set(table, byId)
  }
  return rows
}

/** A row in the order of the table's columns; those that the writer did not have as if they were added. */
function storedRow(
  table: TableSchema,
  columns: readonly string[],
  id: string,
  values: readonly StoredValue[],
): StoredRow {
  const row = table.columns.map(({ name, definition }): StoredValue => {
    if (name === table.primaryKey.name) return id
    const at = columns.indexOf(name)
    return at < 0 ? (storedDefault(definition) ?? null) : (values[at] ?? null)
  })
  for (const lens of lensesOf(table.definition)) {
    const column = table.columnsByName.get(lens.name)
    const source = table.columnsByName.get(lens.lens.column)
    if (column === undefined || source === undefined || columns.includes(lens.name)) continue
    row[column.index] = forwardValue(lens, row[source.index] ?? null)
  }
  return row
}
