/** A store that is remote for tests: whatever is read without having been announced fails. */
import { assert } from '@inner-universe/core'
import type { Circuit, Deltas } from '../circuit.ts'
import { datumText } from '../map-key.ts'
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

/** State in memory that answers only for keys loaded in the step under way. Of ordered bags rows are not counted. */
export class RemoteState implements StateStore {
  readonly isRemote = true
  readonly #memory = new MemoryState()
  readonly #loaded = new Set<string>()

  bag<R>(name: StateName): Bag<R> {
    return this.#guardBag(name, this.#memory.bag<R>(name))
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    const bag = this.#memory.orderedBag<R>(name, order)
    return {
      ...this.#guardBag(name, bag),
      eachFrom: (key, from, onRow) => bag.eachFrom(this.#read(name, key), from, onRow),
    }
  }

  cells<V>(name: StateName): Cells<V> {
    const cells = this.#memory.cells<V>(name)
    return {
      get: (key) => cells.get(this.#read(name, key)),
      set: (key, value) => cells.set(this.#read(name, key), value),
      eachEntry: (onEntry) => cells.eachEntry(onEntry),
    }
  }

  /** Takes one step of a circuit over this store, loading what it asks for. Gives the number of rounds too. */
  step(circuit: Circuit, inputs: Deltas): { readonly outputs: Deltas; readonly loadCount: number } {
    this.#loaded.clear()
    const steps = circuit.steps(inputs)
    let loadCount = 0
    for (let result = steps.next(); ; result = steps.next()) {
      if (result.done === true) return { outputs: result.value, loadCount }
      loadCount += 1
      for (const need of result.value) this.#load(need)
    }
  }

  #load({ name, key }: Need): void {
    this.#loaded.add(loadedKey(name, key))
  }

  #read(name: StateName, key: Datum): Datum {
    assert(this.#loaded.has(loadedKey(name, key)), `${name} was announced before it is read`)
    return key
  }

  #guardBag<R>(name: StateName, bag: Bag<R>): Bag<R> {
    return {
      each: (key, onRow) => bag.each(this.#read(name, key), onRow),
      add: (key, row, weight) => bag.add(this.#read(name, key), row, weight),
      weight: (key, row) => bag.weight(this.#read(name, key), row),
      size: (key) => bag.size(this.#read(name, key)),
      eachEntry: (onEntry) => bag.eachEntry(onEntry),
    }
  }
}

function loadedKey(name: StateName, key: Datum): string {
  return `${name} ${datumText(key)}`
}
