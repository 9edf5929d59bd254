import type { Bag, Cells, Datum, OrderedBag, OrderTerm, StateName, StateStore } from '../state.ts'

/** State over another store that can take back what was done since the last {@link UndoState.keep}. */
export class UndoState implements StateStore {
  readonly isRemote: boolean
  readonly #store: StateStore
  /** What takes each change back, oldest first. */
  readonly #undo: (() => void)[] = []

  constructor(store: StateStore) {
    this.#store = store
    this.isRemote = store.isRemote
  }

  bag<R>(name: StateName): Bag<R> {
    return new UndoBag(this.#store.bag<R>(name), this.#undo)
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    return new UndoOrderedBag(this.#store.orderedBag(name, order), this.#undo)
  }

  cells<V>(name: StateName): Cells<V> {
    return new UndoCells(this.#store.cells<V>(name), this.#undo)
  }

  /** What was done stays. */
  keep(): void {
    this.#undo.length = 0
  }

  /** Takes back what was done, last first. */
  takeBack(): void {
    while (this.#undo.length > 0) this.#undo.pop()?.()
  }
}

class UndoBag<R, B extends Bag<R> = Bag<R>> implements Bag<R> {
  protected readonly bag: B
  readonly #undo: (() => void)[]

  constructor(bag: B, undo: (() => void)[]) {
    this.bag = bag
    this.#undo = undo
  }

  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void {
    this.bag.each(key, onRow)
  }

  add(key: Datum, row: R, weight: number): number {
    const sum = this.bag.add(key, row, weight)
    this.#undo.push(() => this.bag.add(key, row, -weight))
    return sum
  }

  weight(key: Datum, row: R): number {
    return this.bag.weight(key, row)
  }

  size(key: Datum): number {
    return this.bag.size(key)
  }

  eachEntry(onEntry: (key: Datum, row: R, weight: number) => void): void {
    this.bag.eachEntry(onEntry)
  }
}

class UndoOrderedBag<R> extends UndoBag<R, OrderedBag<R>> implements OrderedBag<R> {
  eachFrom(key: Datum, from: number, onRow: (row: R, weight: number) => undefined | boolean): void {
    this.bag.eachFrom(key, from, onRow)
  }
}

class UndoCells<V> implements Cells<V> {
  readonly #cells: Cells<V>
  readonly #undo: (() => void)[]

  constructor(cells: Cells<V>, undo: (() => void)[]) {
    this.#cells = cells
    this.#undo = undo
  }

  get(key: Datum): V | undefined {
    return this.#cells.get(key)
  }

  set(key: Datum, value: V | undefined): void {
    const before = this.#cells.get(key)
    this.#cells.set(key, value)
    this.#undo.push(() => this.#cells.set(key, before))
  }

  eachEntry(onEntry: (key: Datum, value: V) => void): void {
    this.#cells.eachEntry(onEntry)
  }
}
