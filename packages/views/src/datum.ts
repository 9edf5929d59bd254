/**
 * Values as rows and keys have them: compared, ordered and hashed in full. ALGEBRA.md VA1–VA3.
 *
 * Order: NULL < false < true < numbers < text < bytes < arrays < plain objects. Numbers and bigints go
 * by value (1n is 1, −0 is 0); text by code point, as its UTF-8 bytes; bytes and arrays
 * lexicographically; objects by their sorted names, then by their values in that order. `undefined`
 * stands for NULL. NaN equals itself and comes before other numbers; sources refuse it.
 */
import { UniverseError } from '@inner-universe/core'
import type { Datum } from './state.ts'

/** Gives equal values equal numbers (32 bits). Finds candidates; never decides. */
export type HashDatum = (value: Datum) => number

/** True when two values are the same by value. Cost: O(size) if they are, less if not. */
export function equalDatum(a: Datum, b: Datum): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return equalScalar(a, b)
  }
  const aIsArray = Array.isArray(a)
  if (aIsArray || Array.isArray(b)) {
    return aIsArray && Array.isArray(b) && equalElements(a, b)
  }
  const aIsBytes = a instanceof Uint8Array
  if (aIsBytes || b instanceof Uint8Array) {
    return aIsBytes && b instanceof Uint8Array && equalElements(a, b)
  }
  return equalMembers(a as Members, b as Members)
}

/** Below zero, zero or above zero, as `a` comes before, equals or comes after `b`. */
export function compareDatum(a: Datum, b: Datum): number {
  if (a === b) return 0
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'number' && typeof b === 'number') return compareNumber(a, b)
  const rank = rankOf(a)
  const difference = rank - rankOf(b)
  if (difference !== 0) return difference
  switch (rank) {
    case NUMBER_RANK:
      return compareNumber(a as number | bigint, b as number | bigint)
    case BYTES_RANK:
      return compareBytes(a as Uint8Array, b as Uint8Array)
    case ARRAY_RANK:
      return compareArray(a as readonly Datum[], b as readonly Datum[])
    case OBJECT_RANK:
      return compareMembers(a as Members, b as Members)
    default:
      // NULL, false and true: each is alone in its rank.
      return 0
  }
}

/**
 * The hash of a value. Stable over runs and machines: persisted state is keyed by it, so that a change
 * here is a new format of stores.
 *
 * @throws UniverseError `table/invalid-value` for what is no value: functions, symbols, and objects of
 * a class that keeps its content to itself (Date, Map, Set).
 */
export function hashDatum(value: Datum): number {
  switch (typeof value) {
    case 'number':
      return hashNumber(value)
    case 'string':
      return hashText(value)
    case 'boolean':
      return value ? 0x2f6b1a35 : 0x51c3e7d9
    case 'bigint':
      return hashBigint(value)
    case 'undefined':
      return NULL_HASH
    case 'object':
      return value === null ? NULL_HASH : hashObject(value)
    default:
      throw invalid(value)
  }
}

/** True for NULL: null or undefined. */
export function isNull(value: Datum): value is null | undefined {
  return value === null || value === undefined
}

/** A bigint as the number that equals it, if there is one. */
export function numberOfBigint(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isFinite(number) && BigInt(number) === value ? number : value
}

/**
 * Refuses what is no value, at any depth: NaN and infinities too. For rows that come from outside.
 *
 * @throws UniverseError `table/invalid-value`.
 */
export function checkDatum(value: unknown): void {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw invalid(value)
      return
    case 'object':
      if (value !== null) checkContainer(value)
      return
    case 'function':
    case 'symbol':
      throw invalid(value)
  }
}

function checkContainer(value: object): void {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) checkDatum(value[index])
    return
  }
  if (value instanceof Uint8Array) return
  let isEmpty = true
  for (const name in value) {
    checkDatum((value as Members)[name])
    isEmpty = false
  }
  if (isEmpty) checkPlain(value)
}

/** The error for what is no value. */
export function invalid(value: unknown): UniverseError {
  const what = describe(value)
  return new UniverseError(
    'table/invalid-value',
    `${what} cannot be in a row or key; use null, booleans, finite numbers, bigints, text, bytes, arrays and plain objects`,
    { details: { reason: what } },
  )
}

function describe(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  return `an object of class ${value.constructor?.name ?? 'unknown'}`
}

/**
 * Refuses an object without members that is not plain: a Date or a Map would equal every other one.
 *
 * @throws UniverseError `table/invalid-value`.
 */
export function checkPlain(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw invalid(value)
}

