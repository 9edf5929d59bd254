import type { JsonValue } from '@inner-universe/core'
import { canonicalJson } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeltaOperation } from '../module/delta-operation.ts'
import { errorOf } from '../testing/test-store.ts'
import { applyOperations } from './apply-operations.ts'
import { diffStates } from './diff-states.ts'
import { mergeStates } from './merge-states.ts'
import { pythonStateHash, stateHash } from './state-hash.ts'

/** Few names and values, so that states meet. */
const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1, 2.5, '', 'a', 'b'),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c.d', '/e', '', '__proto__', '0'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value

describe('operations', () => {
  const state = { title: 'x', items: [1, 2, 3], 'a.b': { '/c': 1 }, deep: [{ done: false }] }

  it.each<[string, DeltaOperation, (state: object) => unknown]>([
    ['set', { kind: 'set', path: 'title', value: 'y' }, (s) => ({ ...s, title: 'y' })],
    ['set, new', { kind: 'set', path: 'more', value: 1 }, (s) => ({ ...s, more: 1 })],
    ['set, the whole', { kind: 'set', path: '', value: [1] }, () => [1]],
    ['escapes', { kind: 'set', path: 'a\\.b./c', value: 2 }, (s) => ({ ...s, 'a.b': { '/c': 2 } })],
    ['pointer', { kind: 'set', path: '/a.b/~1c', value: 2 }, (s) => ({ ...s, 'a.b': { '/c': 2 } })],
    [
      'in an array',
      { kind: 'set', path: 'deep.0.done', value: true },
      (s) => ({ ...s, deep: [{ done: true }] }),
    ],
    ['delete', { kind: 'delete', path: 'items.1' }, (s) => ({ ...s, items: [1, 3] })],
    ['insert', { kind: 'insert', path: 'items', value: 4 }, (s) => ({ ...s, items: [1, 2, 3, 4] })],
    [
      'insert before',
      { kind: 'insert', path: 'items', index: 0, value: 0 },
      (s) => ({ ...s, items: [0, 1, 2, 3] }),
    ],
    ['remove', { kind: 'remove', path: 'items', index: 2 }, (s) => ({ ...s, items: [1, 2] })],
    [
      'patch',
      { kind: 'patch', path: 'deep.0', patch: { by: 'ada' } },
      (s) => ({ ...s, deep: [{ done: false, by: 'ada' }] }),
    ],
  ])('%s', (_name, operation, expected) => {
    const before = structuredClone(state)
    expect(applyOperations(state, [operation])).toEqual(expected(state))
    expect(state).toEqual(before)
  })

  it.each<[DeltaOperation, string]>([
    [{ kind: 'delete', path: 'none' }, 'there is no "none"'],
    [{ kind: 'set', path: 'none.more', value: 1 }, 'there is no "none"'],
    [{ kind: 'set', path: 'title.more', value: 1 }, '"more" is looked for in a string'],
    [{ kind: 'set', path: 'items.3', value: 1 }, '"3" is no index of 3 elements'],
    [{ kind: 'insert', path: 'items', index: 4, value: 1 }, 'index 4 of 3 elements'],
    [{ kind: 'insert', path: 'title', value: 1 }, 'it is a string, not an array'],
    [{ kind: 'remove', path: 'items', index: 3 }, 'index 3 of 3 elements'],
    [{ kind: 'patch', path: 'items', patch: {} }, 'it is an array, not an object'],
    [{ kind: 'delete', path: '' }, 'the whole state cannot be deleted; set it'],
    [{ kind: 'move', path: 'a' } as never, 'kind must be one of'],
  ])('%j is refused with its index, and nothing is applied', (operation, fault) => {
    const fine: DeltaOperation = { kind: 'set', path: 'title', value: 'y' }
    const error = errorOf(() => applyOperations(state, [fine, operation, fine]))
    expect(error.code).toBe('universe/validation')
    expect(error.message).toContain(`Invalid operation 1: `)
    expect(error.message).toContain(fault)
    expect(error.details).toEqual({ operationIndex: 1 })
  })
})

