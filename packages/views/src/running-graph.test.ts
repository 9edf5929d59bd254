import { assert, UniverseError } from '@inner-universe/core'
import { expect, it } from 'vitest'
import type { Circuit } from './circuit.ts'
import { Delta } from './delta.ts'
import { createGraph, type GraphBuilder } from './graph.ts'
import { MemoryState } from './memory-state.ts'
import type { NodeDefinition } from './operator.ts'
import { createCircuit } from './running-graph.ts'
import type { StateStore } from './state.ts'
import { AnnouncedState } from './testing/announced-state.ts'
import { announcedStep } from './testing/announced-step.ts'
import { ZSet } from './zset.ts'

function run(build: (graph: GraphBuilder) => void, store: StateStore = new MemoryState()): Circuit {
  const graph = createGraph()
  build(graph)
  return createCircuit(graph, store)
}

function deltaOf(...entries: readonly (readonly [row: unknown, weight: number])[]): Delta {
  const delta = new Delta()
  for (const [row, weight] of entries) delta.push(row, weight)
  return delta
}

/** Passes its input on, and notes every step. */
function spy(steps: string[], name: string, isAlwaysRun = false): NodeDefinition {
  return {
    kind: name,
    parameters: null,
    functions: [],
    isStateful: false,
    create: () => ({
      isAlwaysRun,
      step([input]) {
        steps.push(name)
        return input as Delta
      },
    }),
  }
}

it('[VA7] a vertex takes one step at most, and none if nothing came for it', () => {
  const steps: string[] = []
  const circuit = run((graph) => {
    const a = graph.source('a')
    const b = graph.source('b')
    const left = graph.add(spy(steps, 'left'), [a])
    const right = graph.add(spy(steps, 'right'), [b])
    graph.output('both', graph.add(spy(steps, 'both'), [left.concat(left), right]))
    graph.output('always', graph.add(spy(steps, 'always', true), [right]))
  })
  circuit.step(new Map([['a', deltaOf([1, 1])]]))
  expect(steps).toEqual(['left', 'both', 'always'])
  steps.length = 0
  circuit.step(new Map())
  expect(steps).toEqual(['always'])
  steps.length = 0
  circuit.step(
    new Map([
      ['a', deltaOf([1, 1])],
      ['b', deltaOf([1, 1])],
    ]),
  )
  expect(steps.toSorted()).toEqual(['always', 'both', 'left', 'right'])
})

it('[VA7] a vertex whose input says nothing after all is not run either', () => {
  const steps: string[] = []
  const circuit = run((graph) => {
    const none = graph.source('a').filter(() => false)
    graph.output('out', graph.add(spy(steps, 'after'), [none]))
  })
  expect(circuit.step(new Map([['a', deltaOf([1, 1])]])).size).toBe(0)
  expect(steps).toEqual([])
})

it('[VA8] outputs are told once per row, by value, and only those that changed', () => {
  const circuit = run((graph) => {
    const a = graph.source<{ readonly id: number; readonly at: readonly number[] }>('a')
    graph.output(
      'places',
      a.map(({ at }) => ({ at: [...at] })),
    )
    graph.output(
      'ids',
      a.map(({ id }) => id),
    )
  })
  const outputs = circuit.step(
    new Map([
      ['a', deltaOf([{ id: 1, at: [0] }, -1], [{ id: 2, at: [0] }, 1], [{ id: 2, at: [1] }, 1])],
    ]),
  )
  const places = ZSet.fromDelta(outputs.get('places') as Delta)
  expect(places.equals(ZSet.from([{ at: [1] }]))).toBe(true)
  expect(outputs.get('places')).toHaveLength(1)
  expect(
    ZSet.fromDelta(outputs.get('ids') as Delta).equals(
      ZSet.fromEntries([
        [1, -1],
        [2, 2],
      ]),
    ),
  ).toBe(true)
  const same = deltaOf([{ id: 1, at: [0] }, -1], [{ id: 3, at: [0] }, 1])
  expect([...circuit.step(new Map([['a', same]])).keys()]).toEqual(['ids'])
})

