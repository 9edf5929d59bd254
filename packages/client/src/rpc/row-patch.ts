/**
 * Lists of keyed rows, the difference between two of them, and its application.
 *
 * A patch speaks of positions, not keys, so the page can apply it without knowing the keys: rows
 * named in `removed`, `updated` and `moved` leave their old positions, those named in `inserted`,
 * `updated` and `moved` take their new ones, and all others keep their order in what is left.
 */
import { equalValue } from './equal-value.ts'

/** Rows in order with a key for each. Both arrays are of equal length and never changed in place. */
export interface KeyedRows<R = unknown> {
  readonly keys: readonly string[]
  readonly rows: readonly R[]
}

/** The difference between two lists. Indexes are ascending in each array of new positions. */
export interface RowsPatch<R = unknown> {
  /** Old positions of rows that left. */
  readonly removed: readonly number[]
  readonly inserted: readonly { readonly index: number; readonly row: R }[]
  /** Rows whose values changed; they may have moved as well. */
  readonly updated: readonly { readonly from: number; readonly index: number; readonly row: R }[]
  /** Rows that changed their place among the unchanged ones. */
  readonly moved: readonly { readonly from: number; readonly index: number }[]
}

/** No rows. */
export const NO_ROWS: KeyedRows<never> = { keys: [], rows: [] }

/**
 * Compares two lists. The rows given back are those of `after`, but unchanged ones are the very
 * objects of `before`. Keys are unique within a list.
 *
 * `isSuspect` may spare the comparison: a row whose key it denies is known to be unchanged.
 * Cost: O(rows) map look-ups, one comparison per suspect row.
 */
export function diffRows<R>(
  before: KeyedRows<R>,
  after: KeyedRows<R>,
  isSuspect?: (key: string) => boolean,
): { readonly rows: KeyedRows<R>; readonly patch: RowsPatch<R> | undefined } {
  const indexByKey = new Map<string, number>()
  for (const [index, key] of before.keys.entries()) indexByKey.set(key, index)
  const removed: number[] = []
  const inserted: { index: number; row: R }[] = []
  const updated: { from: number; index: number; row: R }[] = []
  const moved: { from: number; index: number }[] = []
  const rows: R[] = new Array(after.rows.length)
  let highest = -1
  for (let index = 0; index < after.rows.length; index++) {
    const key = after.keys[index] as string
    const row = after.rows[index] as R
    const from = indexByKey.get(key)
    if (from === undefined) {
      inserted.push({ index, row })
      rows[index] = row
      continue
    }
    indexByKey.delete(key)
    const old = before.rows[from] as R
    const isSame =
      old === row || (isSuspect !== undefined && !isSuspect(key)) || equalValue(old, row)
    rows[index] = isSame ? old : row
    if (!isSame) updated.push({ from, index, row })
    else if (from < highest) moved.push({ from, index })
    else highest = from
  }
  for (const index of indexByKey.values()) removed.push(index)
  const isEmpty =
    removed.length === 0 && inserted.length === 0 && updated.length === 0 && moved.length === 0
  return isEmpty
    ? { rows: before, patch: undefined }
    : { rows: { keys: after.keys, rows }, patch: { removed, inserted, updated, moved } }
}

/**
 * The list after the patch; the given list is left as it is.
 *
 * Cost: one copy of the list, run by run between the positions that change, besides sorting those.
 */
export function applyPatch<R>(rows: readonly R[], patch: RowsPatch<R>): R[] {
  const { removed, inserted, updated, moved } = patch
  const next: R[] = new Array(rows.length - removed.length + inserted.length)
  const gone = [...removed]
  const taken: number[] = []
  const put = (index: number, row: R): void => {
    next[index] = row
    taken.push(index)
  }
  for (const { index, row } of inserted) put(index, row)
  for (const { from, index, row } of updated) {
    gone.push(from)
    put(index, row)
  }
  for (const { from, index } of moved) {
    gone.push(from)
    put(index, rows[from] as R)
  }
  gone.sort(ascending)
  taken.sort(ascending)
  let index = 0
  let from = 0
  let atGone = 0
  let atTaken = 0
  while (from < rows.length) {
    if (from === gone[atGone]) {
      from += 1
      atGone += 1
    } else if (index === taken[atTaken]) {
      index += 1
      atTaken += 1
    } else {
      const end = Math.min(
        gone[atGone] ?? rows.length,
        from + (taken[atTaken] ?? next.length) - index,
      )
      while (from < end) next[index++] = rows[from++] as R
    }
  }
  return next
}

function ascending(a: number, b: number): number {
  return a - b
}

/**
 * Keys for rows that have none: their values. Equal rows are told apart by how many came before, so
 * a duplicate more or less is one insertion or removal.
 */
export function keysByValue(rows: readonly unknown[]): string[] {
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const text = JSON.stringify(row, taggedValue)
    const count = (seen.get(text) ?? 0) + 1
    seen.set(text, count)
    return count === 1 ? text : `${text}#${count}`
  })
}

/** Values that JSON would confuse with others, or refuse. */
function taggedValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: `${value}` }
  if (value instanceof Uint8Array) return { bytes: Array.from(value) }
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: `${value}` }
  return value
}
