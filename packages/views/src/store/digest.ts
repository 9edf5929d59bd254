/**
 * The digest of a view's state: a sum over its entries, so that each change costs only what it changes.
 * STORES.md VS4.
 */

/** What an entry of one piece of state begins its hash with. */
export interface DigestSeed {
  readonly first: number
  readonly second: number
}

/** The seed of a piece, from its name. */
export function digestSeed(name: string): DigestSeed {
  const bytes = new TextEncoder().encode(name)
  return {
    first: hashBytes(bytes, FIRST, 0x811c9dc5),
    second: hashBytes(bytes, SECOND, 0x9747b28c),
  }
}

/**
 * Two sums modulo 2^32 of weight times hash. Finds what a damaged disk or a foreign hand does to tables;
 * it is no proof against one who knows how it is made.
 */
export class Digest {
  #first: number
  #second: number

  /** From its text, or of nothing. */
  constructor(text: string = '0'.repeat(16)) {
    this.#first = Number.parseInt(text.slice(0, 8), 16) | 0
    this.#second = Number.parseInt(text.slice(8), 16) | 0
  }

  /** Adds so many copies of an entry; below zero takes copies away. Cost: O(bytes). */
  add(seed: DigestSeed, weight: number, parts: readonly Uint8Array[]): void {
    let { first, second } = seed
    for (const part of parts) {
      first = hashBytes(part, FIRST, Math.imul(first ^ part.length, FIRST))
      second = hashBytes(part, SECOND, Math.imul(second ^ part.length, SECOND))
    }
    // Whole numbers beyond 32 bits are taken modulo 2^32 by the product.
    this.#first = (this.#first + Math.imul(mix(first), weight)) | 0
    this.#second = (this.#second + Math.imul(mix(second), weight)) | 0
  }

  /** 16 hex digits. */
  text(): string {
    return hexOf(this.#first) + hexOf(this.#second)
  }
}

/** Multipliers of the two hashes. The first is FNV's, the second one of MurmurHash's. */
const FIRST = 0x01000193
const SECOND = 0x85ebca6b

function hashBytes(bytes: Uint8Array, factor: number, start: number): number {
  let hash = start
  for (let index = 0; index < bytes.length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] as number), factor)
  }
  return hash
}

/** The last round of MurmurHash3: every bit of the input changes half of the output. */
function mix(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
