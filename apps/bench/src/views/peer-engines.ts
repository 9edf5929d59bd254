/** The same views in the two incremental engines of this language that keep them: db-ivm and d2ts. */
import * as d2ts from '@electric-sql/d2ts'
import * as ivm from '@tanstack/db-ivm'
import { Sink, type ViewEngine, type ViewName } from './engine.ts'
import type { Change, Row } from './workload.ts'

/** A stream of either peer. Their types follow pipelines to the letter, ours are made of pieces. */
interface PeerStream {
  pipe(...operators: readonly unknown[]): PeerStream
}

/** What makes operators. */
type Make = (...args: readonly unknown[]) => unknown

/** The operators that both have. */
interface Operators {
  readonly map: Make
  readonly join: Make
  readonly groupBy: Make
  readonly groupByOperators: { readonly sum: Make }
}

/** Ends a pipeline of each view: `best` gives the ten best of each group, `out` is told of all rows. */
interface Ending {
  readonly best: readonly unknown[]
  readonly out: readonly unknown[]
}

function build(
  view: ViewName,
  input: (name: string) => PeerStream,
  { map, join, groupBy, groupByOperators: { sum } }: Operators,
  { best, out }: Ending,
): void {
  const keyed = (column: string) => map((row: Row) => [row[column], row])
  const totals = (group: string, value: string): unknown =>
    groupBy((row: Row) => ({ key: row[group] }), { total: sum((row: Row) => row[value]) })
  if (view === 'top') {
    input('score').pipe(...best, ...out)
  } else if (view === 'sum') {
    input('score').pipe(totals('group', 'score'), ...out)
  } else {
    const priced = map(([, [item, product]]: [unknown, [Row, Row]]) => {
      return { ...item, total: (product.price as number) * (item.quantity as number) }
    })
    const products = input('product').pipe(keyed('id'))
    const lines = input('item').pipe(keyed('product'), join(products), priced)
    if (view === 'receipts') {
      lines.pipe(totals('basket', 'total'), ...out)
    } else {
      const baskets = input('basket').pipe(keyed('id'))
      const line = map(([, [item]]: [unknown, [Row]]) => [item.id, item.total])
      lines.pipe(keyed('basket'), join(baskets), line, ...out)
    }
  }
}

/** Takes what a peer says: keyed rows with weights. */
function take(view: ViewName, sink: Sink, said: { getInner(): unknown }): void {
  for (const [[key, value], weight] of said.getInner() as [[unknown, unknown], number][]) {
    if (view === 'receipts' || view === 'sum') {
      const { key: group, total } = value as { key: number; total: number }
      sink.add(group, total, weight)
    } else if (view === 'lines') {
      sink.add(key as number, value as number, weight)
    } else {
      // db-ivm says a row with its place.
      const row = (Array.isArray(value) ? value[0] : value) as Row
      sink.add(row.id as number, row.score as number, weight)
    }
  }
}

/** db-ivm, as TanStack DB uses it. It has no recursion. */
export function dbIvm(view: ViewName): ViewEngine | undefined {
  if (view === 'closure') return undefined
  const sink = new Sink()
  const graph = new ivm.D2()
  const inputs = new Map<string, { sendData(rows: unknown): void }>()
  const input = (name: string): PeerStream => {
    const made = graph.newInput<Row>()
    inputs.set(name, made as never)
    return made as unknown as PeerStream
  }
  const orderBy = ivm.groupedOrderByWithFractionalIndex as unknown as Make
  build(view, input, ivm as unknown as Operators, {
    best: [
      (ivm.map as unknown as Make)((row: Row) => [row.id, row]),
      orderBy((row: Row) => row.score, {
        comparator: (a: number, b: number) => b - a,
        limit: 10,
        groupKeyFn: (_key: unknown, row: Row) => row.group,
      }),
    ],
    out: [ivm.output((said) => take(view, sink, said))],
  })
  graph.finalize()
  return {
    apply(change: Change) {
      for (const [name, rows] of change) {
        inputs.get(name)?.sendData(new ivm.MultiSet(rows as unknown as [Row, number][]))
      }
      graph.run()
      return undefined
    },
    answer: () => sink.answer,
    close: () => undefined,
  }
}

/** d2ts, in memory. Its recursion goes wrong after the first change. */
export function d2(view: ViewName): ViewEngine | undefined {
  if (view === 'closure') return undefined
  const sink = new Sink()
  const graph = new d2ts.D2({ initialFrontier: 0 })
  const inputs = new Map<
    string,
    { sendData(version: number, rows: unknown): void; sendFrontier(version: number): void }
  >()
  const input = (name: string): PeerStream => {
    const made = graph.newInput<Row>()
    inputs.set(name, made as never)
    return made as unknown as PeerStream
  }
  const better = (a: Row, b: Row): number =>
    (b.score as number) - (a.score as number) || (a.id as number) - (b.id as number)
  build(view, input, d2ts as unknown as Operators, {
    best: [
      (d2ts.map as unknown as Make)((row: Row) => [row.group, row]),
      (d2ts.topK as unknown as Make)(better, { limit: 10 }),
    ],
    out: [
      d2ts.consolidate(),
      d2ts.output((message) => {
        if (message.type === d2ts.MessageType.DATA) take(view, sink, message.data.collection)
      }),
    ],
  })
  graph.finalize()
  let version = 0
  return {
    apply(change: Change) {
      for (const [name, made] of inputs) {
        const rows = change.get(name) ?? []
        if (rows.length > 0) {
          made.sendData(version, new d2ts.MultiSet(rows as unknown as [Row, number][]))
        }
        made.sendFrontier(version + 1)
      }
      version += 1
      graph.run()
      return undefined
    },
    answer: () => sink.answer,
    close: () => undefined,
  }
}
