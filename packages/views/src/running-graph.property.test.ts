import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { count, sum } from './aggregates.ts'
import { max } from './bag-aggregates.ts'
import type { Circuit, Deltas } from './circuit.ts'
import { Delta } from './delta.ts'
import { createGraph, type GraphBuilder } from './graph.ts'
import { MemoryState } from './memory-state.ts'
import { createCircuit } from './running-graph.ts'
import type { StateStore } from './state.ts'
import type { Stream } from './stream.ts'
import { AnnouncedState } from './testing/announced-state.ts'
import { announcedStep } from './testing/announced-step.ts'
import { deltaOf, type TestRow, testRow } from './testing/datum-arbitraries.ts'
import { ZSet } from './zset.ts'

/** Histories tried; more on demand. */
const RUNS = Number(process.env.RUNS ?? 120)

type Rows = Stream<TestRow>

/** What is done to a stream; the other stream is a source, or what came of an earlier operator. */
type Operation = (rows: Rows, other: Rows, graph: GraphBuilder) => Rows

const byKey = ({ key }: TestRow): unknown => key
const byId = ({ id }: TestRow): unknown => id
const value = (row: TestRow): number => row.value
const keys = { left: byKey, right: byKey }
const pair = (left: TestRow | undefined, right: TestRow | undefined): TestRow => ({
  id: left?.id ?? 0,
  key: right?.key ?? null,
  value: (left?.value ?? 1) - (right?.value ?? 1),
})

const OPERATIONS: Readonly<Record<string, Operation>> = {
  map: (rows) => rows.map((row) => ({ ...row, id: (row.id + 1) % 3 })),
  flatMap: (rows) => rows.flatMap((row) => Array(row.id).fill({ ...row, id: 1 })),
  filter: (rows) => rows.filter((row) => row.value !== 1),
  negate: (rows) => rows.negate(),
  distinct: (rows) => rows.distinct(),
  concat: (rows, other) => rows.concat(other, rows),
  minus: (rows, other) => rows.minus(other),
  join: (rows, other) => rows.join(other, { ...keys, combine: pair }),
  leftJoin: (rows, other) => rows.leftJoin(other, { ...keys, combine: pair }),
  rightJoin: (rows, other) => rows.rightJoin(other, { left: byId, right: byId, combine: pair }),
  fullJoin: (rows, other) => rows.fullJoin(other, { ...keys, nulls: 'equal', combine: pair }),
  semiJoin: (rows, other) => rows.semiJoin(other, keys),
  antiJoin: (rows, other) => rows.antiJoin(other, { left: byId, right: byId }),
  group: (rows) =>
    rows.group({
      by: byKey,
      aggregates: { rowCount: count(), total: sum(value), largest: max(value) },
      combine: (key, { rowCount, total, largest }): TestRow => ({
        id: rowCount,
        key: [key, largest],
        value: total ?? 0,
      }),
    }),
  groupOfAll: (rows) =>
    rows.group({
      by: () => null,
      aggregates: { rowCount: count() },
      combine: (key, { rowCount }): TestRow => ({ id: rowCount, key, value: 0 }),
      isGlobal: true,
    }),
  window: (rows) =>
    rows.window({
      by: byKey,
      orderBy: [{ pick: value, isDescending: true }],
      limit: 2,
      offset: 1,
    }),
  windowOfAll: (rows) => rows.window({ orderBy: [{ pick: byId, isDescending: false }], limit: 3 }),
  perGroup: (rows) =>
    rows
      .perGroup(byId, (group) => group.distinct().window({ orderBy: [], limit: 1 }))
      .map(({ key, value: row }) => ({ ...row, key })),
  recurse: (rows, other, graph) =>
    graph.recurse(rows, (found, bring) =>
      found.join(bring(other), {
        left: value,
        right: byId,
        combine: (from, to) => ({ ...from, value: to.value }),
      }),
    ),
  reachable: (rows) =>
    rows
      .reachable({ from: byId, to: value })
      .map(({ from, to, depth }) => ({ id: depth, key: from, value: to as number })),
}

const stage = fc.tuple(fc.constantFrom(...Object.keys(OPERATIONS)), fc.nat({ max: 4 }))
const stages = fc.array(stage, { minLength: 1, maxLength: 4 })
const batch = fc.tuple(deltaOf(testRow), deltaOf(testRow))
const batches = fc.array(batch, { minLength: 1, maxLength: 5 })

