import { hashOf } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkHash } from './chunk-hash.ts'

test('the hash of a chunk is the one that its manifest names it by', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await chunkHash(bytes)).toBe(hashOf(bytes))
    }),
  )
})
