/**
 * The oracle: what every replica must show in the end, computed from the relay's whole log by the pure
 * model of core, in another order and without images, floors or anything forgotten.
 */
import {
  createMergeState,
  mergeDelta,
  type Random,
  type RowOperation,
  type StoredValue,
  type TableDefinitions,
  visibleRows,
} from '@inner-universe/core'
import type { OpenedEntry } from './relay-log.ts'

/** Visible rows as text: table → id → canonical cells. */
export type ShownRows = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What the model makes rows of. */
export interface OracleLog {
  readonly log: readonly OpenedEntry[]
  /** True for an operation that a floor has made no part of its row any more. */
  readonly isForgotten: (operation: RowOperation, hlc: number) => boolean
}

/** Rows that the whole log amounts to. */
export function oracleRows(
  { log, isForgotten }: OracleLog,
  tables: TableDefinitions,
  random: Random,
): ShownRows {
  const state = createMergeState()
  const offsets = new Map<string, number>()
  const deltas = log.flatMap((entry) => {
    if (entry.kind === 'floor') return []
    for (const { hlc, stream } of entry.deltas) offsets.set(`${hlc} ${stream}`, entry.offset)
    return entry.deltas.map((delta) => ({
      ...delta,
      operations: delta.operations.filter((operation) => !isForgotten(operation, delta.hlc)),
    }))
  })
  for (const delta of shuffled(deltas, random)) mergeDelta(state, delta, tables)
  const shown = new Map<string, ReadonlyMap<string, string>>()
  const visible = visibleRows(state.rows, tables, ({ hlc, stream }) =>
    offsets.get(`${hlc} ${stream}`),
  )
  for (const [table, byId] of visible) {
    shown.set(table, new Map([...byId].map(([id, cells]) => [id, cellsText(cells)])))
  }
  return shown
}

/** Cells of one row in one form, whoever gives them. */
export function cellsText(cells: Readonly<Record<string, StoredValue>>): string {
  return JSON.stringify(
    Object.entries(cells)
      .map(([name, value]) => [
        name,
        typeof value === 'bigint'
          ? Number(value)
          : value instanceof Uint8Array
            ? [...value]
            : value,
      ])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}

/** The first difference between two sets of rows, in words; undefined: there is none. */
export function differenceOf(
  a: ShownRows,
  b: ShownRows,
  tables: readonly string[],
): string | undefined {
  for (const table of tables) {
    const [ofA, ofB] = [a.get(table), b.get(table)]
    for (const id of new Set([...(ofA?.keys() ?? []), ...(ofB?.keys() ?? [])])) {
      const [left, right] = [ofA?.get(id), ofB?.get(id)]
      if (left !== right) return `${table} ${id}: ${left ?? 'no row'} against ${right ?? 'no row'}`
    }
  }
  return undefined
}

function shuffled<T>(of: readonly T[], random: Random): T[] {
  const all = [...of]
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.integer(0, at)
    const held = all[at] as T
    all[at] = all[other] as T
    all[other] = held
  }
  return all
}
