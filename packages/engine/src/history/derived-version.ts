/** Versions that nobody's present was: made by calls on top of another, or of two others. HISTORY.md HI43. */
import {
  type ContentTable,
  digestSum,
  digestText,
  encodeContent,
  type Hash,
  HISTORY_CHUNK_BYTES,
  HISTORY_CHUNK_ROWS,
  HISTORY_TABLES,
  type ReducerContext,
  type TableAccess,
} from '@inner-universe/core'
import type { StoredRow } from '../changes.ts'
import type { TableSchema } from '../schema.ts'
import { currentCall } from '../table-access.ts'
import { digestOf } from './history-call.ts'
import { compareTexts } from './row-order.ts'
import type { ChangedRow } from './state-difference.ts'
import { type VersionKeeper, versionId, versionsIn } from './version-keeper.ts'

/** A version and how it differs from the one that its content is based on. */
export interface DerivedVersion {
  readonly parents: readonly string[]
  readonly branch: string
  readonly description: string
  readonly basis: string
  readonly differences: readonly ChangedRow[]
}

/** Writes the version with its whole content; gives its id. It is taken in like those that come from elsewhere. */
export function writeDerived(
  keeper: VersionKeeper,
  context: ReducerContext,
  { parents: given, branch, description, basis, differences }: DerivedVersion,
): string {
  const { universeId, session } = keeper.parts
  const { callId } = currentCall(session).facts
  const parents = [...new Set(given)].sort()
  const seal = digestAfter(keeper, digestOf(keeper, basis), differences)
  const id = versionId([universeId, parents, seal, callId])
  const { sender: author, timestamp: created } = context
  const { cut } = keeper
  versionsIn(context).insert({ id, parents, branch, description, author, created, cut })
  const content = context.newId()
  tableOf(context, 'content').insert({ id: content, version: id, basis })
  for (const [ordinal, { rows, isLast }] of chunksOf(differences).entries()) {
    const chunk = { id: `${content}/${ordinal}`, content, ordinal, rows }
    tableOf(context, 'chunk').insert({ ...chunk, seal: isLast ? seal : null })
  }
  return id
}

type AnyAccess = TableAccess<object, object, never>

function tableOf({ db }: ReducerContext, name: 'content' | 'chunk'): AnyAccess {
  return db[HISTORY_TABLES[name]] as unknown as AnyAccess
}

function digestAfter(
  keeper: VersionKeeper,
  digest: Hash,
  differences: readonly ChangedRow[],
): Hash {
  let sum = digestSum(digest)
  for (const { table, id, before, after } of differences) {
    const hash = keeper.hashOf(table)
    if (hash === undefined) continue
    if (before !== undefined) sum -= hash(id, before)
    if (after !== undefined) sum += hash(id, after)
  }
  return digestText(sum)
}

interface Chunk {
  readonly rows: Uint8Array
  readonly isLast: boolean
}

/** The rows as bytes, in order; of nothing one chunk without any. */
function chunksOf(differences: readonly ChangedRow[]): Chunk[] {
  const ordered = [...differences].sort(
    (a, b) => compareTexts(a.table.name, b.table.name) || compareTexts(a.id, b.id),
  )
  const parts: Uint8Array[] = []
  const add = (rows: readonly ChangedRow[]): void => {
    const bytes = rows.length <= HISTORY_CHUNK_ROWS ? encodeRows(rows) : undefined
    if (bytes !== undefined && (bytes.length <= HISTORY_CHUNK_BYTES || rows.length === 1)) {
      parts.push(bytes)
      return
    }
    const half = Math.ceil(rows.length / 2)
    add(rows.slice(0, half))
    add(rows.slice(half))
  }
  add(ordered)
  return parts.map((rows, index) => ({ rows, isLast: index === parts.length - 1 }))
}

function encodeRows(rows: readonly ChangedRow[]): Uint8Array {
  const byTable = Map.groupBy(rows, ({ table }) => table)
  return encodeContent(
    [...byTable].map(
      ([table, ofTable]): ContentTable => ({
        table: table.name,
        columns: withoutKey(table, table.columns).map(({ name }) => name),
        rows: ofTable.map(({ id, after }) => ({ id, values: after && cellsOf(table, after) })),
      }),
    ),
  )
}

function cellsOf(table: TableSchema, row: StoredRow): StoredRow {
  return withoutKey(table, row)
}

function withoutKey<T>({ primaryKey }: TableSchema, parts: readonly T[]): readonly T[] {
  return parts.toSpliced(primaryKey.index, 1)
}
