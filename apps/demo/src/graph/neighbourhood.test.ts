import { expect, test } from 'vitest'
import { type NeighbourRow, neighbourhoodOf } from './neighbourhood.ts'

const centre = { id: 'dog', name: 'dog', type: 'noun' }

function row(part: Partial<NeighbourRow> & { readonly id: string }): NeighbourRow {
  return {
    relation_id: `${part.relation_type} ${part.id}`,
    relation_type: 'hyponym',
    is_outgoing: 1,
    entity_type: 'noun',
    name: part.id,
    description: null,
    type_count: 1,
    ...part,
  }
}

test('draws the centre, its neighbours and one edge for each relation type', () => {
  const { nodes, edges, groups } = neighbourhoodOf(centre, [
    row({ id: 'canine', relation_type: 'hypernym' }),
    row({ id: 'puppy', type_count: 20 }),
    row({ id: 'puppy', relation_id: 'again', type_count: 20 }),
  ])
  expect(nodes.map((node) => node.id)).toEqual(['dog', 'canine', 'puppy'])
  expect(edges.map(({ type, from, to }) => [from, type, to])).toEqual([
    ['dog', 'hypernym', 'canine'],
    ['dog', 'hyponym', 'puppy'],
  ])
  expect(groups.map(({ type, count }) => [type, count])).toEqual([
    ['hypernym', 1],
    ['hyponym', 20],
  ])
})

test('leaves out what only comes back, and draws what only comes in', () => {
  const { edges } = neighbourhoodOf(centre, [
    row({ id: 'puppy' }),
    row({ id: 'puppy', relation_type: 'hypernym', is_outgoing: 0 }),
    row({ id: 'kennel', relation_type: 'houses', is_outgoing: 0 }),
  ])
  expect(edges.map(({ type, from, to }) => [from, type, to])).toEqual([
    ['dog', 'hyponym', 'puppy'],
    ['kennel', 'houses', 'dog'],
  ])
})

test('an entity related to itself is one node', () => {
  const { nodes, edges } = neighbourhoodOf(centre, [
    row({ id: 'dog', relation_type: 'derivation' }),
    row({ id: 'dog', relation_type: 'derivation', is_outgoing: 0 }),
  ])
  expect(nodes).toHaveLength(1)
  expect(edges).toHaveLength(1)
})

test('stops at what can be told apart', () => {
  const rows = Array.from({ length: 200 }, (_, index) => row({ id: `n${index}` }))
  expect(neighbourhoodOf(centre, rows).nodes.length).toBeLessThan(60)
})
