import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex } from './hex.ts'
import { createSha256, sha256 } from './sha256.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const native = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** NIST, Cryptographic Standards and Guidelines: example values, and the empty message. */
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])('the digest of a published message is as published: %#', (text, hex) => {
  expect(bytesToHex(sha256(bytesOf(text)))).toBe(hex)
})

test('every length around the block boundaries agrees with Node', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = new Uint8Array(length).fill(length)
    expect(bytesToHex(sha256(bytes))).toBe(native(bytes))
  }
})

test('bytes in any parts have the digest of the whole, as Node computes it', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 8 }), (parts) => {
      const hash = createSha256()
      for (const part of parts) hash.update(part)
      expect(bytesToHex(hash.digest())).toBe(native(Buffer.concat(parts)))
    }),
  )
})

test('digests under way do not disturb each other', () => {
  const [a, b] = [createSha256(), createSha256()]
  a.update(bytesOf('ab'))
  b.update(bytesOf('x'.repeat(100)))
  a.update(bytesOf('c'))
  expect(bytesToHex(b.digest())).toBe(native(bytesOf('x'.repeat(100))))
  expect(bytesToHex(a.digest())).toBe(native(bytesOf('abc')))
})
