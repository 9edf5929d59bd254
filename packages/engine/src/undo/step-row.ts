/**
 * What one step did to one row, both ways round, and how it lies in `_undo_row.change`: UNDO.md.
 *
 * JSON of `{ v, h, l, c?, n?, s? }`: `v` the versions, named by their place in the other members; `h`
 * the clock of the first write; `l` life as `[was there, version, is there, version]`; `c` cells by column, `[version, value]` or, where the two
 * sides differ, `[version, value, version, value]`; `n` counters as `[before, after]`; `s` sets by column
 * and element, `[versions, versions]`. Bytes are `["hex"]`, a cell that nothing was written to is `[]`.
 */
import { addCounter, bytesToHex, hexToBytes, type StoredValue } from '@inner-universe/core'
import { isSameValue } from '../changes.ts'
import type { TableSchema } from '../schema.ts'
import { isCell, type RowState, type Version, versionOf } from './row-state.ts'

/** The two sides of a step. */
export type Side = 'before' | 'after'

/** Something as it was before a step, and is after it. */
export type Sides<Part> = Record<Side, Part>

/** A cell on one side. */
export interface CellSide {
  readonly value: StoredValue | undefined
  readonly version: Version
}

/** Whether a row is there on one side, and the write that made it so. */
export interface LifeSide {
  readonly isThere: boolean
  readonly version: Version
}

/** The change of one row. Cells and elements that the step did not touch are only there with a change of life. */
export interface StepRow {
  readonly table: string
  readonly id: string
  /** Of the first write of the step, as it was made: what refers to the row was written before it, or since. */
  readonly sinceHlc: number
  readonly life: Sides<LifeSide>
  readonly cells: Map<string, Sides<CellSide>>
  readonly counters: Map<string, Sides<number>>
  /** By column and element: the additions that show it. */
  readonly sets: Map<string, Map<string, Sides<readonly Version[]>>>
}

/** What became of a row between two readings; undefined: nothing. */
export function stepRowOf(
  table: TableSchema,
  id: string,
  before: RowState,
  after: RowState,
  sinceHlc: number,
): StepRow | undefined {
  const hasNewLife = before.isAlive !== after.isAlive || before.life !== after.life
  const row: StepRow = {
    table: table.name,
    id,
    sinceHlc,
    life: {
      before: { isThere: before.isAlive, version: before.life },
      after: { isThere: after.isAlive, version: after.life },
    },
    cells: new Map(),
    counters: new Map(),
    sets: new Map(),
  }
  for (const column of table.columns) {
    const { name, index } = column
    const values = { before: before.values[index], after: after.values[index] }
    if (isCell(table, column)) {
      const cell = {
        before: { value: values.before, version: versionOf(before, name) },
        after: { value: values.after, version: versionOf(after, name) },
      }
      const isWritten =
        cell.before.version !== cell.after.version || !isSame(values.before, values.after)
      if (hasNewLife || isWritten) row.cells.set(name, cell)
    } else if (column.kind === 'counter') {
      const sums = { before: Number(values.before ?? 0), after: Number(values.after ?? 0) }
      if (hasNewLife || sums.before !== sums.after) row.counters.set(name, sums)
    } else if (column.kind === 'set') {
      const had = before.elements.get(name)
      const has = after.elements.get(name)
      const elements: Map<string, Sides<readonly Version[]>> = new Map()
      for (const element of new Set([...(had?.keys() ?? []), ...(has?.keys() ?? [])])) {
        const dots = { before: had?.get(element) ?? [], after: has?.get(element) ?? [] }
        if (hasNewLife || !isSameVersions(dots.before, dots.after)) elements.set(element, dots)
      }
      if (elements.size > 0) row.sets.set(name, elements)
    }
  }
  const isTouched = hasNewLife || row.cells.size + row.counters.size + row.sets.size > 0
  return isTouched ? row : undefined
}

/**
 * Adds a later change of the same row to `row`. Where somebody else wrote in between, the later one
 * stands alone: what was before the first is not theirs to lose.
 */
export function addLater(row: StepRow, later: StepRow): StepRow {
  if (row.life.after.version !== later.life.before.version) return later
  const cells = new Map(row.cells)
  for (const [column, cell] of later.cells) {
    const first = cells.get(column)
    const isNext = first?.after.version === cell.before.version
    cells.set(column, first && isNext ? { before: first.before, after: cell.after } : cell)
  }
  const counters = new Map(row.counters)
  for (const [column, { before, after }] of later.counters) {
    const first = counters.get(column)
    const moved = first === undefined ? 0 : addCounter(first.after, -first.before)
    counters.set(column, { before: addCounter(before, -moved), after })
  }
  const sets = new Map([...row.sets].map(([column, elements]) => [column, new Map(elements)]))
  for (const [column, elements] of later.sets) {
    const known = sets.get(column)
    if (known === undefined) sets.set(column, elements)
    for (const [element, dots] of known === undefined ? [] : elements) {
      const first = known?.get(element)
      const isNext = first !== undefined && isSameVersions(first.after, dots.before)
      known?.set(element, isNext ? { before: first.before, after: dots.after } : dots)
    }
  }
  const life = { before: row.life.before, after: later.life.after }
  return { ...row, life, cells, counters, sets }
}

