import fc from 'fast-check'
import { expect, test } from 'vitest'
import { texts } from './testing/arbitraries.ts'
import { decodeUtf8, encodeUtf8, utf8Length } from './utf8.ts'

test('[BY4] texts are encoded as the platform does, and back', () => {
  fc.assert(
    fc.property(texts, fc.nat(9), (text, offset) => {
      const expected = new TextEncoder().encode(text)
      const target = new Uint8Array(offset + 3 * text.length)
      expect(encodeUtf8(text, target, offset)).toBe(expected.length)
      expect(target.subarray(offset, offset + expected.length)).toEqual(expected)
      expect(utf8Length(text)).toBe(expected.length)
      expect(decodeUtf8(target, offset, offset + expected.length)).toBe(text)
    }),
  )
})

test('[BY4] any bytes are decoded as a fatal decoder does, or refused', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const decode = (bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(decode(bytes))
    }),
  )
})

test.each(['\ud800', 'a\udc00', `${'a'.repeat(100)}\ud83d`, '\ude00\ud83d'])(
  '[BY4] a lone surrogate is refused: %j',
  (text) => {
    expect(encodeUtf8(text, new Uint8Array(500), 0)).toBe(-1)
  },
)

test('[BY4] a byte order mark is kept', () => {
  const text = `\ufeff${'x'.repeat(60)}`
  const target = new Uint8Array(200)
  const length = encodeUtf8(text, target, 0)
  expect(decodeUtf8(target, 0, length)).toBe(text)
})
