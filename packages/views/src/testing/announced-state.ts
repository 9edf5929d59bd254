/** A store that is remote in name: state in memory that may only be read as it was announced. */
import { assert } from '@inner-universe/core'
import { type MapKey, mapKey } from '../map-key.ts'
import { MemoryState } from '../memory-state.ts'
import type {
  Bag,
  Cells,
  Datum,
  Need,
  OrderedBag,
  OrderTerm,
  StateName,
  StateStore,
} from '../state.ts'

/**
 * Fails what reads a key, or more rows of it, than was loaded since the last {@link forget}, and what
 * changes a cell's value in place. The weight after adding to a key that was not loaded is NaN.
 */
export class AnnouncedState implements StateStore {
  readonly isRemote = true
  readonly #memory = new MemoryState()
  readonly #loaded = new Map<StateName, Map<MapKey, number>>()

  /** Notes what may be read from now on. */
  load(needs: readonly Need[]): void {
    for (const { name, key, rowsMax = Number.POSITIVE_INFINITY } of needs) {
      const keys = this.#loaded.get(name) ?? new Map<MapKey, number>()
      this.#loaded.set(name, keys)
      const primitive = mapKey(key)
      keys.set(primitive, Math.max(rowsMax, keys.get(primitive) ?? 0))
    }
  }

  /** Nothing is loaded any more. */
  forget(): void {
    this.#loaded.clear()
  }

  bag<R>(name: StateName): Bag<R> {
    return this.#guarded(name, this.#memory.bag<R>(name))
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    const bag = this.#memory.orderedBag<R>(name, order)
    return {
      ...this.#guarded(name, bag),
      eachFrom: (key, from, onRow) => {
        const rowsMax = this.#rowsMax(name, key)
        let place = from
        bag.eachFrom(key, from, (row, weight) => {
          assert(place < rowsMax, `at most ${rowsMax} rows of ${name} are read, as announced`)
          place += 1
          return onRow(row, weight)
        })
      },
    }
  }

  cells<V>(name: StateName): Cells<V> {
    const cells = this.#memory.cells<V>(name)
    return {
      get: (key) => this.#rowsMax(name, key) && (cells.get(key) as V | undefined),
      // What a store hands out stays as it is: it is needed if the step fails.
      set: (key, value) => cells.set(key, frozen(value)),
      eachEntry: (onEntry) => cells.eachEntry(onEntry),
    } as Cells<V>
  }

  #guarded<R>(name: StateName, bag: Bag<R>): Bag<R> {
    const check = (key: Datum): number => this.#rowsMax(name, key)
    return {
      each: (key, onRow) => {
        check(key)
        bag.each(key, onRow)
      },
      add: (key, row, weight) => {
        const sum = bag.add(key, row, weight)
        return this.#loadedRows(name, key) === undefined ? Number.NaN : sum
      },
      weight: (key, row) => {
        check(key)
        return bag.weight(key, row)
      },
      size: (key) => {
        assert(
          check(key) === Number.POSITIVE_INFINITY,
          `${name} is loaded whole before it is counted`,
        )
        return bag.size(key)
      },
      eachEntry: (onEntry) => bag.eachEntry(onEntry),
    }
  }

  #rowsMax(name: StateName, key: Datum): number {
    const rowsMax = this.#loadedRows(name, key)
    assert(rowsMax !== undefined, `${name} is read only under keys that were announced`)
    return rowsMax
  }

  #loadedRows(name: StateName, key: Datum): number | undefined {
    return this.#loaded.get(name)?.get(mapKey(key))
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
