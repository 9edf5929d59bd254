import { expect, test } from 'vitest'
import { findCycles, findUnreached } from './import-graph.ts'

const graph = (edges: Record<string, readonly string[]>) => new Map(Object.entries(edges))

test('a cycle is given as its path; files that only lead to it are not part of it', () => {
  expect(findCycles(graph({ a: ['b'], b: ['c'], c: ['d'], d: ['b'] }))).toEqual([
    ['b', 'c', 'd', 'b'],
  ])
})

test('a file that imports itself is a cycle', () => {
  expect(findCycles(graph({ a: ['a'] }))).toEqual([['a', 'a']])
})

test('two ways to one file are no cycle', () => {
  expect(findCycles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([])
})

test('groups that have nothing to do with each other are both found', () => {
  const cycles = findCycles(graph({ a: ['b'], b: ['a'], c: ['d'], d: ['c'] }))
  expect(cycles).toEqual([
    ['a', 'b', 'a'],
    ['c', 'd', 'c'],
  ])
})

test('files are reached through others, also in a circle', () => {
  const edges = graph({ entry: ['a'], a: ['b'], b: ['a'], lost: ['a'], found: [] })
  expect(findUnreached(edges, ['entry', 'found'])).toEqual(['lost'])
})

test('an entry that is not a source file reaches nothing and does no harm', () => {
  expect(findUnreached(graph({ a: [] }), ['style.css'])).toEqual(['a'])
})
