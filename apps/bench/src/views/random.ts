/** Whole numbers below a bound, the same in every process: xorshift, 32 bits. */
export function createDraw(seed = 0x2545f491): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
