import { expect, test } from 'vitest'
import { Digest, digestSeed } from './digest.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const seed = digestSeed('totals/values')

test('[VS4] the order of changes does not matter, and what is taken back leaves nothing', () => {
  const one = new Digest()
  one.add(seed, 2, [bytes(1), bytes(2)])
  one.add(seed, 1, [bytes(3), bytes(4)])
  one.add(seed, -1, [bytes(1), bytes(2)])
  const other = new Digest()
  other.add(seed, 1, [bytes(3), bytes(4)])
  other.add(seed, 1, [bytes(1), bytes(2)])
  expect(one.text()).toBe(other.text())
  other.add(seed, -1, [bytes(3), bytes(4)])
  other.add(seed, -1, [bytes(1), bytes(2)])
  expect(other.text()).toBe('0'.repeat(16))
})

test('[VS4] weight, piece, and where one part ends are in it', () => {
  const texts = [
    [seed, 1, [bytes(1), bytes(2)]],
    [seed, 2, [bytes(1), bytes(2)]],
    [digestSeed('totals/rows'), 1, [bytes(1), bytes(2)]],
    [seed, 1, [bytes(1, 2), bytes()]],
    [seed, 1, [bytes(), bytes(1, 2)]],
    [seed, 1, [bytes(1), bytes(3)]],
  ] as const
  const digests = texts.map(([of, weight, parts]) => {
    const digest = new Digest()
    digest.add(of, weight, parts)
    return digest.text()
  })
  expect(new Set(digests).size).toBe(texts.length)
})

test('[VS4] a digest goes on from its text, and stays what it was', () => {
  const digest = new Digest()
  digest.add(seed, 2 ** 40 + 3, [bytes(1, 2, 3), bytes(255)])
  expect(digest.text()).toBe('1bda01b2e48269f4')
  const again = new Digest(digest.text())
  digest.add(seed, 1, [bytes(9)])
  again.add(seed, 1, [bytes(9)])
  expect(again.text()).toBe(digest.text())
})
