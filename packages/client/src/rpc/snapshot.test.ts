import { isUniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { snapshot } from './snapshot.ts'

const codeOf = (value: unknown, bytesMax = 1000): string | undefined => {
  try {
    snapshot(value, bytesMax)
    return undefined
  } catch (error) {
    return isUniverseError(error) ? error.code : String(error)
  }
}

test('a snapshot is equal and shares nothing', () => {
  const value = {
    a: [1, 'x', null, true, undefined],
    b: { c: Uint8Array.of(1, 2) },
    d: new Date(5),
  }
  const copy = snapshot(value, 1000) as typeof value
  expect(copy).toEqual(value)
  value.a.push(2)
  value.b.c[0] = 9
  expect(copy.a).toHaveLength(5)
  expect(copy.b.c[0]).toBe(1)
})

test('a member called __proto__ stays a member', () => {
  const value: unknown = JSON.parse('{"__proto__": {"x": 1}}')
  expect(Object.keys(snapshot(value, 1000) as object)).toEqual(['__proto__'])
})

test('size is limited while it is being copied', () => {
  expect(codeOf('x'.repeat(600))).toBe('call/too-large')
  expect(codeOf(new Uint8Array(1001))).toBe('call/too-large')
  expect(codeOf(Array.from({ length: 200 }, () => 1))).toBe('call/too-large')
  expect(codeOf('x'.repeat(400))).toBeUndefined()
})

test('what cannot cross threads is refused before it is sent', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  for (const value of [() => 1, Symbol('x'), { a: { b: () => 1 } }, cycle, new WeakMap()]) {
    expect(codeOf(value)).toBe('reducer/invalid-arguments')
  }
})

test('the same object twice is not a cycle', () => {
  const twice = { n: 1 }
  expect(snapshot([twice, twice], 1000)).toEqual([{ n: 1 }, { n: 1 }])
})