it('[VA9] what a function of a view throws says which vertex it was', () => {
  const cause = new TypeError('no such member')
  const circuit = run((graph) => {
    const failing = graph.source('a').map(() => {
      throw cause
    })
    graph.output('out', failing.named('prices'))
  })
  const failed = expect.objectContaining({
    code: 'views/function-failed',
    message: expect.stringMatching(/prices.*no such member/),
    details: { path: 'prices' },
    cause,
  })
  expect(() => circuit.step(new Map([['a', deltaOf([1, 1])]]))).toThrow(failed)
})

it('[VA9] errors that say themselves what is wrong, and broken invariants, stay as they are', () => {
  const own = new UniverseError('table/invalid-value', 'not a price')
  const circuit = run((graph) => {
    graph.output(
      'out',
      graph.source<number>('a').map((row) => {
        assert(row > 0, 'rows are positive')
        throw own
      }),
    )
  })
  expect(() => circuit.step(new Map([['a', deltaOf([1, 1])]]))).toThrow(own)
  expect(() => circuit.step(new Map([['a', deltaOf([0, 1])]]))).toThrow('rows are positive')
})

it('[VA10] weights that cannot be counted stop the step, wherever they come about', () => {
  const large = 2 ** 52
  const refusal = expect.objectContaining({ code: 'views/weight-limit' })
  const once = run((graph) => graph.output('out', graph.source('a')))
  expect(() => once.step(new Map([['a', deltaOf([1, 2 ** 53])]]))).toThrow(refusal)
  expect(() => once.step(new Map([['a', deltaOf([1, large], [1, large])]]))).toThrow(refusal)
  const summed = run((graph) => graph.output('out', graph.source('a').distinct()))
  summed.step(new Map([['a', deltaOf([1, large])]]))
  expect(() => summed.step(new Map([['a', deltaOf([1, large])]]))).toThrow(refusal)
  const product = run((graph) => {
    const rows = graph.source<number>('a')
    const combine = (row: number): number => row
    graph.output('out', rows.join(rows, { left: combine, right: combine, combine }))
  })
  expect(() => product.step(new Map([['a', deltaOf([1, 2 ** 27])]]))).toThrow(refusal)
})

it('[VA11] a source that the graph has not, and rows that are no values, are refused', () => {
  const circuit = run((graph) => graph.output('out', graph.source('a')))
  const unknown = expect.objectContaining({ code: 'views/invalid-graph' })
  expect(() => circuit.step(new Map([['b', deltaOf([1, 1])]]))).toThrow(unknown)
  const refusal = expect.objectContaining({ code: 'table/invalid-value' })
  for (const row of [
    Number.NaN,
    [Number.POSITIVE_INFINITY],
    { at: { deep: Number.NaN } },
    { made: new Date(0) },
    { call: () => 1 },
  ]) {
    expect(() => circuit.step(new Map([['a', deltaOf([row, 1])]]))).toThrow(refusal)
  }
})

it('[VA7] over a remote store operators announce what they read, and give the same', () => {
  const build = (graph: GraphBuilder): void => {
    const a = graph.source('a')
    graph.output('distinct', a.distinct())
    graph.output('delay', a.delay())
    graph.output('integrate', a.integrate())
    graph.output('differentiate', a.differentiate())
  }
  const remote = new AnnouncedState()
  const remoteCircuit = run(build, remote)
  const circuit = run(build)
  const history = [
    deltaOf(['x', 1], ['y', -1]),
    deltaOf(['x', 2], ['y', 1]),
    new Delta(),
    deltaOf(['x', -3]),
  ]
  for (const delta of history) {
    const inputs = new Map([['a', delta]])
    const { outputs, loadCount } = announcedStep(remoteCircuit, remote, inputs)
    expect(outputs).toEqual(circuit.step(inputs))
    expect(loadCount).toBe(delta.isEmpty ? 3 : 4)
  }
})
