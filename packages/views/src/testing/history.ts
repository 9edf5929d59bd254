/** Random histories of batches, run through an operator and beside it through a function that starts afresh. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { compareDatum, equalDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import { createGraph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import type { NodeDefinition } from '../operator.ts'
import { createCircuit } from '../running-graph.ts'
import { ZSet } from '../zset.ts'
import { AnnouncedState } from './announced-state.ts'

/** A row and how many copies of it come or go. */
export type Entry = readonly [row: unknown, weight: number]

/** Entries of one step, by input. */
export type Batch = readonly (readonly Entry[])[]

/** Which histories: `tables` never have fewer copies than none; `any` may. */
export type HistoryKind = 'tables' | 'any'

/** Histories of up to 12 batches over inputs whose rows are from the given ones. */
export function historiesOf(
  kind: HistoryKind,
  ...rows: readonly fc.Arbitrary<unknown>[]
): fc.Arbitrary<readonly Batch[]> {
  const entries = rows.map((row) =>
    fc.array(fc.tuple(row, fc.constantFrom(1, 1, 1, -1, -1, -1, 2, -2, 3)), { maxLength: 5 }),
  )
  const batches = fc.array(fc.tuple(...entries, fc.boolean()), { maxLength: 12 })
  return batches.map((drafts) => {
    const totals = rows.map(() => ZSet.fromEntries<unknown>([]))
    return drafts.map((draft) => {
      const isReversed = draft.at(-1) === true
      return totals.map((_, input) => {
        const kept = (draft[input] as readonly Entry[]).flatMap(([row, weight]): Entry[] => {
          const total = totals[input] as ZSet
          const change = kind === 'any' ? weight : Math.max(weight, -total.count(row))
          totals[input] = total.add(ZSet.fromEntries([[row, change]]))
          return change === 0 ? [] : [[row, change]]
        })
        return isReversed ? kept.reverse() : kept
      })
    })
  })
}

/** What an operator is held against. */
export interface Expectation {
  /** Rows and weights of its output for these inputs. */
  readonly recompute: (inputs: readonly ZSet[]) => Iterable<Entry>
  /** Called before each step with all inputs so far, that of the step included. */
  readonly onStep?: (inputs: readonly ZSet[]) => void
}

/**
 * Runs a history through an operator, over state in memory and over state that must be announced, and
 * fails where the sum of its output is not what recomputing gives. Gives the output of each step.
 */
export function checkHistory(
  node: NodeDefinition,
  history: readonly Batch[],
  { recompute, onStep }: Expectation,
): readonly ZSet[] {
  const inputCount = history[0]?.length ?? 0
  const local = stepper(node, inputCount, new MemoryState())
  const remote = stepper(node, inputCount, new AnnouncedState())
  const inputs = Array.from({ length: inputCount }, () => ZSet.fromEntries<unknown>([]))
  let total = ZSet.fromEntries<unknown>([])
  return history.map((batch) => {
    for (const [at, entries] of batch.entries()) {
      inputs[at] = (inputs[at] as ZSet).add(ZSet.fromEntries(entries))
    }
    onStep?.(inputs)
    const change = local(batch)
    total = total.add(change)
    expectEqual(sorted(total), sorted(recompute(inputs)))
    expectEqual(sorted(remote(batch)), sorted(change))
    return change
  })
}

/** By value: 1n is 1. */
function expectEqual(given: readonly Entry[], expected: readonly Entry[]): void {
  expect(equalDatum(given, expected) ? expected : given).toStrictEqual(expected)
}

/** The output of each step of a history. */
export function runHistory(node: NodeDefinition, history: readonly Batch[]): readonly ZSet[] {
  return history.map(stepper(node, history[0]?.length ?? 0, new MemoryState()))
}

/** Rows and weights, each row once, in order of the rows. */
function sorted(entries: Iterable<Entry>): Entry[] {
  return [...ZSet.fromEntries(entries)].sort(([left], [right]) => compareDatum(left, right))
}

/** Every copy of the rows with a weight above zero. */
export function copiesIn(zset: ZSet): unknown[] {
  return sorted(zset).flatMap(([row, weight]) =>
    Array.from({ length: Math.max(0, weight) }, () => row),
  )
}

function stepper(
  node: NodeDefinition,
  inputCount: number,
  store: MemoryState | AnnouncedState,
): (batch: Batch) => ZSet {
  const graph = createGraph()
  const sources = Array.from({ length: inputCount }, (_, at) => graph.source(`input-${at}`))
  graph.output('output', graph.add(node, sources))
  const circuit = createCircuit(graph, store)
  return (batch) => {
    const changes = new Map(batch.map((entries, at) => [`input-${at}`, deltaOf(entries)]))
    const steps = circuit.steps(changes)
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) {
        if (store instanceof AnnouncedState) store.forget()
        return ZSet.fromDelta((value as Deltas).get('output') ?? new Delta())
      }
      if (store instanceof AnnouncedState) store.load(value)
    }
  }
}

/** Entries as a change. */
export function deltaOf(entries: readonly Entry[]): Delta {
  const delta = new Delta()
  for (const [row, weight] of entries) delta.push(row, weight)
  return delta
}
