/**
 * JSON values: canonical text, checked parsing, structural equality and copies. CODEC.md JS1–JS6.
 *
 * Canonical text is RFC 8785 (JCS): no white space, members in the order of their names' UTF-16 code
 * units, numbers and strings as ECMAScript writes them. Equal values have equal texts, so stored
 * JSON can be compared, hashed and merged as text.
 */
import { type ErrorCode, UniverseError } from './error.ts'
import { JSON_BYTES_MAX, JSON_DEPTH_MAX } from './limits.ts'
import { utf8Length } from './utf8.ts'

/** Anything JSON can say. Objects are plain; numbers are finite; texts are well-formed Unicode. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** How strict to be, and the code of the error when a value is refused. */
export interface JsonOptions {
  /** Default {@link JSON_DEPTH_MAX}. */
  readonly depthMax?: number
  /** UTF-8 bytes of the text. Default {@link JSON_BYTES_MAX}. */
  readonly bytesMax?: number
  /** Default `table/invalid-value`. */
  readonly code?: ErrorCode
}

/** The members on the way to the value at hand; texts are object names, numbers array indexes. */
type Path = (string | number)[]

interface Writing {
  readonly path: Path
  readonly ancestors: object[]
  readonly depthMax: number
  readonly code: ErrorCode
}

/**
 * The canonical text of a value (RFC 8785). −0 is written `0`.
 *
 * Cost: about that of `JSON.stringify` twice over.
 *
 * @throws UniverseError `table/invalid-value` (or `options.code`), naming the path, for what JSON
 * cannot say (NaN, infinities, undefined, functions, symbols, bigints, texts with lone surrogates,
 * objects that are not plain, cycles) and for what is too deep or too large.
 */
export function canonicalJson(value: unknown, options: JsonOptions = {}): string {
  const { code = 'table/invalid-value', depthMax = JSON_DEPTH_MAX } = options
  const text = write(value, { path: [], ancestors: [], depthMax, code })
  checkSize(text, options)
  return text
}

function write(value: unknown, writing: Writing): string {
  switch (typeof value) {
    case 'string':
      return writeText(value, writing)
    case 'number':
      if (!Number.isFinite(value)) refuse(`${value}`, writing)
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return writeContainer(value, writing)
    default:
      return refuse(value === undefined ? 'undefined' : `a ${typeof value}`, writing)
  }
}

/** Printable ASCII without quote and backslash: nothing to escape. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/

function writeText(text: string, writing: Writing): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`
  if (!text.isWellFormed()) refuse('a text with a lone surrogate', writing)
  return JSON.stringify(text)
}

function writeContainer(value: object, writing: Writing): string {
  const { path, ancestors } = writing
  // Depth is bounded, so a cycle is always met here: no set of visited objects is needed.
  if (ancestors.length >= writing.depthMax) {
    refuse(ancestors.includes(value) ? 'a cycle' : `more than ${writing.depthMax} deep`, writing)
  }
  ancestors.push(value)
  let text: string
  if (Array.isArray(value)) {
    text = '['
    for (let index = 0; index < value.length; index++) {
      path.push(index)
      text += (index === 0 ? '' : ',') + write(value[index], writing)
      path.pop()
    }
    text += ']'
  } else {
    if (!isPlain(value)) refuse(`a ${value.constructor?.name ?? 'foreign'} object`, writing)
    text = '{'
    // The default order of sort is that of UTF-16 code units, as RFC 8785 wants.
    for (const name of Object.keys(value).sort()) {
      path.push(name)
      text += `${(text.length === 1 ? '' : ',') + writeText(name, writing)}:`
      text += write((value as Record<string, unknown>)[name], writing)
      path.pop()
    }
    text += '}'
  }
  ancestors.pop()
  return text
}

/** True for objects without a class of their own, of whatever realm (frame, worker, test). */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function refuse(what: string, { path, code }: Writing): never {
  const at = pathText(path)
  throw new UniverseError(
    code,
    `${at === '' ? 'the value' : at} is ${what}, which JSON cannot hold`,
    {
      details: { reason: what, path: at },
    },
  )
}

function pathText(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return text.startsWith('.') ? text.slice(1) : text
}

function checkSize(text: string, options: JsonOptions): void {
  const { bytesMax = JSON_BYTES_MAX, code = 'table/invalid-value' } = options
  // UTF-8 takes 1 to 3 bytes per UTF-16 unit, so most texts need no counting.
  if (text.length * 3 <= bytesMax) return
  const byteCount = text.length > bytesMax ? text.length : utf8Length(text)
  if (byteCount > bytesMax) {
    throw new UniverseError(code, `JSON of ${byteCount} bytes or more; ${bytesMax} are allowed`, {
      details: { reason: 'too large', bytesMax },
    })
  }
}

/** What JSON.parse lets through and canonical text cannot hold: lone surrogates, huge numbers. */
const SUSPICIOUS = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}/

/**
 * Parses JSON text of any form. Of members with equal names the last one counts.
 *
 * Size and depth are checked before anything is built.
 *
 * @throws UniverseError `table/invalid-value` (or `options.code`) for text that is not JSON, is too
 * large or too deep, or says a number or a text that {@link JsonValue} does not have.
 */
export function parseJson(text: string, options: JsonOptions = {}): JsonValue {
  const { code = 'table/invalid-value', depthMax = JSON_DEPTH_MAX } = options
  checkSize(text, options)
  if (depthOf(text, depthMax) > depthMax) {
    throw new UniverseError(code, `JSON nested more than ${depthMax} deep`, {
      details: { reason: 'too deep', depthMax },
    })
  }
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch (cause) {
    // The engine's own message would quote the text, which may be private.
    throw new UniverseError(code, 'the text is not JSON', {
      details: { reason: 'not JSON' },
      cause,
    })
  }
  if (SUSPICIOUS.test(text)) canonicalJson(value, options)
  return value
}

/** Nesting of JSON text, or some number above `enough` once it is known to exceed that. */
function depthOf(text: string, enough: number): number {
  if (text.length <= 2 * enough) return 0
  let depth = 0
  let deepest = 0
  for (let index = 0; index < text.length && deepest <= enough; index++) {
    switch (text.charCodeAt(index)) {
      case 0x22: // A string: skip to its closing quote.
        for (index++; index < text.length; index++) {
          const unit = text.charCodeAt(index)
          if (unit === 0x22) break
          if (unit === 0x5c) index++
        }
        break
      case 0x5b:
      case 0x7b:
        if (++depth > deepest) deepest = depth
        break
      case 0x5d:
      case 0x7d:
        depth--
        break
    }
  }
  return deepest
}

/** True when two values have the same canonical text. Order of members does not matter; −0 is 0. */
export function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((element, index) => equalJson(element, b[index]))
    )
  }
  const left = a as Readonly<Record<string, JsonValue>>
  const right = b as Readonly<Record<string, JsonValue>>
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every(
      (name) =>
        Object.hasOwn(right, name) && equalJson(left[name] as JsonValue, right[name] as JsonValue),
    )
  )
}

/** A copy that shares nothing with the value. A member called `__proto__` stays a member. */
export function cloneJson<Value extends JsonValue>(value: Value): Value {
  return clone(value) as Value
}

function clone(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clone(member)]))
}
