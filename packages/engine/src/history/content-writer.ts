/**
 * Writes the content of an own version: a chunk at a time, each a delta of its own. HISTORY.md HI8.
 *
 * The state at a marker does not change, and how far the writing has come is noted with each chunk: it goes
 * on after a crash where it stood.
 */
import {
  ByteWriter,
  type ContentRow,
  type ContentTable,
  digestSum,
  digestText,
  encodeContent,
  encodeValue,
  HISTORY_CHUNK_BYTES,
  HISTORY_CHUNK_ROWS,
  HISTORY_TABLES,
  MODULE_SENDER,
  type ReducerContext,
  type StoredValue,
  type TableAccess,
} from '@inner-universe/core'
import { isSameRow, type StoredRow } from '../changes.ts'
import type { TableSchema } from '../schema.ts'
import type { Cursor, Marker } from './markers.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** The reducer's name in deltas of contents. */
const WRITER = 'history:write'

const START: Cursor = { ordinal: 0, table: '', id: '' }

type Writable = TableAccess<{ readonly id: string }, Record<string, unknown>, never>

/** Writes one chunk of the content of a version, in a transaction of its own. */
export function writeChunk(keeper: VersionKeeper, marker: Marker): void {
  const { transactions, runner, systemCall, parts } = keeper.wired
  const facts = systemCall({
    reducer: WRITER,
    timestampMs: Math.floor(parts.now()),
    sender: MODULE_SENDER,
    connectionId: null,
  })
  const { outcomes } = transactions.commitOne(facts, (call) =>
    runner.runFunction(call, (context) => writeNext(keeper, context, marker)),
  )
  const [outcome] = outcomes
  if (outcome?.ok === false) throw outcome.error
}

function writeNext(keeper: VersionKeeper, context: ReducerContext, given: Marker): void {
  const marker = isBased(keeper, given) ? given : begin(keeper, context, given)
  const { content = '', basis, cursor = START } = marker
  const basisDigest = keeper.markers.all.find((one) => one.marker === basis)?.digest
  let sum = digestSum(marker.digest ?? basisDigest ?? '0')
  const chunk = gather(keeper, marker, cursor)
  for (const { table, id, before, after } of chunk.rows) {
    const hash = keeper.hashOf(table)
    if (hash === undefined) continue
    if (before !== undefined) sum -= hash(id, before)
    if (after !== undefined) sum += hash(id, after)
  }
  const digest = digestText(sum)
  const isLast = chunk.next === undefined
  const chunks = context.db[HISTORY_TABLES.chunk] as unknown as Writable
  chunks.insert({
    id: `${content}/${cursor.ordinal}`,
    content,
    ordinal: cursor.ordinal,
    rows: encodeContent(tablesOf(chunk.rows)),
    ...(isLast && { seal: digest }),
  })
  keeper.markers.change(marker.marker, {
    ...(isLast && { state: 'ready' }),
    digest,
    rowCount: marker.rowCount + chunk.rows.length,
    cursor: chunk.next,
  })
}

/** Whether a content was begun, and what it is the difference to is still here. */
function isBased({ markers }: VersionKeeper, { content, basis }: Marker): boolean {
  if (content === undefined) return false
  return basis === undefined || markers.all.some((one) => one.marker === basis && isReady(one))
}

function isReady({ state }: Marker): boolean {
  return state === 'ready'
}

/** Begins a content. What is left of one that cannot be gone on with is deleted. */
function begin(keeper: VersionKeeper, context: ReducerContext, marker: Marker): Marker {
  const contents = context.db[HISTORY_TABLES.content] as unknown as Writable
  if (marker.content !== undefined) contents.delete(marker.content)
  const basis = basisOf(keeper, marker)
  const { id } = contents.insert({ version: marker.version, basis: basis?.version ?? null })
  return keeper.markers.change(marker.marker, {
    content: id,
    basis: basis?.marker,
    digest: undefined,
    rowCount: 0,
    cursor: undefined,
  })
}

/**
 * What a content is best the difference to: the parent whose marker is the last, else the version before,
 * of those that the universe itself was in and that are here whole.
 */
function basisOf(
  { markers, rows }: VersionKeeper,
  { marker, version }: Marker,
): Marker | undefined {
  const parents = new Set(rows.get(version)?.parents)
  const possible = markers.all.filter(
    (one) => one.marker < marker && isReady(one) && rows.get(one.version)?.branch === null,
  )
  return possible.findLast((one) => parents.has(one.version)) ?? possible.at(-1)
}

interface GatheredRow extends ContentDifference {
  readonly before: StoredRow | undefined
}

/** The next rows of a content, and where to go on; undefined: these are the last. */
function gather(
  keeper: VersionKeeper,
  { marker, basis }: Marker,
  { ordinal, table: from, id: start }: Cursor,
): { readonly rows: readonly GatheredRow[]; readonly next: Cursor | undefined } {
  const rows: GatheredRow[] = []
  let left = HISTORY_CHUNK_ROWS
  let bytes = 0
  let done = { table: from, id: start }
  const stop = () => ({ rows, next: { ordinal: ordinal + 1, ...done } })
  for (const [table, past] of keeper.past) {
    if (table.name < from) continue
    const after = table.name === from ? start : ''
    const ids =
      basis === undefined
        ? past.idsAt(marker, after, left)
        : past.idsBetween(basis, marker, after, left)
    for (const id of ids) {
      const before = basis === undefined ? undefined : past.at(basis, id)
      const now = past.at(marker, id)
      if (!isSameRow(before, now)) {
        bytes += bytesOf(id, now)
        // A large row has a chunk of its own.
        if (rows.length > 0 && bytes > HISTORY_CHUNK_BYTES) return stop()
        rows.push({ table, id, before, after: now })
      }
      done = { table: table.name, id }
      left -= 1
      if (left === 0) return stop()
    }
  }
  return { rows, next: undefined }
}

const measure = new ByteWriter()

function bytesOf(id: string, row: StoredRow | undefined): number {
  measure.reset()
  measure.writeText(id)
  for (const value of row ?? []) encodeValue(measure, value)
  return measure.length
}

/** A row of a content. */
interface ContentDifference {
  readonly table: TableSchema
  readonly id: string
  /** Undefined: the state has no such row. */
  readonly after: StoredRow | undefined
}

/** Rows as a chunk holds them. */
function tablesOf(rows: Iterable<ContentDifference>): readonly ContentTable[] {
  const byTable = new Map<TableSchema, ContentRow[]>()
  for (const { table, id, after } of rows) {
    const list = byTable.get(table) ?? []
    byTable.set(table, list)
    list.push({ id, values: after && withoutKey(table, after) })
  }
  return [...byTable].map(([table, list]) => ({
    table: table.name,
    columns: table.columns.filter((one) => one !== table.primaryKey).map(({ name }) => name),
    rows: list,
  }))
}

function withoutKey({ primaryKey }: TableSchema, row: StoredRow): StoredValue[] {
  return row.filter((_, index) => index !== primaryKey.index)
}
