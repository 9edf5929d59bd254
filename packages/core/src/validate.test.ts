import { expect, test } from 'vitest'
import { type Columns, t } from './column.ts'
import { ISSUES_MAX } from './limits.ts'
import { compileArguments, compileCheck, Findings } from './validate.ts'

function check(columns: Columns, value: unknown) {
  const definitions = Object.entries(columns).map(([name, column]) => [name, column.definition])
  return compileArguments(Object.fromEntries(definitions))(value)
}

function issuesOf(columns: Columns, value: unknown): string[] {
  const result = check(columns, value)
  return result.isValid ? [] : result.issues.map(({ path, message }) => `${path}: ${message}`)
}

test('valid arguments come with defaults filled in and optional ones missing', () => {
  const columns = {
    name: t.text().max(5),
    size: t.int().default(3),
    tags: t.array(t.text()).default([]),
    note: t.text().optional(),
    at: t.object({ x: t.real(), y: t.real().default(0) }),
  }
  expect(check(columns, { name: 'abc', at: { x: -0 }, note: undefined })).toEqual({
    isValid: true,
    value: { name: 'abc', size: 3, tags: [], at: { x: 0, y: 0 } },
  })
  expect(check({}, undefined)).toEqual({ isValid: true, value: {} })
})

test('a default is a new copy each time', () => {
  const columns = { tags: t.array(t.text()).default([]) }
  const first = check(columns, {})
  const second = check(columns, {})
  expect(first.isValid && second.isValid && first.value.tags !== second.value.tags).toBe(true)
})

test('all faults are listed with their paths, and no value is shown', () => {
  const columns = {
    id: t.id(),
    name: t.text().min(2).max(3),
    size: t.int().min(1).max(9),
    share: t.real(),
    on: t.bool(),
    when: t.timestamp(),
    data: t.bytes().max(2),
    kind: t.enum(['a', 'b']),
    list: t.array(t.int()).max(3),
    set: t.set(t.text()),
    any: t.json(),
    object: t.object({ inner: t.object({ x: t.int() }) }),
    ref: t.ref('x'),
  }
  const secret = 'secret'
  expect(
    issuesOf(columns, {
      id: secret,
      name: secret,
      size: 10,
      share: Number.NaN,
      on: 1,
      when: 0.5,
      data: new Uint8Array(3),
      kind: secret,
      list: [1, secret, 2, 3],
      set: [undefined],
      any: { deep: [new Date(0), Number.POSITIVE_INFINITY] },
      object: { inner: { x: null, y: 1 } },
      ref: '',
      extra: secret,
    }),
  ).toEqual([
    'extra: unknown name',
    'id: expected an id (canonical lower-case UUID), got a text',
    'name: longer than 3 characters',
    'size: more than 9',
    'share: expected a finite number, got a number that is not finite',
    'on: expected a boolean, got an integer',
    'when: expected an integer within ±(2^53 − 1), got a fraction',
    'data: more than 2 bytes',
    'kind: not one of "a", "b"',
    'list: more than 3 elements',
    'list.1: expected an integer within ±(2^53 − 1), got a text',
    'set.0: missing',
    'any.deep.0: expected a JSON value, got a Date',
    'any.deep.1: a number JSON cannot hold',
    'object.inner.y: unknown name',
    'object.inner.x: expected an integer within ±(2^53 − 1), got null',
    'ref: a key cannot be empty',
  ])
  expect(issuesOf(columns, {})).toHaveLength(12)
  expect(issuesOf(columns, null)).toHaveLength(12)
  expect(issuesOf(columns, 5)).toEqual([': expected an object, got an integer'])
})

test('faults beyond the limit are dropped', () => {
  expect(issuesOf({ list: t.array(t.int()) }, { list: Array(500).fill('x') })).toHaveLength(
    ISSUES_MAX,
  )
})

test.each([
  ['a lone surrogate', t.text(), '\ud800'],
  ['a lone surrogate in JSON', t.json(), ['\ud800']],
  ['a key too long', t.key(), 'é'.repeat(600)],
  ['an integer beyond 2^53', t.int(), 2 ** 53],
  ['JSON too deep', t.json(), JSON.parse('['.repeat(200) + ']'.repeat(200)) as never],
  ['a bigint', t.json(), 1n],
  ['null where it is not optional', t.text(), null],
])('%s is refused', (_what, column, value) => {
  const findings = new Findings()
  compileCheck(column.definition)(value, findings)
  expect(findings.issues).toHaveLength(1)
})
