import { createHash } from 'node:crypto'
import { type Hash, type HashFunction, hashOf, ZERO_HASH } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extendLogHash, hashFromBytes, hashToBytes, textHash } from './hash.ts'

const nodeHash: HashFunction = (...parts) => {
  const sha256 = createHash('sha256')
  for (const part of parts) sha256.update(part)
  return hashFromBytes(sha256.digest().subarray(0, 16))
}
const [a, b] = ['a'.repeat(32), 'b'.repeat(32)] as [Hash, Hash]

describe('hashes', () => {
  it('[HC1] a hash is the first 16 bytes of SHA-256 over the parts', () => {
    expect(hashOf(new TextEncoder().encode('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223')
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (parts) => {
        expect(hashOf(...parts)).toBe(nodeHash(...parts))
        expect(hashOf(Uint8Array.from(parts.flatMap((part) => [...part])))).toBe(hashOf(...parts))
      }),
    )
  })

  it('[HC1] what is no hash is refused', () => {
    expect(hashFromBytes(hashToBytes(a))).toBe(a)
    for (const text of ['', 'ab', 'A'.repeat(32), 'a'.repeat(34)]) {
      expect(() => hashToBytes(text as Hash)).toThrow('is not a hash')
    }
  })

  it('[HC2] the chain hashes what was before and the entry', () => {
    const bytes = Uint8Array.from([...new Uint8Array(16), ...new Uint8Array(16).fill(0xaa)])
    expect(extendLogHash(ZERO_HASH, a)).toBe(hashOf(bytes))
    expect(extendLogHash(ZERO_HASH, a, nodeHash)).toBe(hashOf(bytes))
  })

  it('[HC3] another entry, order or beginning is another log', () => {
    const chain = (from: Hash, ...entries: readonly Hash[]): Hash =>
      entries.reduce((hash, entry) => extendLogHash(hash, entry), from)
    const logs = [
      chain(ZERO_HASH),
      chain(ZERO_HASH, a),
      chain(ZERO_HASH, a, b),
      chain(ZERO_HASH, b, a),
      chain(ZERO_HASH, a, a),
      chain(a, b),
    ]
    expect(new Set(logs).size).toBe(logs.length)
  })

  it('[HC4] texts are hashed in UTF-8', () => {
    expect(textHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223')
    expect(textHash('Ω')).toBe(hashOf(Uint8Array.of(0xce, 0xa9)))
  })
})