type Members = Readonly<Record<string, Datum>>

const NUMBER_RANK = 3
const BYTES_RANK = 5
const ARRAY_RANK = 6
const OBJECT_RANK = 7

function rankOf(value: Datum): number {
  switch (typeof value) {
    case 'undefined':
      return 0
    case 'boolean':
      return value ? 2 : 1
    case 'number':
    case 'bigint':
      return NUMBER_RANK
    case 'string':
      return 4
    case 'object':
      if (value === null) return 0
      if (Array.isArray(value)) return ARRAY_RANK
      return value instanceof Uint8Array ? BYTES_RANK : OBJECT_RANK
    default:
      throw invalid(value)
  }
}

function equalScalar(a: Datum, b: Datum): boolean {
  if (isNumeric(a) && isNumeric(b)) return compareNumber(a, b) === 0
  return isNull(a) && isNull(b)
}

function isNumeric(value: Datum): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function equalElements(a: ArrayLike<Datum>, b: ArrayLike<Datum>): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) {
    const left = a[index]
    const right = b[index]
    if (left !== right && !equalDatum(left, right)) return false
  }
  return true
}

/** By `for in`, which reads the names from the hidden class: rows are plain, they inherit nothing. */
function equalMembers(a: Members, b: Members): boolean {
  let count = 0
  for (const name in a) {
    const left = a[name]
    const right = b[name]
    if (left === right) {
      if (left === undefined && !Object.hasOwn(b, name)) return false
      // A member that is not there may still read as one: as undefined, or `__proto__` as an object.
    } else if (!equalDatum(left, right) || !Object.hasOwn(b, name)) {
      return false
    }
    count += 1
  }
  for (const _ in b) count -= 1
  return count === 0
}

function compareNumber(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1
  if (a > b) return 1
  // Equal, or one is NaN.
  const aIsNaN = Number.isNaN(a)
  const bIsNaN = Number.isNaN(b)
  if (aIsNaN === bIsNaN) return 0
  return aIsNaN ? -1 : 1
}

/** By code point. UTF-16 units of surrogates are below those of U+E000–U+FFFF, their code points above. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    if (left < 0xd800 || right < 0xd800) return left - right
    return inCodePointOrder(left) - inCodePointOrder(right)
  }
  return a.length - b.length
}

function inCodePointOrder(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const difference = (a[index] as number) - (b[index] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function compareArray(a: readonly Datum[], b: readonly Datum[]): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareDatum(a[index], b[index])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareMembers(a: Members, b: Members): number {
  const names = sortedNames(a)
  const order = compareArray(names, sortedNames(b))
  if (order !== 0) return order
  for (const name of names) {
    const difference = compareDatum(a[name], b[name])
    if (difference !== 0) return difference
  }
  return 0
}

/** Names of members by code point. */
export function sortedNames(value: object): string[] {
  const names = Object.keys(value)
  return names.length < 2 ? names : names.sort(compareText)
}

const NULL_HASH = 0x1b873593

/** The last round of MurmurHash3: every bit of the input changes half of the output. */
function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const double = new Float64Array(1)
const words = new Int32Array(double.buffer)

function hashNumber(value: number): number {
  const integer = value | 0
  if (integer === value) return mix(integer)
  double[0] = value
  return mix((words[0] as number) ^ Math.imul(words[1] as number, 0x27d4eb2f))
}

function hashBigint(value: bigint): number {
  const number = numberOfBigint(value)
  return typeof number === 'number' ? hashNumber(number) : hashText(number.toString())
}

function hashText(text: string): number {
  let hash = text.length
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return mix(hash)
}

function hashObject(value: object): number {
  if (Array.isArray(value)) {
    let hash = 0x3c6ef372
    for (let index = 0; index < value.length; index += 1) {
      hash = Math.imul(hash, 0x01000193) + hashDatum(value[index])
    }
    return mix(hash)
  }
  if (value instanceof Uint8Array) {
    let hash = 0x510e527f
    for (let index = 0; index < value.length; index += 1) {
      hash = Math.imul(hash ^ (value[index] as number), 0x01000193)
    }
    return mix(hash)
  }
  // Members are added up: their order does not matter. Of a name three features are enough.
  let hash = 0
  for (const name in value) {
    const { length } = name
    const feature =
      (length << 16) ^ (name.charCodeAt(0) << 8) ^ (length > 0 ? name.charCodeAt(length - 1) : 0)
    hash += mix(Math.imul(hashDatum((value as Members)[name]), 0x01000193) + feature)
  }
  if (hash === 0) checkPlain(value)
  return mix(hash)
}