/** Whether two values are the same, or both missing. */
export function isSame(a: StoredValue | undefined, b: StoredValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && isSameValue(a, b))
}

/** Whether two lists name the same writes, in whatever order. */
export function isSameVersions(a: readonly Version[], b: readonly Version[]): boolean {
  return a.length === b.length && a.every((version) => b.includes(version))
}

type EncodedValue = null | number | string | [hex?: string]
type EncodedCell =
  | [version: number, value: EncodedValue]
  | [version: number, value: EncodedValue, version: number, value: EncodedValue]

interface Encoded {
  readonly v: readonly Version[]
  readonly h: number
  readonly l: readonly [0 | 1, number, 0 | 1, number]
  readonly c?: Readonly<Record<string, EncodedCell>>
  readonly n?: Readonly<Record<string, [before: number, after: number]>>
  readonly s?: Readonly<Record<string, Record<string, [readonly number[], readonly number[]]>>>
}

/** The text of a change. */
export function encodeStepRow({ sinceHlc, life, cells, counters, sets }: StepRow): string {
  const places = new Map<Version, number>()
  const placeOf = (version: Version): number => {
    const place = places.get(version) ?? places.size
    places.set(version, place)
    return place
  }
  const { before, after } = life
  const encoded: Omit<Encoded, 'v'> = {
    h: sinceHlc,
    l: [
      before.isThere ? 1 : 0,
      placeOf(before.version),
      after.isThere ? 1 : 0,
      placeOf(after.version),
    ],
    ...(cells.size > 0 && { c: mapped(cells, (cell) => encodeCell(cell, placeOf)) }),
    ...(counters.size > 0 && { n: mapped(counters, (sums) => [sums.before, sums.after]) }),
    ...(sets.size > 0 && {
      s: mapped(sets, (elements) =>
        mapped(elements, (dots) => [dots.before.map(placeOf), dots.after.map(placeOf)]),
      ),
    }),
  }
  return JSON.stringify({ v: [...places.keys()], ...encoded })
}

/** The change of a text. */
export function decodeStepRow(table: string, id: string, text: string): StepRow {
  const { v, h, l, c = {}, n = {}, s = {} } = JSON.parse(text) as Encoded
  const at = (place: number): Version => v[place] ?? ''
  const decodeCell = ([version, value, ...rest]: EncodedCell): Sides<CellSide> => {
    const before = { value: decodeValue(value), version: at(version) }
    const [afterVersion, afterValue] = rest
    if (afterVersion === undefined || afterValue === undefined) return { before, after: before }
    return { before, after: { value: decodeValue(afterValue), version: at(afterVersion) } }
  }
  return {
    table,
    id,
    sinceHlc: h,
    life: {
      before: { isThere: l[0] === 1, version: at(l[1]) },
      after: { isThere: l[2] === 1, version: at(l[3]) },
    },
    cells: new Map(Object.entries(c).map(([column, cell]) => [column, decodeCell(cell)])),
    counters: new Map(
      Object.entries(n).map(([column, [before, after]]) => [column, { before, after }]),
    ),
    sets: new Map(
      Object.entries(s).map(([column, elements]) => [
        column,
        new Map(
          Object.entries(elements).map(([element, [before, after]]) => [
            element,
            { before: before.map(at), after: after.map(at) },
          ]),
        ),
      ]),
    ),
  }
}

/** The text of a change whose writes were authored anew under other stamps. */
export function withNewVersionsIn(text: string, newOf: (version: Version) => Version): string {
  const encoded = JSON.parse(text) as Encoded
  return JSON.stringify({ ...encoded, v: encoded.v.map(newOf) })
}

function encodeCell(
  { before, after }: Sides<CellSide>,
  placeOf: (version: Version) => number,
): EncodedCell {
  const place = placeOf(before.version)
  const value = encodeValue(before.value)
  if (before.version === after.version && isSame(before.value, after.value)) return [place, value]
  return [place, value, placeOf(after.version), encodeValue(after.value)]
}

function encodeValue(value: StoredValue | undefined): EncodedValue {
  if (value === undefined) return []
  if (value instanceof Uint8Array) return [bytesToHex(value)]
  return typeof value === 'bigint' ? Number(value) : value
}

function decodeValue(value: EncodedValue): StoredValue | undefined {
  if (!Array.isArray(value)) return value
  const [hex] = value
  return hex === undefined ? undefined : (hexToBytes(hex) ?? new Uint8Array())
}

function mapped<Value, Encodable>(
  map: ReadonlyMap<string, Value>,
  encode: (value: Value) => Encodable,
): Record<string, Encodable> {
  return Object.fromEntries([...map].map(([name, value]) => [name, encode(value)]))
}
