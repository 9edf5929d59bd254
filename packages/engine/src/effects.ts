/**
 * The net effect of one reducer call on each row, from which its delta is made.
 *
 * Insert then update is one insert; many updates are one; insert then delete is nothing where it can
 * be. A nested call that fails takes its part back: {@link Effects.undoable}.
 */
import type { LocalStamp, Stamp, StoredValue } from '@inner-universe/core'
import type { TableSchema } from './schema.ts'

/** Elements a call added to and removed from one set column. */
export interface SetEffect {
  /** Canonical JSON texts. */
  readonly added: Set<string>
  /** Element → the additions removed, all of them older than the call. */
  readonly removed: Map<string, Stamp[]>
}

/** What one call has done to one row so far. */
export interface RowEffect {
  readonly table: TableSchema
  readonly id: string
  /** The call gave it life: its delta has an insert with all scalar cells. */
  isBorn: boolean
  /** The call's last word was delete. */
  isGone: boolean
  /** Nothing of the row was in the file before the call: deleting it again may leave nothing. */
  isNew: boolean
  /** Its tombstone before the call deleted it. */
  tombstoneBefore: LocalStamp | undefined
  /** Values now, in column order: for the cells of the delta. */
  values: readonly StoredValue[]
  /** Indexes of scalar columns written, while not born. */
  written: Set<number> | undefined
  /** Counter column index → sum of increments. */
  increments: Map<number, number> | undefined
  /** Set column index → elements. */
  sets: Map<number, SetEffect> | undefined
}

interface Level {
  readonly created: Set<RowEffect>
  /** Effect → its state when the level began. */
  readonly saved: Map<RowEffect, RowEffect>
}

/** Effects up to which looking through them is cheaper than a map: most calls have one. */
const LISTED_MAX = 8

/** The effects of one call, in order of first touch. */
export class Effects {
  readonly #inOrder = new Set<RowEffect>()
  /** The same by table and id, from {@link LISTED_MAX} on. */
  #index: Map<TableSchema, Map<string, RowEffect>> | undefined
  #level: Level | undefined

  /** All effects. */
  get all(): Iterable<RowEffect> {
    return this.#inOrder
  }

  /** The effect on a row, about to be changed; undefined when the call has not touched it. */
  find(table: TableSchema, id: string): RowEffect | undefined {
    const effect = this.#find(table, id)
    if (effect !== undefined && this.#level !== undefined) save(this.#level, effect)
    return effect
  }

  /** Notes that the call inserted a row nothing was known of. */
  addNew(table: TableSchema, id: string, values: readonly StoredValue[]): RowEffect {
    return this.#add(blank(table, id, values, true))
  }

  /** The effect on a row that was known before the call and is about to be changed or inserted. */
  touch(table: TableSchema, id: string, values: readonly StoredValue[]): RowEffect {
    return this.find(table, id) ?? this.#add(blank(table, id, values, false))
  }

  /** Forgets a row: the call left nothing of it. */
  drop(effect: RowEffect): void {
    if (this.#level !== undefined) save(this.#level, effect)
    this.#remove(effect)
  }

  /** Runs `body`; if it throws, effects are as they were, as the savepoint around it does with rows. */
  undoable<T>(body: () => T): T {
    const outer = this.#level
    const level: Level = { created: new Set(), saved: new Map() }
    this.#level = level
    try {
      const result = body()
      this.#level = outer
      if (outer !== undefined) mergeLevel(outer, level)
      return result
    } catch (error) {
      this.#level = outer
      for (const effect of level.created) this.#remove(effect)
      for (const [effect, before] of level.saved) {
        Object.assign(effect, before)
        this.#put(effect)
      }
      throw error
    }
  }

  #find(table: TableSchema, id: string): RowEffect | undefined {
    if (this.#index !== undefined) return this.#index.get(table)?.get(id)
    for (const effect of this.#inOrder) {
      if (effect.id === id && effect.table === table) return effect
    }
    return undefined
  }

  #add(effect: RowEffect): RowEffect {
    this.#put(effect)
    this.#level?.created.add(effect)
    return effect
  }

  #put(effect: RowEffect): void {
    this.#inOrder.add(effect)
    if (this.#index !== undefined) {
      this.#link(this.#index, effect)
    } else if (this.#inOrder.size > LISTED_MAX) {
      this.#index = new Map()
      for (const one of this.#inOrder) this.#link(this.#index, one)
    }
  }

  #remove(effect: RowEffect): void {
    this.#inOrder.delete(effect)
    this.#index?.get(effect.table)?.delete(effect.id)
  }

  #link(index: Map<TableSchema, Map<string, RowEffect>>, effect: RowEffect): void {
    let byId = index.get(effect.table)
    if (byId === undefined) {
      byId = new Map()
      index.set(effect.table, byId)
    }
    byId.set(effect.id, effect)
  }
}

function save(level: Level, effect: RowEffect): void {
  if (level.saved.has(effect) || level.created.has(effect)) return
  level.saved.set(effect, {
    ...effect,
    written: effect.written && new Set(effect.written),
    increments: effect.increments && new Map(effect.increments),
    sets: effect.sets && copySets(effect.sets),
  })
}

function mergeLevel(outer: Level, inner: Level): void {
  for (const effect of inner.created) outer.created.add(effect)
  for (const [effect, before] of inner.saved) {
    if (!outer.saved.has(effect) && !outer.created.has(effect)) outer.saved.set(effect, before)
  }
}

function copySets(sets: ReadonlyMap<number, SetEffect>): Map<number, SetEffect> {
  const copy = new Map<number, SetEffect>()
  for (const [column, { added, removed }] of sets) {
    copy.set(column, { added: new Set(added), removed: new Map(removed) })
  }
  return copy
}

function blank(
  table: TableSchema,
  id: string,
  values: readonly StoredValue[],
  isNew: boolean,
): RowEffect {
  return {
    table,
    id,
    isBorn: isNew,
    isGone: false,
    isNew,
    tombstoneBefore: undefined,
    values,
    written: undefined,
    increments: undefined,
    sets: undefined,
  }
}

/** The set effect of one column, made when there is none. */
export function setEffectOf(effect: RowEffect, columnIndex: number): SetEffect {
  effect.sets ??= new Map()
  let sets = effect.sets.get(columnIndex)
  if (sets === undefined) {
    sets = { added: new Set(), removed: new Map() }
    effect.sets.set(columnIndex, sets)
  }
  return sets
}
