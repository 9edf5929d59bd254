/** What every engine is put through: the data of a question, changes to it, and the right answer. */
import { createDraw } from './random.ts'

/** Rows of one input with weights: what goes, then what comes. */
export type Change = ReadonlyMap<string, readonly (readonly [row: Row, weight: number])[]>

/** A row of an input. Members by the input: see each workload. */
export type Row = Readonly<Record<string, number | string>>

/** What a view must come to: one number by key. */
export type Answer = ReadonlyMap<number | string, number>

/** One question, with its data. */
export interface Workload {
  /** Everything there is, in one change. */
  load(): Change
  /** Changes to be measured one by one, by name. */
  readonly changes: Readonly<Record<string, () => Change>>
  /** From the rows as they are, by plain code. */
  answer(): Answer
}

const change = (input: string, ...rows: readonly (readonly [Row, number])[]): Change =>
  new Map([[input, rows]])

const all = (rows: Iterable<Row>): (readonly [Row, number])[] =>
  Array.from(rows, (row) => [row, 1] as const)

/** Most products there are: a price change touches n/1000 items. */
const PRODUCTS_MAX = 1000
const ITEMS_PER_BASKET = 5
const BATCH = 100

/**
 * Inputs `product` {id, price}, `item` {id, basket, product, quantity}, `basket` {id, owner}. The answer:
 * price × quantity summed by basket (`receipts`), or of each item (`lines`).
 */
export function shop(view: 'receipts' | 'lines', itemCount: number): Workload {
  const draw = createDraw()
  const productCount = Math.min(PRODUCTS_MAX, itemCount)
  const basketCount = Math.ceil(itemCount / ITEMS_PER_BASKET)
  let nextId = 0
  const newItem = () => ({
    id: nextId++,
    basket: draw(basketCount),
    product: draw(productCount),
    quantity: 1 + draw(9),
  })
  const products = Array.from({ length: productCount }, (_, id) => ({ id, price: 1 + draw(500) }))
  const baskets = Array.from({ length: basketCount }, (_, id) => ({ id, owner: `owner ${id}` }))
  const items = Array.from({ length: itemCount }, newItem)
  const updateItem = (): (readonly [Row, number])[] => {
    const at = draw(items.length)
    const before = items[at] as (typeof items)[number]
    const after = { ...before, quantity: 1 + ((before.quantity + draw(7)) % 9) }
    items[at] = after
    return [
      [before, -1],
      [after, 1],
    ]
  }
  return {
    load: () =>
      new Map([
        ['product', all(products)],
        ...(view === 'lines' ? ([['basket', all(baskets)]] as const) : []),
        ['item', all(items)],
      ]),
    changes: {
      update: () => change('item', ...updateItem()),
      insert() {
        const item = newItem()
        items.push(item)
        return change('item', [item, 1])
      },
      delete() {
        const at = draw(items.length)
        const item = items[at] as Row
        const last = items.pop() as (typeof items)[number]
        if (at < items.length) items[at] = last
        return change('item', [item, -1])
      },
      [`batch of ${BATCH}`]: () =>
        change('item', ...Array.from({ length: BATCH }, updateItem).flat()),
      price() {
        const at = draw(products.length)
        const before = products[at] as (typeof products)[number]
        const after = { ...before, price: before.price + 1 }
        products[at] = after
        return change('product', [before, -1], [after, 1])
      },
    },
    answer() {
      const answer = new Map<number, number>()
      for (const { id, basket, product, quantity } of items) {
        const key = view === 'lines' ? id : basket
        const total = (products[product]?.price ?? 0) * quantity
        answer.set(key, (answer.get(key) ?? 0) + total)
      }
      return answer
    },
  }
}

const TOP = 10

/**
 * Input `score` {id, group, score}. The answer: the scores of the ten best of each group by id (`top`), or
 * the sum by group (`sum`).
 */
export function scores(view: 'top' | 'sum', rowCount: number, groupRows: number): Workload {
  const draw = createDraw()
  const rows = Array.from({ length: rowCount }, (_, id) => ({
    id,
    group: Math.floor(id / groupRows),
    score: draw(1_000_000),
  }))
  const to = (at: number, score: number): (readonly [Row, number])[] => {
    const before = rows[at] as (typeof rows)[number]
    const after = { ...before, score }
    rows[at] = after
    return [
      [before, -1],
      [after, 1],
    ]
  }
  let best = 1_000_000
  const update = () => to(draw(rows.length), draw(1_000_000))
  return {
    load: () => new Map([['score', all(rows)]]),
    changes: {
      update: () => change('score', ...update()),
      // Better than all before it.
      ...(view === 'top' && { best: () => change('score', ...to(draw(rows.length), ++best)) }),
      [`batch of ${BATCH}`]: () => change('score', ...Array.from({ length: BATCH }, update).flat()),
    },
    answer() {
      const answer = new Map<number, number>()
      const byGroup = Map.groupBy(rows, ({ group }) => group)
      for (const [group, members] of byGroup) {
        if (view === 'sum') {
          const total = members.reduce((sum, { score }) => sum + score, 0)
          answer.set(group, total)
          continue
        }
        members.sort((a, b) => b.score - a.score || a.id - b.id)
        for (const { id, score } of members.slice(0, TOP)) answer.set(id, score)
      }
      return answer
    },
  }
}

const CHAIN_NODES = 20

/**
 * Input `edge` {from, to}: chains of 20 nodes. The answer: how many nodes each node reaches. Changes add
 * an edge that closes a chain to a ring, and take one away again.
 */
export function closure(edgeCount: number): Workload {
  const draw = createDraw()
  const chainCount = Math.ceil(edgeCount / (CHAIN_NODES - 1))
  const edges = new Map<string, { readonly from: number; readonly to: number }>()
  const put = (from: number, to: number) => edges.set(`${from} ${to}`, { from, to })
  for (let chain = 0; chain < chainCount; chain++) {
    for (let at = 0; at < CHAIN_NODES - 1; at++) {
      put(chain * CHAIN_NODES + at, chain * CHAIN_NODES + at + 1)
    }
  }
  const added: string[] = []
  const removed: { readonly from: number; readonly to: number }[] = []
  return {
    load: () => new Map([['edge', all(edges.values())]]),
    changes: {
      'edge added'() {
        const first = draw(chainCount) * CHAIN_NODES
        const edge = { from: first + CHAIN_NODES - 1, to: first + draw(CHAIN_NODES - 1) }
        const key = `${edge.from} ${edge.to}`
        if (edges.has(key)) return new Map()
        edges.set(key, edge)
        added.push(key)
        return change('edge', [edge, 1])
      },
      'edge removed'() {
        const key = added.pop() ?? [...edges.keys()][draw(edges.size)]
        const edge = edges.get(key as string)
        if (edge === undefined) return new Map()
        edges.delete(key as string)
        removed.push(edge)
        return change('edge', [edge, -1])
      },
    },
    answer() {
      const next = Map.groupBy(edges.values(), ({ from }) => from)
      const answer = new Map<number, number>()
      for (const from of next.keys()) {
        const reached = new Set<number>()
        const waiting = [from]
        for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
          for (const { to } of next.get(node) ?? []) {
            if (reached.has(to)) continue
            reached.add(to)
            waiting.push(to)
          }
        }
        answer.set(from, reached.size)
      }
      return answer
    },
  }
}
