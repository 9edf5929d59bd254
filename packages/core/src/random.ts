/**
 * Randomness that comes out the same when a call is run again: `ctx.random`.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it/), its state the
 * first 16 bytes of the seed's SHA-256. Good statistics, no secrecy: who knows the seed knows all.
 */
import { sha256 } from './sha256.ts'

/** A deterministic source of randomness. Seeded alike and called alike, it answers alike. */
export interface Random {
  /** A number in [0, 1), of 53 bits. */
  next(): number
  /**
   * An integer in [min, max], both ends included, every one equally likely.
   *
   * @throws RangeError when an end is not a safe integer or max is below min.
   */
  integer(min: number, max: number): number
  /** `count` random bytes. */
  bytes(count: number): Uint8Array
}

/** Four 32-bit words, not all zero. */
export type RandomState = readonly [number, number, number, number]

/** Makes a generator from seed bytes of any length. The seed is hashed at the first use. */
export function createRandom(seed: Uint8Array): Random {
  let draw = (): number => {
    const digest = sha256(seed)
    draw = createXoshiro128([
      wordAt(digest, 0),
      wordAt(digest, 4),
      wordAt(digest, 8),
      wordAt(digest, 12),
    ])
    return draw()
  }
  return randomOf(() => draw())
}

/** Makes a generator from 128 bits that differ already: no hash, for where one would cost too much. */
export function createRandomFromState(state: RandomState): Random {
  return randomOf(createXoshiro128(state))
}

function randomOf(draw: () => number): Random {
  // 53 bits of two draws.
  const next = () => ((draw() >>> 5) * 0x4000000 + (draw() >>> 6)) / 2 ** 53
  return {
    next,
    integer(min, max) {
      if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || max < min) {
        throw new RangeError(`integer(${min}, ${max}): give two safe integers, the smaller first`)
      }
      if (max - min >= 2 ** 53) throw new RangeError(`integer(${min}, ${max}): 2^53 apart or more`)
      const span = max - min + 1
      // Draws above the last whole multiple of the span would make small results likelier.
      const bound = 2 ** 53 - (2 ** 53 % span)
      let drawn = next() * 2 ** 53
      while (drawn >= bound) drawn = next() * 2 ** 53
      return min + (drawn % span)
    },
    bytes(count) {
      const bytes = new Uint8Array(count)
      for (let index = 0, word = 0; index < count; index++, word >>>= 8) {
        if (index % 4 === 0) word = draw()
        bytes[index] = word
      }
      return bytes
    },
  }
}

/** The bare xoshiro128** generator of 32-bit unsigned integers, from a given state. */
export function createXoshiro128(state: RandomState): () => number {
  let [a, b, c, d] = state
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result
  }
}

/** 32 bits, lowest byte first. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
