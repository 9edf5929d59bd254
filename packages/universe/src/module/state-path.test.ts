import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOfOperation } from './delta-operation.ts'
import { formatStatePath, parseStatePath } from './state-path.ts'

test('a dotted path is its names', () => {
  expect(parseStatePath('data.items.0')).toEqual(['data', 'items', '0'])
})

test('an escaped dot or backslash belongs to its name', () => {
  expect(parseStatePath('a\\.b.c\\\\d')).toEqual(['a.b', 'c\\d'])
})

test('a pointer of RFC 6901 is its names, and the empty text the whole state', () => {
  expect(parseStatePath('')).toEqual([])
  expect(parseStatePath('/a~1b/m~0n//0')).toEqual(['a/b', 'm~n', '', '0'])
  expect(parseStatePath('\\/a.b')).toEqual(['/a', 'b'])
})

test.each([
  ['/a~2', '"~" at 2 must be followed by "0" or "1"'],
  ['a..b', 'an empty name before position 2'],
  ['.a', 'an empty name before position 0'],
  ['a.', 'an empty name at its end'],
  ['a\\b', '"\\" at 1 must be followed by ".", "/" or "\\"'],
  ['a\\', '"\\" at 1 must be followed by ".", "/" or "\\"'],
])('the path %j is refused: %s', (path, fault) => {
  expect(parseStatePath(path)).toEqual({ fault })
})

test('a path of too many names is refused', () => {
  expect(parseStatePath(`${'a.'.repeat(64)}a`)).toEqual({
    fault: '65 names; at most 64 are allowed',
  })
})

test('parsing a formatted path gives its names back', () => {
  const names = fc.array(fc.oneof(fc.string(), fc.constantFrom('', '/', '~1', '.a', '\\/')), {
    maxLength: 20,
  })
  fc.assert(
    fc.property(names, (given) => {
      expect(parseStatePath(formatStatePath(given))).toEqual(given)
    }),
  )
})

test.each([
  { kind: 'set', path: 'a', value: null },
  { kind: 'delete', path: 'a.b' },
  { kind: 'insert', path: 'a', value: 1 },
  { kind: 'insert', path: 'a', index: 0, value: [] },
  { kind: 'remove', path: 'a', index: 3 },
  { kind: 'patch', path: 'a', patch: {} },
])('$kind is an operation: %j', (operation) => {
  expect(faultOfOperation(operation)).toBeUndefined()
})

test.each([
  ['it is not a map', []],
  ['kind must be one of set, delete, insert, remove, patch, not "SET"', { kind: 'SET', path: 'a' }],
  [
    'kind must be one of set, delete, insert, remove, patch, not "constructor"',
    { kind: 'constructor', path: 'a' },
  ],
  ['path must be text', { kind: 'delete' }],
  ['path "a..b": an empty name before position 2', { kind: 'delete', path: 'a..b' }],
  ['value is missing', { kind: 'set', path: 'a' }],
  ['index must be a whole number from 0', { kind: 'remove', path: 'a' }],
  ['index must be a whole number from 0', { kind: 'insert', path: 'a', index: -1, value: 1 }],
  ['patch must be a map', { kind: 'patch', path: 'a', patch: [] }],
  ['field "value" does not belong to a delete', { kind: 'delete', path: 'a', value: 1 }],
])('no operation: %s', (fault, operation) => {
  expect(faultOfOperation(operation)).toBe(fault)
})
