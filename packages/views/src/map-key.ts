/**
 * Keys as primitives, so that a `Map` finds them by value: equal keys have equal primitives, different
 * keys different ones.
 *
 * Scalars stand for themselves (bigints that a number equals as that number). Arrays, objects and bytes
 * become text after a mark, U+0000; text that begins with the mark gets one more mark and `t`.
 * Inside, every part says its kind and its length, so that no two values have one text:
 *
 *     null z   false F   true T   number n…;   bigint i…;   text t<units>:…   bytes b<count>:…
 *     array [ … ]   object { <units>:name value … }   names ascending
 */
import { checkPlain, invalid, numberOfBigint, sortedNames } from './datum.ts'
import type { Datum } from './state.ts'

/** A primitive that stands for a key. */
export type MapKey = null | boolean | number | bigint | string

const MARK = '\u0000'

/** The primitive of a key. Cost: O(1) for scalars but large bigints, O(size) for others. */
export function mapKey(key: Datum): MapKey {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? `${MARK}t${key}` : key
    case 'number':
    case 'boolean':
      return key
    case 'bigint':
      return numberOfBigint(key)
    case 'undefined':
      return null
    case 'object':
      return key === null ? null : MARK + datumText(key)
    default:
      throw invalid(key)
  }
}

/** The value that a primitive stands for: equal to the key it was made of. */
export function keyOfMapKey(key: MapKey): Datum {
  if (typeof key !== 'string' || key.charCodeAt(0) !== 0) return key
  return key[1] === 't' ? key.slice(2) : new Reader(key, 1).read()
}

/** A value as text, after which another may follow: equal values have equal texts, and only they. */
export function datumText(value: Datum): string {
  switch (typeof value) {
    case 'string':
      return `t${value.length}:${value}`
    case 'number':
      // Of −0 the text is 0 already.
      return `n${value};`
    case 'boolean':
      return value ? 'T' : 'F'
    case 'bigint': {
      const number = numberOfBigint(value)
      return typeof number === 'number' ? `n${number};` : `i${number};`
    }
    case 'undefined':
      return 'z'
    case 'object':
      return value === null ? 'z' : containerText(value)
    default:
      throw invalid(value)
  }
}

function containerText(value: object): string {
  if (Array.isArray(value)) {
    let text = '['
    for (const element of value) text += datumText(element)
    return `${text}]`
  }
  if (value instanceof Uint8Array) {
    let text = `b${value.length}:`
    for (const byte of value) text += String.fromCharCode(byte)
    return text
  }
  const names = sortedNames(value)
  if (names.length === 0) checkPlain(value)
  let text = '{'
  for (const name of names) {
    text += `${name.length}:${name}${datumText((value as Readonly<Record<string, Datum>>)[name])}`
  }
  return `${text}}`
}

/** Reads what {@link datumText} wrote. */
class Reader {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  read(): Datum {
    const kind = this.#text[this.#at]
    this.#at += 1
    switch (kind) {
      case 'F':
        return false
      case 'T':
        return true
      case 'n':
        return Number(this.#until(';'))
      case 'i':
        return BigInt(this.#until(';'))
      case 't':
        return this.#counted()
      case 'b':
        return Uint8Array.from(this.#counted(), (unit) => unit.charCodeAt(0))
      case '[':
        return this.#elements()
      case '{':
        return this.#members()
      default:
        return null
    }
  }

  #until(end: string): string {
    const from = this.#at
    const to = this.#text.indexOf(end, from)
    this.#at = to + 1
    return this.#text.slice(from, to)
  }

  #counted(): string {
    const length = Number(this.#until(':'))
    this.#at += length
    return this.#text.slice(this.#at - length, this.#at)
  }

  #elements(): Datum[] {
    const elements: Datum[] = []
    while (this.#text[this.#at] !== ']') elements.push(this.read())
    this.#at += 1
    return elements
  }

  #members(): Datum {
    const members: [string, Datum][] = []
    while (this.#text[this.#at] !== '}') members.push([this.#counted(), this.read()])
    this.#at += 1
    return Object.fromEntries(members)
  }
}
