/**
 * Which rows a floor may forget: rows that nothing shows, that nothing retained refers to, and that
 * no operation yet to come can bring back. MERGE.md MR20, MR21; the model that the engine is held to.
 */
import type { StoredValue } from './delta.ts'
import { compareStamp, type Stamp } from './hlc.ts'
import {
  dropRow,
  isAlive,
  type MergedRow,
  type MergedRows,
  type TableDefinitions,
} from './merge.ts'
import { type RowKey, referencesOf, rowKey, visibleRows } from './reference.ts'
import type { Floor } from './replica.ts'
import type { TableDefinition } from './table.ts'

/** A row that is not visible, as the choice of dead rows sees it. */
export interface HiddenNode {
  /**
   * `alive`: born, and not dead since; it can only go with a dead row that it hangs on. `unborn`:
   * written to, but neither inserted nor deleted that is known of.
   */
  readonly life: 'alive' | 'dead' | 'unborn'
  readonly cascadeTargets: readonly RowKey[]
  /** All rows it refers to, whatever the rule. */
  readonly targets: readonly RowKey[]
}

/**
 * [MR20] The dead ones of `candidates`: the greatest set of which no member is referred to from
 * outside, and each alive member hangs, through members, on one that is dead. `isHeld` says
 * which rows are referred to by rows that are no candidates.
 *
 * Cost: O(rows + references) a round; a round for every link of a chain that is retained.
 */
export function deadKeys(
  candidates: ReadonlyMap<RowKey, HiddenNode>,
  isHeld: (key: RowKey) => boolean,
): Set<RowKey> {
  let dead = new Set<RowKey>()
  for (const key of candidates.keys()) if (!isHeld(key)) dead.add(key)
  const held = new Set<RowKey>()
  for (;;) {
    for (const [key, { targets }] of candidates) {
      if (!dead.has(key)) for (const target of targets) if (target !== key) held.add(target)
    }
    const next = hanging(candidates, dead, held)
    if (next.size === dead.size) return dead
    dead = next
  }
}

/** Members of `dead` that are not held: those not alive, and what hangs through members on dead ones. */
function hanging(
  candidates: ReadonlyMap<RowKey, HiddenNode>,
  dead: ReadonlySet<RowKey>,
  held: ReadonlySet<RowKey>,
): Set<RowKey> {
  const referrers = new Map<RowKey, RowKey[]>()
  const next = new Set<RowKey>()
  for (const key of dead) {
    if (held.has(key)) continue
    const node = candidates.get(key) as HiddenNode
    if (node.life !== 'alive') next.add(key)
    for (const target of node.life === 'alive' ? node.cascadeTargets : []) {
      const list = referrers.get(target)
      if (list === undefined) referrers.set(target, [key])
      else list.push(key)
    }
  }
  // Rows added while iterating are visited too.
  for (const key of next) {
    if (candidates.get(key)?.life === 'unborn') continue
    for (const referrer of referrers.get(key) ?? []) next.add(referrer)
  }
  return next
}

/** Whether rows of a table may be forgotten: a key that comes back must find its counters and sets. */
export function isForgettable({ columns, primaryKey }: TableDefinition): boolean {
  if (columns[primaryKey]?.kind !== 'key') return true
  return Object.values(columns).every(({ kind }) => kind !== 'counter' && kind !== 'set')
}

/** [MR20] The dead rows of a merged state with all clocks at or below `hlc`. The model. */
export function deadRowsOf(rows: MergedRows, tables: TableDefinitions, hlc: number): Set<RowKey> {
  const visible = visibleRows(rows, tables)
  const candidates = new Map<RowKey, HiddenNode>()
  const held = new Set<RowKey>()
  for (const [table, byId] of rows) {
    const definition = tables[table]
    if (definition === undefined) continue
    for (const row of byId.values()) {
      const references = [...referencesOf(tables, table, referencesIn(row, definition))]
      const targets = references.map(([, target]) => target)
      const isShown = visible.get(table)?.has(row.id) === true
      const isLiving = isAlive(row.birth, row.death)
      const isCandidate =
        !isShown &&
        isForgettable(definition) &&
        stampsOf(row).every((stamp) => stamp.hlc <= hlc) &&
        (!isLiving || hasRequired(row, definition))
      const key = rowKey(table, row.id)
      if (isCandidate) {
        const cascadeTargets = references
          .filter(([, , onDelete]) => onDelete === 'cascade')
          .map(([, target]) => target)
        const life = isLiving ? 'alive' : row.death === undefined ? 'unborn' : 'dead'
        candidates.set(key, { life, cascadeTargets, targets })
      } else {
        for (const target of targets) held.add(target)
      }
    }
  }
  return deadKeys(candidates, (key) => held.has(key))
}

function stampsOf({ birth, death, cells, sets }: MergedRow): Stamp[] {
  const stamps = [birth, death].filter((stamp) => stamp !== undefined)
  for (const { stamp } of cells.values()) stamps.push(stamp)
  for (const elements of sets.values()) {
    for (const dots of elements.values()) for (const { stamp } of dots.values()) stamps.push(stamp)
  }
  return stamps
}

function isOfLife({ birth }: MergedRow, stamp: Stamp): boolean {
  return birth === undefined || compareStamp(stamp, birth) >= 0
}

function referencesIn(row: MergedRow, { columns }: TableDefinition): Record<string, StoredValue> {
  const cells: Record<string, StoredValue> = {}
  for (const [name, { value, stamp }] of row.cells) {
    if (columns[name]?.kind === 'ref' && isOfLife(row, stamp)) cells[name] = value
  }
  return cells
}

function hasRequired(row: MergedRow, { columns, primaryKey }: TableDefinition): boolean {
  return Object.entries(columns).every(([name, { isOptional, defaultValue }]) => {
    if (isOptional || defaultValue !== undefined || name === primaryKey) return true
    const cell = row.cells.get(name)
    return cell !== undefined && isOfLife(row, cell.stamp)
  })
}

/** [MR21] What a floor does to a merged state. The model. */
export function mergeFloor(rows: MergedRows, { hlc, forgotten }: Floor): void {
  for (const { table, ids } of forgotten) {
    for (const id of ids) {
      const row = rows.get(table)?.get(id)
      if (row !== undefined) forgetBelow(row, hlc)
    }
  }
  for (const byId of rows.values()) {
    for (const row of byId.values()) {
      if (row.death !== undefined && row.death.hlc <= hlc && isAlive(row.birth, row.death)) {
        row.death = undefined
      }
      for (const elements of row.sets.values()) {
        for (const dots of elements.values()) {
          for (const [key, { stamp, isRemoved }] of dots) {
            if (isRemoved && stamp.hlc <= hlc) dots.delete(key)
          }
        }
      }
      if (stampsOf(row).length === 0 && row.counters.size === 0) dropRow(rows, row)
    }
  }
}

function forgetBelow(row: MergedRow, hlc: number): void {
  if (row.birth !== undefined && row.birth.hlc <= hlc) row.birth = undefined
  if (row.death !== undefined && row.death.hlc <= hlc) row.death = undefined
  for (const [column, { stamp }] of row.cells) if (stamp.hlc <= hlc) row.cells.delete(column)
  row.counters.clear()
  for (const elements of row.sets.values()) {
    for (const dots of elements.values()) {
      for (const [key, { stamp }] of dots) if (stamp.hlc <= hlc) dots.delete(key)
    }
  }
}
