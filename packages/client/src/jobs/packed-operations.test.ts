import { encodeKey, type KvWrite } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OPERATION_BYTES } from './limits.ts'
import { packOperations, unpackOperations, weigh } from './packed-operations.ts'

const bytes = fc.uint8Array({ maxLength: 5 })
const write: fc.Arbitrary<KvWrite> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), category: bytes, key: bytes, payload: bytes }),
  fc.record({ kind: fc.constantFrom('delete', 'deletePrefix'), category: bytes, key: bytes }),
)

test('[KJ12] operations are unpacked as they were packed, whatever becomes of what was given', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 8 }), (writes) => {
      const expected = structuredClone(writes)
      const packed = packOperations(writes)
      for (const { category } of writes) (category as Uint8Array).fill(0)
      const unpacked = unpackOperations(structuredClone(packed))
      expect(unpacked).toEqual(expected)
      const sizes = expected.map(({ kind: _, ...parts }) =>
        Object.values(parts).reduce((sum: number, part) => sum + (part as Uint8Array).length, 0),
      )
      const total = sizes.reduce((sum, size) => sum + size, 0)
      expect(weigh(packed)).toBe(total + OPERATION_BYTES * writes.length)
    }),
  )
})

test('[KJ12] typed parts are packed as the keys that they are', () => {
  const put = { kind: 'put', category: 'c', key: ['a', 1], payload: [] } as const
  expect(unpackOperations(packOperations([put]))).toEqual([
    {
      kind: 'put',
      category: encodeKey('c'),
      key: encodeKey('a', 1),
      payload: new Uint8Array(),
    },
  ])
})
