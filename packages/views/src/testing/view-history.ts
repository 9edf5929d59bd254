/** A view with something of everything, and histories of changes for it. For tests and kill runs. */
import { createRandom, type Random } from '@inner-universe/core'
import { count, sum } from '../aggregates.ts'
import { max } from '../bag-aggregates.ts'
import type { Deltas } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { ViewDefinition } from '../store/view-store.ts'
import { ZSet } from '../zset.ts'

/** A line of a receipt. */
export interface Item {
  readonly id: number
  readonly basket: string
  readonly product: number | null
  readonly quantity: number
  readonly note: unknown
}

/** What items are of. */
export interface Product {
  readonly id: number
  readonly price: number
}

/** A line with this note makes the step fail, late: totals are written by then. */
export const FAILING_NOTE = 'fail'

/** A view over a graph. */
export function definitionOf(graph: Graph): ViewDefinition {
  return {
    definitionHash: graph.definitionHash,
    createCircuit: (store) => createCircuit(graph, store),
  }
}

/**
 * Receipts: `totals` joins, groups and sums; `dearest` keeps the two dearest lines of each basket, in
 * order, and `notes` every note once.
 */
export function receiptDefinition(): ViewDefinition {
  const graph = createGraph()
  const items = graph.source<Item>('items')
  const products = graph.source<Product>('products')
  const lines = items.join(products, {
    left: (item) => item.product,
    right: (product) => product.id,
    combine: (item, product) => ({
      id: item.id,
      basket: item.basket,
      amount: item.quantity * product.price,
    }),
  })
  const totals = lines
    .group({
      by: (line) => line.basket,
      aggregates: {
        total: sum((line) => line.amount),
        lines: count(),
        highest: max((line) => line.amount),
      },
      combine: (basket, { total, lines, highest }) => ({ basket, total, lines, highest }),
    })
    .named('totals')
  const dearest = lines
    .window({
      by: (line) => line.basket,
      orderBy: [{ pick: (line) => line.amount, isDescending: true }],
      limit: 2,
    })
    .named('dearest')
  graph.output('totals', totals)
  graph.output('dearest', dearest)
  const notes = items.map((item) => {
    if (item.note === FAILING_NOTE) throw new Error('a note that no function takes')
    return item.note
  })
  graph.output('notes', notes.distinct().named('notes'))
  // Not the graph's own: the text of functions is another in a process that is transpiled otherwise.
  return { ...definitionOf(graph), definitionHash: 'receipts' }
}

/** A delta of rows with weights. */
export function deltaOf<R>(entries: Iterable<readonly [row: R, weight: number]>): Delta<R> {
  const delta = new Delta<R>()
  for (const [row, weight] of entries) delta.push(row, weight)
  return delta
}

/** Values of every kind, among them some that are equal and do not look it. */
const NOTES: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  1,
  1n,
  2n ** 60n + 1n,
  '',
  'note',
  'nul \0 and one \x01',
  Uint8Array.of(0, 1, 255),
  ['a', [1, null]],
  { b: 1, a: { c: [2] } },
  'long '.repeat(2_000),
]

/** Batch after batch of inputs from one seed; the same from the same seed. */
export class ReceiptHistory {
  readonly #random: Random
  readonly #items: Item[] = []
  readonly #products = new Map<number, Product>()
  #nextId = 0

  constructor(seed: number) {
    this.#random = createRandom(new TextEncoder().encode(`history ${seed}`))
  }

  /** Some changes: lines added, changed and removed, copies of them, prices. */
  next(changes: number = 6): Deltas {
    const items = new Delta<Item>()
    const products = new Delta<Product>()
    for (let index = 0; index < changes; index += 1) this.#change(items, products)
    return new Map<string, Delta>([
      ['items', items],
      ['products', products],
    ])
  }

  #below(bound: number): number {
    return Math.floor(this.#random.next() * bound)
  }

  #change(items: Delta<Item>, products: Delta<Product>): void {
    switch (this.#below(6)) {
      case 0: {
        const id = this.#below(4)
        const before = this.#products.get(id)
        if (before !== undefined) products.push(before, -1)
        const after = { id, price: this.#below(20) / 4 }
        this.#products.set(id, after)
        products.push(after, 1)
        return
      }
      case 1:
      case 2: {
        const [item] = this.#items.splice(this.#below(this.#items.length), 1)
        if (item !== undefined) items.push(item, -1)
        return
      }
      default: {
        const item = this.#newItem()
        this.#items.push(item)
        items.push(item, 1)
      }
    }
  }

  #newItem(): Item {
    const again = this.#items[this.#below(2 * this.#items.length)]
    if (again !== undefined) return again
    this.#nextId += 1
    return {
      id: this.#nextId,
      basket: ['a', 'b', `long ${'key '.repeat(1_000)}`][this.#below(3)] as string,
      product: this.#below(5) === 0 ? null : this.#below(4),
      quantity: 1 + this.#below(5),
      note: NOTES[this.#below(NOTES.length)],
    }
  }
}

/** What outputs come to, added up over steps. */
export class Outputs {
  readonly #sums = new Map<string, ZSet>()

  add(changes: Deltas): void {
    for (const [name, delta] of changes) {
      this.#sums.set(name, this.get(name).add(ZSet.fromDelta(delta)))
    }
  }

  get(name: string): ZSet {
    return this.#sums.get(name) ?? ZSet.from([])
  }

  /** What the view would say had it been given all inputs at once. */
  static recomputed(definition: ViewDefinition, batches: Iterable<Deltas>): Outputs {
    const all = new Map<string, Delta>()
    for (const batch of batches) {
      for (const [name, delta] of batch) {
        const sum = all.get(name) ?? new Delta()
        sum.append(delta)
        all.set(name, sum)
      }
    }
    const outputs = new Outputs()
    outputs.add(Outputs.stepOf(definition, all))
    return outputs
  }

  /** The outputs of the first step of a view. */
  static stepOf(definition: ViewDefinition, inputs: Deltas): Deltas {
    return definition.createCircuit(new MemoryState()).step(inputs)
  }

  /** The first output that differs, or undefined. */
  differenceTo(other: Outputs): string | undefined {
    const names = new Set([...this.#sums.keys(), ...other.#sums.keys()])
    return [...names].find((name) => !this.get(name).equals(other.get(name)))
  }
}
