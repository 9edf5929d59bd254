/**
 * Results of reducers: what may be returned, and how answers are stored. STORAGE.md ST9.
 *
 * A result is plain data: JSON values, `Uint8Array` at any depth, and undefined (alone, or as a member,
 * which is then left out). No bigint, Date, Map or class instance: they would not survive storage.
 *
 * Stored as JSON. Bytes are `{"$":"<hex>"}`; an object that itself has a member `$` is
 * `{"$":[[name, value], …]}`; so no value can be mistaken for another.
 */
import { bytesToHex, hexToBytes, JSON_DEPTH_MAX, UniverseError } from '@inner-universe/core'

/**
 * A copy of a result that shares nothing with what the reducer keeps.
 *
 * @throws UniverseError `reducer/invalid-result`, naming the path.
 */
export function copyResult(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return copyScalar(value, [])
  return copyMembers(value, [])
}

function copy(value: unknown, path: (string | number)[]): unknown {
  return typeof value === 'object' && value !== null
    ? copyMembers(value, path)
    : copyScalar(value, path)
}

function copyScalar(value: unknown, path: readonly (string | number)[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value
    case 'number':
      return Number.isFinite(value) ? value : refuse('a number that is not finite', path)
    case 'object':
      return null
    default:
      return refuse(`a ${typeof value}`, path)
  }
}

function copyMembers(value: object, path: (string | number)[]): unknown {
  if (value instanceof Uint8Array) return value.slice()
  if (path.length >= JSON_DEPTH_MAX) refuse(`nested more than ${JSON_DEPTH_MAX} deep`, path)
  if (Array.isArray(value)) {
    const elements: unknown[] = new Array(value.length)
    for (let index = 0; index < value.length; index++) {
      path.push(index)
      elements[index] = copy(value[index], path) ?? null
      path.pop()
    }
    return elements
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    refuse(`a ${value.constructor?.name || 'class'} object`, path)
  }
  const members: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    path.push(name)
    const member = copy((value as Readonly<Record<string, unknown>>)[name], path)
    if (member !== undefined) members[name] = member
    path.pop()
  }
  return members
}

function refuse(what: string, path: readonly (string | number)[]): never {
  const at = path.join('.')
  throw new UniverseError(
    'reducer/invalid-result',
    `the result${at === '' ? '' : ` at ${at}`} is ${what}; return plain data`,
    { details: { reason: what, path: at } },
  )
}

/** The JSON form of a result made by {@link copyResult}; undefined stays undefined. */
export function storableOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { $: bytesToHex(value) }
  if (Array.isArray(value)) return value.map(storableOf)
  const entries = Object.entries(value).map(([name, member]) => [name, storableOf(member)] as const)
  return Object.hasOwn(value, '$') ? { $: entries } : Object.fromEntries(entries)
}

/** The result a JSON form was made from. */
export function resultOf(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null) return stored
  if (Array.isArray(stored)) return stored.map(resultOf)
  if (Object.hasOwn(stored, '$')) {
    const { $: tagged } = stored as { readonly $: unknown }
    if (typeof tagged === 'string') return hexToBytes(tagged)
    return Object.fromEntries(
      (tagged as [string, unknown][]).map(([name, member]) => [name, resultOf(member)]),
    )
  }
  return Object.fromEntries(
    Object.entries(stored).map(([name, member]) => [name, resultOf(member)]),
  )
}
