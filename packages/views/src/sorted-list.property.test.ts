import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SortedList } from './sorted-list.ts'

const byNumber = (a: number, b: number): number => a - b

function contentOf(list: SortedList<number>, from = 0): number[] {
  const content: number[] = []
  list.eachFrom(from, (item) => {
    content.push(item)
    return undefined
  })
  return content
}

it('[VA5] a sorted list is the sorted array of what is in it, by position and by item', () => {
  const change = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 60 }))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200, size: 'max' }), (changes) => {
      const list = new SortedList(byNumber)
      const model = new Set<number>()
      for (const [isInsertion, item] of changes) {
        const isThere = model.has(item)
        expect(isInsertion ? list.insert(item) : list.remove(item)).toBe(isInsertion !== isThere)
        if (isInsertion) model.add(item)
        else model.delete(item)
      }
      const sorted = [...model].sort(byNumber)
      expect(contentOf(list)).toEqual(sorted)
      expect(list.size).toBe(sorted.length)
      for (let item = 0; item <= 60; item += 1) {
        expect(list.rankOf(item)).toBe(sorted.filter((each) => each < item).length)
        expect(list.find(item)).toBe(model.has(item) ? item : undefined)
        expect(list.at(item)).toBe(sorted[item])
        expect(contentOf(list, item)).toEqual(sorted.slice(item))
      }
    }),
  )
})

it.each([
  ['ascending', (at: number) => at],
  ['descending', (at: number) => -at],
  ['scattered', (at: number) => (at * 7919) % 20_011],
])('[VA5] a list of many chunks, filled %s', (_, itemAt) => {
  const count = 10_000
  const list = new SortedList(byNumber)
  const items = Array.from({ length: count }, (__, at) => itemAt(at))
  for (const item of items) list.insert(item)
  const sorted = items.toSorted(byNumber)
  expect(contentOf(list)).toEqual(sorted)
  for (let at = 0; at < count; at += 501) {
    expect(list.at(at)).toBe(sorted[at])
    expect(list.rankOf(sorted[at] as number)).toBe(at)
  }
  for (const item of items.filter((each) => each % 3 !== 0)) expect(list.remove(item)).toBe(true)
  expect(contentOf(list)).toEqual(sorted.filter((each) => each % 3 === 0))
  for (const item of items) list.remove(item)
  expect(list.size).toBe(0)
  expect(list.at(0)).toBeUndefined()
})