type Stages = readonly (readonly [operation: string, other: number])[]
type Batch = readonly [a: Delta<TestRow>, b: Delta<TestRow>]

/** Read rows in order: over a remote store rows that are owed may stand before what they announced. */
const IN_ORDER: ReadonlySet<string> = new Set(['group', 'window', 'windowOfAll', 'perGroup'])

function graphOf(chosen: Stages): GraphBuilder {
  const graph = createGraph()
  const streams = [graph.source<TestRow>('b'), graph.source<TestRow>('a')]
  for (const [name, other] of chosen) {
    const rows = streams.at(-1) as Rows
    const operation = OPERATIONS[name] as Operation
    streams.push(operation(rows, streams[other % streams.length] as Rows, graph))
  }
  graph.output('out', streams.at(-1) as Rows)
  return graph
}

function inputsOf([a, b]: Batch): Deltas {
  return new Map([
    ['a', a],
    ['b', b],
  ])
}

/** What the output comes to over the steps. Undefined: a row has too many copies. */
function outcome(
  graph: GraphBuilder,
  history: readonly Batch[],
  store: StateStore,
  partRows?: number,
): ZSet | undefined {
  const circuit = createCircuit(graph, store, partRows === undefined ? {} : { partRows })
  let result = ZSet.from<unknown>([])
  try {
    for (const each of history) {
      const change = step(circuit, store, inputsOf(each)).get('out')
      if (change === undefined) continue
      expect(ZSet.fromDelta(change).size).toBe(change.length)
      result = result.add(ZSet.fromDelta(change))
    }
  } catch (error) {
    if (isUniverseError(error, 'views/weight-limit')) return undefined
    throw error
  }
  return result
}

function step(circuit: Circuit, store: StateStore, inputs: Deltas): Deltas {
  if (!(store instanceof AnnouncedState)) return circuit.step(inputs)
  return announcedStep(circuit, store, inputs).outputs
}

function together(history: readonly Batch[]): Batch {
  const all: Batch = [new Delta(), new Delta()]
  for (const [a, b] of history) {
    all[0].append(a)
    all[1].append(b)
  }
  return all
}

it('[VA16] what an output comes to depends on what came in, not on the steps in which it came', () => {
  fc.assert(
    fc.property(stages, batches, (chosen, history) => {
      const graph = graphOf(chosen)
      const inSteps = outcome(graph, history, new MemoryState())
      const atOnce = outcome(graph, [together(history)], new MemoryState())
      const reversed = outcome(graph, history.toReversed(), new MemoryState())
      const colliding = outcome(graph, history, new MemoryState({ hash: () => 0 }))
      const isAnnounced = chosen.every(([name]) => !IN_ORDER.has(name))
      const store = isAnnounced ? new AnnouncedState() : new MemoryState()
      const announced = outcome(graph, history, store)
      fc.pre(inSteps !== undefined && atOnce !== undefined && reversed !== undefined)
      expect(atOnce.equals(inSteps)).toBe(true)
      expect(reversed.equals(inSteps)).toBe(true)
      expect(colliding?.equals(inSteps)).toBe(true)
      expect(announced?.equals(inSteps)).toBe(true)
    }),
    { numRuns: RUNS },
  )
}, 600_000)

it('[VA17] a step in parts says what the step does', () => {
  fc.assert(
    fc.property(stages, batches, fc.integer({ min: 1, max: 3 }), (chosen, history, partRows) => {
      const graph = graphOf(chosen)
      const whole = outcome(graph, history, new MemoryState())
      const inParts = outcome(graph, history, new MemoryState(), partRows)
      fc.pre(whole !== undefined)
      expect(inParts?.equals(whole)).toBe(true)
    }),
    { numRuns: RUNS },
  )
}, 600_000)

it('[VA16] what is taken back leaves nothing', () => {
  fc.assert(
    fc.property(stages, batches, (chosen, history) => {
      const graph = graphOf(chosen)
      const [a, b] = together(history)
      const back: Batch = [new Delta(), new Delta()]
      back[0].append(a, -1)
      back[1].append(b, -1)
      const ofNothing = outcome(graph, [[new Delta(), new Delta()]], new MemoryState())
      const left = outcome(graph, [...history, back], new MemoryState())
      fc.pre(left !== undefined && ofNothing !== undefined)
      expect(left.equals(ofNothing)).toBe(true)
    }),
    { numRuns: RUNS },
  )
}, 600_000)
