/**
 * Rows that a floor may forget. MERGE.md MR20; `core/dead-rows.ts` has the definition, and the property
 * tests hold this against it.
 *
 * Only hidden rows, deletions and shadows are read: a live row refers to what is not visible only
 * through a shadow, so live rows need not be looked at.
 */
import {
  bytesToHex,
  deadKeys,
  decodeClockOverrides,
  type HiddenNode,
  isForgettable,
  type LocalStamp,
  type RowKey,
  rowKey,
  sha256,
} from '@inner-universe/core'
import type { DeadRow } from './engine.ts'
import type { HiddenRow } from './hidden-cells.ts'
import type { SetDot } from './row-store.ts'
import type { TableSchema } from './schema.ts'
import { isPresent } from './visibility.ts'
import type { WriteScope } from './write-scope.ts'

/** What reading the dead rows needs of a scope. */
export type DeadRowsScope = Pick<WriteScope, 'driver' | 'schema' | 'rows' | 'streams'>

/** A row that is not visible, with everything known of it. */
interface UnseenRow {
  readonly table: TableSchema
  readonly id: string
  readonly hidden: HiddenRow | undefined
  readonly death: LocalStamp | undefined
  readonly dots: readonly SetDot[]
}

/**
 * The rows that are not visible, have all their clocks at or below `hlc`, and are referred to by no
 * row that is retained; those of which only a deletion is known included.
 *
 * Cost: reads all hidden rows, deletions and shadows.
 */
export function deadRows(scope: DeadRowsScope, hlc: number): readonly DeadRow[] {
  const unseen = new Map<RowKey, UnseenRow>()
  const candidates = new Map<RowKey, HiddenNode>()
  const held = shadowTargets(scope)
  for (const row of unseenRows(scope)) {
    const key = rowKey(row.table.name, row.id)
    const node = nodeOf(scope, row)
    if (isCandidate(row, node, hlc)) {
      unseen.set(key, row)
      candidates.set(key, node)
    } else {
      for (const target of node.targets) held.add(target)
    }
  }
  return [...deadKeys(candidates, (key) => held.has(key))].map((key) => {
    const row = unseen.get(key) as UnseenRow
    return { table: row.table.name, id: row.id, fingerprint: fingerprintOf(scope, row) }
  })
}

/** Rows that a visible row refers to though they are not visible. */
function shadowTargets({ driver, schema }: DeadRowsScope): Set<RowKey> {
  const targets = new Set<RowKey>()
  for (const [name, column, value] of driver.prepare('SELECT tbl, col, value FROM _shadow').all()) {
    const reference = schema
      .get(name as string)
      ?.references.find((one) => one.column.name === column)
    if (reference !== undefined) targets.add(rowKey(reference.target.name, value as string))
  }
  return targets
}

function* unseenRows({ driver, schema, rows }: DeadRowsScope): Iterable<UnseenRow> {
  const known = driver
    .prepare('SELECT tbl, id FROM _hidden UNION SELECT tbl, id FROM _tombstone')
    .all()
  for (const [name, rowId] of known) {
    const table = schema.get(name as string)
    const id = rowId as string
    if (table === undefined) continue
    const hidden = rows.getHidden(table, id)
    // A deleted row may be visible all the same: born again, or kept.
    if (hidden === undefined && rows.has(table, id)) continue
    const sets = hidden === undefined ? [] : table.columns.filter(({ kind }) => kind === 'set')
    const dots = sets.flatMap((column) => rows.dotsOf(table, id, column))
    yield { table, id, hidden, death: rows.getTombstone(table, id), dots }
  }
}

function nodeOf({ streams }: DeadRowsScope, { table, hidden, death }: UnseenRow): HiddenNode {
  const isBorn = hidden !== undefined && hidden.hlc > 0
  const isAlive = isBorn && (death === undefined || streams.compare(hidden, death) > 0)
  const cascadeTargets: RowKey[] = []
  const targets: RowKey[] = []
  for (const { column, target, onDelete } of hidden === undefined ? [] : table.references) {
    const value = hidden?.values[column.index]
    if (typeof value !== 'string') continue
    const key = rowKey(target.name, value)
    targets.push(key)
    if (onDelete === 'cascade') cascadeTargets.push(key)
  }
  return {
    life: isAlive ? 'alive' : death === undefined ? 'unborn' : 'dead',
    cascadeTargets,
    targets,
  }
}

function isCandidate(row: UnseenRow, { life }: HiddenNode, hlc: number): boolean {
  const { table, hidden } = row
  if (!isForgettable(table.definition)) return false
  // One that lacks a required cell waits for a schema that does not require it (MR12).
  if (life === 'alive' && !isPresent(table, hidden as HiddenRow)) return false
  return clocksOf(row).every((clock) => clock.hlc <= hlc)
}

function clocksOf({ hidden, death, dots }: UnseenRow): readonly LocalStamp[] {
  const clocks: LocalStamp[] = [...dots]
  if (death !== undefined) clocks.push(death)
  if (hidden === undefined) return clocks
  return [...clocks, hidden, ...decodeClockOverrides(hidden, hidden.overrides).values()]
}

/** Covers clocks and counters: nothing is merged into a row without one of them changing. */
function fingerprintOf({ driver }: DeadRowsScope, { table, id, death, dots }: UnseenRow): string {
  const [cells] =
    driver
      .prepare('SELECT hex(cells) FROM _hidden WHERE tbl = ?1 AND id = ?2')
      .get([table.name, id]) ?? []
  const text = JSON.stringify([cells ?? null, death ?? null, dots])
  return bytesToHex(sha256(new TextEncoder().encode(text)).subarray(0, 16))
}
