/**
 * Arguments fixed at the moment of the call: copied, measured and checked in one walk.
 *
 * A call may be sent again after a fail-over, and the app may change its own objects meanwhile; what
 * is sent twice must be the same.
 */
import { UniverseError } from '@inner-universe/core'

interface Walk {
  bytes: number
  readonly bytesMax: number
  readonly ancestors: object[]
}

/** Deepest nesting; far below the stack's end and above what any column holds. */
const DEPTH_MAX = 256

/**
 * A copy that shares nothing with the value.
 *
 * Plain objects, arrays, texts, numbers and bytes are copied here; anything else that a structured
 * clone can move (Date, Map, …) is left to it.
 *
 * @throws UniverseError `call/too-large` beyond `bytesMax`; `reducer/invalid-arguments` for what
 * cannot cross threads (functions, symbols, cycles).
 */
export function snapshot(value: unknown, bytesMax: number): unknown {
  return copy(value, { bytes: 0, bytesMax, ancestors: [] })
}

function count(walk: Walk, bytes: number): void {
  walk.bytes += bytes
  if (walk.bytes > walk.bytesMax) {
    throw new UniverseError(
      'call/too-large',
      `the arguments take more than ${walk.bytesMax} bytes; send them in parts`,
      { details: { bytesMax: walk.bytesMax } },
    )
  }
}

function copy(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      count(walk, value.length * 2)
      return value
    case 'function':
    case 'symbol':
      return refuse(`a ${typeof value}`)
    case 'object':
      return value === null ? null : copyObject(value, walk)
    default:
      count(walk, 8)
      return value
  }
}

function copyObject(value: object, walk: Walk): unknown {
  if (value instanceof Uint8Array) {
    count(walk, value.byteLength)
    return value.slice()
  }
  const isArray = Array.isArray(value)
  if (!isArray && !isPlain(value)) return copyForeign(value)
  if (walk.ancestors.length >= DEPTH_MAX || walk.ancestors.includes(value)) {
    refuse(walk.ancestors.includes(value) ? 'a cycle' : `nested more than ${DEPTH_MAX} deep`)
  }
  count(walk, 16)
  walk.ancestors.push(value)
  let copied: unknown
  if (isArray) {
    copied = value.map((element) => copy(element, walk))
  } else {
    const entries: Record<string, unknown> = {}
    for (const name of Object.keys(value)) {
      count(walk, name.length * 2)
      const member = copy((value as Record<string, unknown>)[name], walk)
      if (name === '__proto__')
        Object.defineProperty(entries, name, { value: member, enumerable: true })
      else entries[name] = member
    }
    copied = entries
  }
  walk.ancestors.pop()
  return copied
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function copyForeign(value: object): unknown {
  try {
    return structuredClone(value)
  } catch (cause) {
    return refuse(`a ${value.constructor?.name ?? 'foreign'} object`, cause)
  }
}

function refuse(what: string, cause?: unknown): never {
  throw new UniverseError(
    'reducer/invalid-arguments',
    `the arguments hold ${what}, which cannot cross threads; give plain data`,
    { details: { issues: [{ path: '', message: `is ${what}` }] }, cause },
  )
}
