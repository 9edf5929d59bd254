import { expect, it } from 'vitest'
import { sum } from '../aggregates.ts'
import { countDistinct, min } from '../bag-aggregates.ts'
import { Delta } from '../delta.ts'
import { createGraph } from '../graph.ts'
import type { NodeDefinition } from '../operator.ts'
import { createCircuit } from '../running-graph.ts'
import type { Need } from '../state.ts'
import { AnnouncedState } from '../testing/announced-state.ts'
import { groupNode } from './group.ts'
import { joinNode } from './join.ts'
import { outerJoinNode } from './outer-join.ts'
import { semiJoinNode } from './semi-join.ts'
import { windowNode } from './window.ts'

interface Keyed {
  readonly key: string
  readonly price: number
}

const keys = { left: ({ key }: Keyed): string => key, right: ({ key }: Keyed): string => key }
const combine = (...sides: readonly (Keyed | undefined)[]): unknown => sides

/** What an operator asks for when rows come in, as `part key rows`. */
function asked(node: NodeDefinition, inputs: readonly (readonly Keyed[])[]): string[] {
  const graph = createGraph()
  const sources = inputs.map((_, at) => graph.source(`input-${at}`))
  graph.output('output', graph.add(node, sources, 'it'))
  const changes = inputs.map((rows, at): [string, Delta] => {
    const delta = new Delta()
    for (const row of rows) delta.push(row, 1)
    return [`input-${at}`, delta]
  })
  const { value } = createCircuit(graph, new AnnouncedState()).steps(new Map(changes)).next()
  return (value as readonly Need[]).map(
    ({ name, key, rowsMax }) => `${name.slice('it/'.length)} ${key} ${rowsMax ?? 'all'}`,
  )
}

const row: Keyed = { key: 'k', price: 1 }
const other: Keyed = { key: 'o', price: 2 }

it('[VA39] a join asks for the rows that the changed ones are matched with', () => {
  const inner = joinNode({ ...keys, combine })
  expect(asked(inner, [[row], []])).toEqual(['right k all'])
  expect(asked(inner, [[], [row]])).toEqual(['left k all'])
  const left = outerJoinNode('left', { ...keys, combine })
  expect(asked(left, [[row], []])).toEqual(['right k all'])
  expect(asked(left, [[], [row]])).toEqual(['left k all', 'right k all'])
  const semi = semiJoinNode('semi', keys)
  expect(asked(semi, [[row], []])).toEqual(['right k all'])
})

it('[VA47] a group asks for its state, and of its values for as many as it may come to need', () => {
  const node = groupNode({
    by: ({ key }: Keyed) => key,
    aggregates: {
      total: sum(({ price }: Keyed) => price),
      least: min(({ price }: Keyed) => price),
      kinds: countDistinct(({ price }: Keyed) => price),
    },
    combine: (key, values) => ({ key, ...values }),
  })
  expect(asked(node, [[row]])).toEqual(['groups k all', 'values-least k 2', 'values-kinds k all'])
})

it('[VA47] the group of everything is asked for though nothing comes in', () => {
  const node = groupNode({
    by: () => null,
    aggregates: {},
    combine: () => 'all',
    isGlobal: true,
  })
  expect(asked(node, [[]])).toEqual(['groups null all'])
})

it('[VA51] a window asks for its first rows, and for those that may move up', () => {
  const node = windowNode<Keyed>({ by: ({ key }) => key, orderBy: [], offset: 5, limit: 10 })
  expect(asked(node, [[row, other]])).toEqual(['rows k 17', 'rows o 17'])
})
