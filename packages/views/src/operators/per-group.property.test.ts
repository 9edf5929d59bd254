import fc from 'fast-check'
import { expect, test } from 'vitest'
import { count } from '../aggregates.ts'
import type { Deltas } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { pick } from '../index-key.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { Bag, Cells, OrderedBag } from '../state.ts'
import type { AnyStream, Stream } from '../stream.ts'
import { ZSet } from '../zset.ts'
import type { GroupRow } from './per-group.ts'

interface Row {
  readonly city: number | null
  readonly item: number
}

type Answer = GroupRow<number | null, unknown>

const steps = fc.array(
  fc.array(
    fc.tuple(
      fc.record({ city: fc.constantFrom(null, 0, 1), item: fc.nat(4) }),
      fc.constantFrom(1, 1, 2, -1, -1),
    ),
    { maxLength: 6 },
  ),
  { minLength: 1, maxLength: 12 },
)

const byCity = ({ city }: Row): number | null => city

/** Each query per group beside one for all groups at once that comes to the same. */
const QUERIES: Readonly<
  Record<
    string,
    readonly [
      inside: (rows: Stream<Row>) => AnyStream,
      whole: (rows: Stream<Row>) => Stream<Answer>,
    ]
  >
> = {
  distinct: [
    (rows) => rows.map(({ item }) => item % 2).distinct(),
    (rows) => rows.map(({ city, item }): Answer => ({ key: city, value: item % 2 })).distinct(),
  ],
  window: [
    (rows) => rows.window({ orderBy: pick((row: Row) => row.item).order, limit: 2 }),
    (rows) =>
      rows
        .window({ by: byCity, orderBy: pick((row: Row) => row.item).order, limit: 2 })
        .map((row): Answer => ({ key: row.city, value: row })),
  ],
  group: [
    (rows) =>
      rows.group({
        by: ({ item }) => item,
        aggregates: { n: count() },
        combine: (item, { n }) => [item, n],
      }),
    (rows) =>
      rows.group({
        by: ({ city, item }) => [city, item] as const,
        aggregates: { n: count() },
        combine: ([city, item], { n }): Answer => ({ key: city, value: [item, n] }),
      }),
  ],
  join: [
    (rows) =>
      rows.leftJoin(
        rows.map(({ item }) => item + 1),
        {
          left: ({ item }) => item,
          right: (item) => item,
          combine: (row, match) => [row?.item, match ?? null],
        },
      ),
    (rows) =>
      rows.leftJoin(
        rows.map(({ city, item }) => ({ city, item: item + 1 })),
        {
          left: ({ city, item }) => [city, item],
          right: ({ city, item }) => [city, item],
          nulls: 'equal',
          combine: (row, match): Answer => ({
            key: row?.city ?? null,
            value: [row?.item, match?.item ?? null],
          }),
        },
      ),
  ],
}

function graphOf(build: (rows: Stream<Row>) => Stream<Answer>): Graph {
  const graph = createGraph()
  graph.output('rows', build(graph.source<Row>('rows')))
  return graph
}

function inputsOf(changes: readonly (readonly [row: Row, weight: number])[]): Deltas {
  const delta = new Delta<Row>()
  for (const [row, weight] of changes) delta.push(row, weight)
  return new Map([['rows', delta]])
}

function answersOf(outputs: Deltas): Map<Answer, number> {
  return new Map(ZSet.fromDelta((outputs.get('rows') ?? new Delta()) as Delta<Answer>))
}

/** Counts what is kept. */
class CountedState extends MemoryState {
  readonly #counts: (() => number)[] = []

  get entryCount(): number {
    return this.#counts.reduce((sum, count) => sum + count(), 0)
  }

  override bag<R>(name: string): Bag<R> {
    return this.#counted(super.bag<R>(name))
  }

  override orderedBag<R>(name: string, order: Parameters<MemoryState['orderedBag']>[1]) {
    return this.#counted(super.orderedBag<R>(name, order as never)) as OrderedBag<R>
  }

  override cells<V>(name: string): Cells<V> {
    return this.#counted(super.cells<V>(name))
  }

  #counted<T extends Bag | Cells>(part: T): T {
    this.#counts.push(() => {
      let entryCount = 0
      part.eachEntry(() => {
        entryCount += 1
      })
      return entryCount
    })
    return part
  }
}

test.each(Object.keys(QUERIES))(
  '[VA70] [VA71] a query per group with a %s is the same query with the group in its keys, and leaves nothing',
  (name) => {
    const [inside, whole] = QUERIES[name] as (typeof QUERIES)[string]
    fc.assert(
      fc.property(steps, (batches) => {
        const state = new CountedState()
        const each = createCircuit(
          graphOf((rows) => rows.perGroup(byCity, inside as (rows: Stream<Row>) => Stream)),
          state,
        )
        const all = createCircuit(graphOf(whole), new MemoryState())
        let total = ZSet.from<Row>([])
        for (const changes of batches) {
          expect(answersOf(each.step(inputsOf(changes)))).toEqual(
            answersOf(all.step(inputsOf(changes))),
          )
          total = total.add(ZSet.fromEntries(changes))
        }
        each.step(inputsOf([...total.negate()]))
        expect(state.entryCount).toBe(0)
      }),
    )
  },
)