describe('differences', () => {
  it('applied to the one give the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const operations = diffStates(before, after)
        expect(canonicalJson(applyOperations(before, operations))).toBe(canonicalJson(after))
      }),
      { numRuns: 500 },
    )
  })

  it('say what changed and no more', () => {
    const before = { a: 1, list: [1, 2, 3, 4], deep: { x: 1, y: 2 } }
    const after = { list: [1, 3, 4, 5], deep: { x: 1, y: 3 }, b: null }
    expect(diffStates(before, before)).toEqual([])
    expect(diffStates(before, after)).toEqual([
      { kind: 'delete', path: 'a' },
      { kind: 'set', path: 'list.1', value: 3 },
      { kind: 'set', path: 'list.2', value: 4 },
      { kind: 'set', path: 'list.3', value: 5 },
      { kind: 'set', path: 'deep.y', value: 3 },
      { kind: 'set', path: 'b', value: null },
    ])
    const long = Array.from({ length: 3000 }, (_, n) => n)
    expect(diffStates(long, [...long.slice(0, 1500), 'x', ...long.slice(1500)])).toEqual([
      { kind: 'insert', path: '', index: 1500, value: 'x' },
    ])
  })
})

describe('merging', () => {
  it('takes what one side changed, and what both changed alike', () => {
    const base = { a: 1, b: { c: 2, d: 3 }, list: ['x', 'y', 'z'], gone: true }
    const older = { a: 9, b: { c: 2, d: 3, e: 4 }, list: ['w', 'x', 'y', 'z'] }
    const newer = { a: 1, b: { c: 8, d: 3 }, list: ['x', 'y', 'z', 'end'], gone: true }
    expect(mergeStates(base, older, newer)).toEqual({
      state: { a: 9, b: { c: 8, d: 3, e: 4 }, list: ['w', 'x', 'y', 'z', 'end'] },
      conflicts: [],
    })
  })

  it('lets the newer win, or who is asked, and says so', () => {
    const [base, older, newer] = [
      { a: 1, b: [1] },
      { a: 2, b: [2] },
      { a: 3, b: [] },
    ]
    const conflicts = [
      { path: 'a', base: 1, older: 2, newer: 3 },
      { path: 'b', base: [1], older: [2], newer: [] },
    ]
    expect(mergeStates(base, older, newer)).toEqual({ state: newer, conflicts })
    const resolve = ({ path }: { path: string }) => (path === 'a' ? 'both' : undefined)
    expect(mergeStates(base, older, newer, resolve).state).toEqual({ a: 'both' })
  })

  it('is the same whichever side is called older, where nothing has to be decided', () => {
    fc.assert(
      fc.property(json, json, json, (base, one, other) => {
        const merged = mergeStates(base, one, other)
        const reversed = mergeStates(base, other, one)
        expect(reversed.conflicts.length).toBe(merged.conflicts.length)
        if (merged.conflicts.length === 0) {
          expect(canonicalJson(reversed.state)).toBe(canonicalJson(merged.state))
        }
        expect(mergeStates(base, one, base).state).toEqual(one)
        expect(mergeStates(base, one, one)).toEqual({ state: one, conflicts: [] })
      }),
      { numRuns: 500 },
    )
  })
})

describe('hashes', () => {
  it.each<[JsonValue, string]>([
    [
      { b: 1, a: [1.5, 'é', null, true, {}] },
      '2fc960c764b0dfa084c8c833ce62d3742ad7bc465aafe23653edbc065d0f4270',
    ],
    [
      { '': '', '😀': '😀', ｅ: 1 },
      '78629178e972f1c6e7491f9e0083944e2a41b9d2987dbdb4079545bc5cb683b6',
    ],
    [
      [0.0001, 1e-5, 1000000000000000, 123456789012345680, 1.5e-7, 0.1],
      '18f78418ea04599284f2bb45f10482ef318bfe53ed53d8539f47f2da73803508',
    ],
    ['text', '1e1d0f251d3a76fa2b1bfc81164078572623403887db02988b504b0492e9f076'],
    [
      { nested: { z: [], y: '\n"\\' } },
      'f42283ecde40f7d5b3d1cd02c20c72975e94b4f2ccb3c2765ae5df65a84b5705',
    ],
  ])('%j has the hash that Python gives it', (state, hash) => {
    expect(pythonStateHash(state)).toBe(hash)
  })

  it('are of the value, not of how it is written', () => {
    expect(stateHash({ a: 1, b: -0 })).toBe(stateHash({ b: 0, a: 1.0 }))
    expect(stateHash({ a: 1 })).not.toBe(stateHash({ a: 2 }))
  })
})
