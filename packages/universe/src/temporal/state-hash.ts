/** Hashes of states. */
import { bytesToHex, canonicalJson, type JsonValue, sha256 } from '@inner-universe/core'
import { isObject } from './apply-operations.ts'

/** The SHA-256 of a state's canonical JSON (RFC 8785, UTF-8), as 64 hex digits. */
export function stateHash(state: JsonValue): string {
  return hexOf(canonicalJson(state))
}

/**
 * The same over the text that Python's `json.dumps(state, sort_keys=True)` makes of it, for comparison
 * with hashes made there: members sorted by code point, `", "` and `": "` between, all but ASCII escaped.
 * A number without a fraction is taken for an `int`: JSON does not tell it from a `float`.
 */
export function pythonStateHash(state: JsonValue): string {
  return hexOf(pythonJson(state))
}

function hexOf(text: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)))
}

function pythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (isObject(value)) {
    const members = Object.entries(value)
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(([name, member]) => `${pythonText(name)}: ${pythonJson(member)}`)
    return `{${members.join(', ')}}`
  }
  if (typeof value === 'string') return pythonText(value)
  return typeof value === 'number' ? pythonNumber(value) : String(value)
}

function pythonText(text: string): string {
  // By UTF-16 unit: what is beyond the first plane is written as a pair, in Python too.
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `repr` of a float: an exponent from 1e16 on and below 1e-4, of two digits at least. */
function pythonNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString()
  if (Math.abs(value) >= 1e-4) return String(value)
  const [digits = '', power = ''] = value.toExponential().split('e-')
  return `${digits}e-${power.padStart(2, '0')}`
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  const at = left.findIndex((character, index) => character !== right[index])
  if (at < 0) return left.length - right.length
  if (at >= right.length) return 1
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0)
}
