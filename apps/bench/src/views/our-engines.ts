/** Our views: in memory, and in a SQLite file. */
import { join } from 'node:path'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import {
  type CompiledGraph,
  compile,
  Delta,
  type Deltas,
  MemoryState,
  type Outputs,
  type Sources,
  source,
  sum,
} from '@inner-universe/views'
import { openSqliteStore } from '@inner-universe/views/sqlite'
import { Sink, type ViewEngine, type ViewName } from './engine.ts'
import type { Change, Row } from './workload.ts'

type Definition = CompiledGraph<Sources, Outputs>

const number = (row: Row, name: string): number => row[name] as number

/** The views as graphs. */
const DEFINITIONS: Readonly<Record<ViewName, () => Definition>> = {
  receipts: () =>
    compile({
      sources: { item: source<Row>(), product: source<Row>() },
      query: ({ item, product }) => ({
        out: item
          .join(product, {
            left: (row) => row.product,
            right: (row) => row.id,
            combine: (row, { price }) => ({
              basket: row.basket,
              total: (price as number) * number(row, 'quantity'),
            }),
          })
          .group({
            by: (row) => row.basket,
            aggregates: { total: sum((row) => row.total) },
            combine: (basket, { total }) => ({ key: basket, value: total }),
          }),
      }),
    }),
  lines: () =>
    compile({
      sources: { item: source<Row>(), product: source<Row>(), basket: source<Row>() },
      query: ({ item, product, basket }) => ({
        out: item
          .join(product, {
            left: (row) => row.product,
            right: (row) => row.id,
            combine: (row, { price }) => ({
              id: row.id,
              basket: row.basket,
              total: (price as number) * number(row, 'quantity'),
            }),
          })
          .join(basket, {
            left: (row) => row.basket,
            right: (row) => row.id,
            combine: ({ id, total }, { owner }) => ({ key: id, owner, value: total }),
          }),
      }),
    }),
  top: () =>
    compile({
      sources: { score: source<Row>() },
      query: ({ score }) => ({
        out: score
          .window({
            by: (row) => row.group,
            orderBy: [
              { pick: (row) => row.score, isDescending: true },
              { pick: (row) => row.id, isDescending: false },
            ],
            limit: 10,
          })
          .map((row) => ({ key: row.id, value: row.score })),
      }),
    }),
  sum: () =>
    compile({
      sources: { score: source<Row>() },
      query: ({ score }) => ({
        out: score.group({
          by: (row) => row.group,
          aggregates: { total: sum((row) => number(row, 'score')) },
          combine: (group, { total }) => ({ key: group, value: total }),
        }),
      }),
    }),
  closure: () =>
    compile({
      sources: { edge: source<Row>() },
      query: ({ edge }) => ({
        out: edge.reachable({ from: (row) => row.from, to: (row) => row.to }),
      }),
    }),
}

function deltasOf(change: Change): Deltas {
  const deltas = new Map<string, Delta>()
  for (const [name, rows] of change) {
    const delta = new Delta<Row>()
    for (const [row, weight] of rows) delta.push(row, weight)
    deltas.set(name, delta)
  }
  return deltas
}

function drain(view: ViewName, outputs: Deltas, sink: Sink): undefined {
  const out = outputs.get('out')
  if (out === undefined) return undefined
  const { rows, weights } = out
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as Row
    const weight = weights[index] as number
    if (view === 'closure') sink.count(row.from as number, weight)
    else sink.add(row.key as number, row.value as number, weight)
  }
  return undefined
}

/** Our views in memory. */
export function ourMemory(view: ViewName): ViewEngine {
  const sink = new Sink()
  const circuit = DEFINITIONS[view]().createCircuit(new MemoryState())
  return {
    apply: (change) => drain(view, circuit.step(deltasOf(change)), sink),
    answer: () => sink.answer,
    close: () => undefined,
  }
}

/** Our views with their state in SQLite, a transaction per change, flushed by the operating system. */
export async function ourSqlite(view: ViewName, folder: string): Promise<ViewEngine> {
  const sink = new Sink()
  const driver = openNodeDatabase({ path: join(folder, 'view.sqlite'), durability: 'process' })
  const clock = { nowMs: () => performance.now(), wait: () => Promise.resolve() }
  const definition = DEFINITIONS[view]()
  const store = await openSqliteStore({ view, definition, driver, clock })
  return {
    apply: async (change) => drain(view, await store.run(deltasOf(change)), sink),
    answer: () => sink.answer,
    async close() {
      await store.close()
      driver.close()
    },
  }
}
