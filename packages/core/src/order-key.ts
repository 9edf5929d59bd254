/**
 * Order keys: texts between which there is always another, so that a row is moved by one write.
 *
 * A key is a fraction in base 62: digits after the point, `0`–`9`, `A`–`Z`, `a`–`z`, the last not `0`.
 * Keys sort as their fractions do, byte by byte. Rows sort by key, then by id.
 *
 *     key = place · 4 random digits
 *
 * The place is five digits at the ends of a list, where each key is one above (or below) the last: room
 * for 458 million rows on either side of the first. In between it is the middle of the gap, to as many
 * digits as it takes. Whoever inserts at one place unaware of another gets another key, but for one time
 * in 14 million.
 *
 * Growth: a key between two that were just made is longer by one digit for every six times the same gap
 * is halved; at {@link ORDER_KEY_CHARS_MAX}, some 1,500 insertions each between the last and its same
 * neighbour, keys have to be given anew. 10,000 insertions at random places stay below 20 digits.
 */
import { UniverseError } from './error.ts'
import { ORDER_KEY_CHARS_MAX } from './limits.ts'
import type { Random } from './random.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62n
const KEY = /^[0-9A-Za-z]*[1-9A-Za-z]$/

/** Digits of a place at the ends of a list. */
const END_DIGITS = 5
const RANDOM_DIGITS = 4

/** Whether a text is an order key. */
export function isOrderKey(text: unknown): text is string {
  return typeof text === 'string' && text.length <= ORDER_KEY_CHARS_MAX && KEY.test(text)
}

/**
 * A new key strictly between two, of which null means the beginning and the end of the list. Between
 * two equal keys there is none: the new one then comes right after both.
 *
 * @throws UniverseError `table/invalid-value` for what is no order key, for keys in the wrong order,
 * and when the new key would be too long.
 */
export function orderKeyBetween(
  before: string | null,
  after: string | null,
  random: Pick<Random, 'integer'>,
): string {
  for (const key of [before, after]) {
    if (key !== null && !isOrderKey(key)) throw invalid('a neighbour is no order key')
  }
  if (before !== null && after !== null && before > after) {
    throw invalid('the key before is above the one after')
  }
  const place = before !== null && before === after ? before : placeBetween(before, after)
  const key = place + randomDigits(random)
  if (key.length > ORDER_KEY_CHARS_MAX) throw invalid('the keys here are too long; give them anew')
  return key
}

function invalid(what: string): UniverseError {
  return new UniverseError('table/invalid-value', `an order key cannot be made: ${what}`)
}

/** Digits whose fraction is above `before`, and stays below `after` whatever digits follow. */
function placeBetween(before: string | null, after: string | null): string {
  const [low, high] = [before ?? '', after]
  const ends = gap(low, high, END_DIGITS)
  if (before === null && after === null) return digitsOf(ends.high / 2n, END_DIGITS)
  if (after === null && ends.high - ends.low > 2n) return digitsOf(ends.low + 1n, END_DIGITS)
  if (before === null && ends.high > 1n) return digitsOf(ends.high - 1n, END_DIGITS)
  for (let length = 1; ; length++) {
    const { low: from, high: to } = gap(low, high, length)
    if (to - from > 2n) return digitsOf((from + to) / 2n, length)
  }
}

/** Two fractions, rounded down to so many digits; `null` is 1. */
function gap(low: string, high: string | null, length: number): { low: bigint; high: bigint } {
  return {
    low: numberOf(low, length),
    high: high === null ? BASE ** BigInt(length) : numberOf(high, length),
  }
}

function numberOf(key: string, length: number): bigint {
  let number = 0n
  for (let index = 0; index < length; index++) {
    number = number * BASE + BigInt(index < key.length ? DIGITS.indexOf(key[index] as string) : 0)
  }
  return number
}

function digitsOf(number: bigint, length: number): string {
  let digits = ''
  for (let rest = number; digits.length < length; rest /= BASE) {
    digits = (DIGITS[Number(rest % BASE)] as string) + digits
  }
  return digits
}

function randomDigits(random: Pick<Random, 'integer'>): string {
  let digits = ''
  for (let index = 1; index < RANDOM_DIGITS; index++) digits += DIGITS[random.integer(0, 61)]
  // A key that ends in 0 would be followed at once by the one without it.
  return digits + DIGITS[random.integer(1, 61)]
}
