/**
 * Sums without drift: whatever was added and taken away again, in any order, the value is the exact sum
 * of what is left, rounded once.
 *
 * A sum is an array of numbers, so that it can be stored: first how many values it has, then the parts of
 * an expansion: doubles that do not overlap, from small to large, which add up exactly to the sum.
 *
 * @see Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates
 * (1997), section 2. ALGEBRA.md VA43.
 */
import { UniverseError } from '@inner-universe/core'

/** `[values, ...parts]`; changed in place. */
export type ExactSum = [valueCount: number, ...parts: number[]]

/** Summands are below this. With up to 2^53 of them the largest part stays finite. */
const SUMMAND_LIMIT = 2 ** 960

/** The sum of nothing. A part of zero keeps a place: most sums have one part, and would else grow for it. */
export function emptySum(): ExactSum {
  return [0, 0]
}

/** Whether nothing is left in it. */
export function isEmptySum(sum: ExactSum): boolean {
  return sum[0] === 0 && (sum.length === 1 || (sum.length === 2 && sum[1] === 0))
}

/**
 * Adds so many copies of a value; below zero takes them away. Cost: O(parts), of which there are one or
 * two for sums of numbers of a like magnitude, and at most 40.
 *
 * @throws UniverseError `table/invalid-value` for what is not a finite number below 2^960.
 */
export function addToSum(sum: ExactSum, value: number | bigint, copies: number): void {
  sum[0] += copies
  if (typeof value === 'number') {
    addCopies(sum, checkSummand(value), copies)
    return
  }
  for (let rest = value; rest !== 0n; ) {
    const part = checkSummand(Number(rest))
    addCopies(sum, part, copies)
    rest -= BigInt(part)
  }
}

/** The sum, correctly rounded (to even where it lies in the middle). */
export function valueOfSum(sum: ExactSum): number {
  let at = sum.length - 1
  if (at === 0) return 0
  let high = sum[at] as number
  let low = 0
  while (at > 1) {
    at -= 1
    const part = sum[at] as number
    const rounded = high + part
    low = part - (rounded - high)
    high = rounded
    if (low !== 0) break
  }
  // `low` is exactly half of high's last place, perhaps, and was rounded to even: smaller parts decide.
  if (at > 1 && low !== 0 && Math.sign(low) === Math.sign(sum[at - 1] as number)) {
    const twice = low * 2
    const other = high + twice
    if (other - high === twice) return other
  }
  return high
}

function checkSummand(value: unknown): number {
  if (typeof value === 'number' && Math.abs(value) < SUMMAND_LIMIT) return value
  const what = typeof value === 'number' ? `the number ${value}` : `a ${typeof value}`
  throw new UniverseError(
    'table/invalid-value',
    `${what} cannot be summed; give null, a bigint or a finite number below 2^960`,
    { details: { reason: what } },
  )
}

/** By doubling: every multiple by a power of two is exact, a product need not be. */
function addCopies(sum: ExactSum, value: number, copies: number): void {
  let multiple = copies < 0 ? -value : value
  for (let rest = Math.abs(copies); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) addPart(sum, multiple)
    multiple *= 2
  }
}

/** Adds to the smallest part, what was rounded off stays, the rest goes on to the next one. */
function addPart(sum: ExactSum, value: number): void {
  let carry = value
  let end = 1
  for (let at = 1; at < sum.length; at += 1) {
    const part = sum[at] as number
    const rounded = carry + part
    const low =
      Math.abs(carry) < Math.abs(part) ? carry - (rounded - part) : part - (rounded - carry)
    if (low !== 0) {
      sum[end] = low
      end += 1
    }
    carry = rounded
  }
  if (carry !== 0) {
    sum[end] = carry
    end += 1
  }
  sum.length = end
}
