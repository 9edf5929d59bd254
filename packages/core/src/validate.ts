/**
 * Values against column definitions: cells before they are written, arguments before a reducer runs.
 *
 * A definition is compiled once to a {@link Check}. Checks collect every fault with its path and
 * never put a value into a message: values may be private.
 */
import { assertNever } from './assert.ts'
import type { ColumnDefinition } from './column.ts'
import { isId } from './id.ts'
import { cloneJson, type JsonValue } from './json.ts'
import {
  BLOB_BYTES_MAX,
  ISSUES_MAX,
  JSON_DEPTH_MAX,
  KEY_BYTES_MAX,
  TEXT_BYTES_MAX,
} from './limits.ts'
import { isOrderKey } from './order-key.ts'
import type { Validation, ValidationIssue } from './standard-schema.ts'
import { utf8Length } from './utf8.ts'

/** Where a running check is, and what it has found. Reusable: empty it with `reset`. */
export class Findings {
  readonly path: (string | number)[] = []
  readonly issues: ValidationIssue[] = []

  /** Notes a fault of the value at the current path; beyond {@link ISSUES_MAX} they are dropped. */
  add(message: string): undefined {
    if (this.issues.length < ISSUES_MAX) this.issues.push({ message, path: this.path.join('.') })
  }

  reset(): void {
    this.path.length = 0
    this.issues.length = 0
  }
}

/**
 * Checks one value that is not undefined and gives it back as it counts from then on: defaults of
 * object fields filled in, −0 as 0. Meaningless when it added a finding.
 */
export type Check = (value: unknown, findings: Findings) => unknown

/** The check of a column. Cost: of the check, linear in the value; compile once. */
export function compileCheck(definition: ColumnDefinition): Check {
  const check = compileKind(definition)
  if (!definition.isOptional) return check
  return (value, findings) => (value === null ? null : check(value, findings))
}

/**
 * The check of named columns given as one object: how reducer arguments are validated. Columns it
 * does not name are refused; defaults are filled in; optional columns may be missing.
 */
export function compileArguments(
  columns: Readonly<Record<string, ColumnDefinition>>,
): (value: unknown) => Validation<Readonly<Record<string, unknown>>> {
  const check = compileFields(columns, true)
  return (value) => {
    const findings = new Findings()
    const checked = check(value ?? {}, findings)
    return findings.issues.length === 0
      ? { isValid: true, value: checked as Readonly<Record<string, unknown>> }
      : { isValid: false, issues: findings.issues }
  }
}

function compileKind(definition: ColumnDefinition): Check {
  const { kind } = definition
  switch (kind) {
    case 'id':
      return (value, findings) =>
        isId(value) ? value : findings.add(expected('an id (canonical lower-case UUID)', value))
    case 'key':
    case 'ref':
      return (value, findings) => {
        if (typeof value !== 'string') return findings.add(expected('a text', value))
        if (value === '') return findings.add('a key cannot be empty')
        return checkText(value, KEY_BYTES_MAX, findings)
      }
    case 'text':
      return compileText(definition)
    case 'int':
    case 'timestamp':
    case 'counter':
      return compileNumber(definition, Number.isSafeInteger, 'an integer within ±(2^53 − 1)')
    case 'real':
      return compileNumber(definition, Number.isFinite, 'a finite number')
    case 'bool':
      return (value, findings) =>
        typeof value === 'boolean' ? value : findings.add(expected('a boolean', value))
    case 'bytes':
      return (value, findings) => {
        if (!(value instanceof Uint8Array)) return findings.add(expected('bytes', value))
        if (value.length > BLOB_BYTES_MAX) return findings.add(`more than ${BLOB_BYTES_MAX} bytes`)
        checkLength(value.length, definition, 'bytes', findings)
        return value
      }
    case 'json':
      return (value, findings) => {
        checkJson(value, 0, findings)
        return value
      }
    case 'array':
    case 'set':
      return compileElements(definition)
    case 'object':
      return compileFields(definition.fields ?? {}, definition.isExact === true)
    case 'enum':
      return compileEnum(definition.values ?? [])
    default:
      return assertNever(kind)
  }
}

function compileText(definition: ColumnDefinition): Check {
  const { min = 0, max = TEXT_BYTES_MAX } = definition
  if (definition.isOrderKey) {
    return (value, findings) =>
      isOrderKey(value) ? value : findings.add('not an order key; make it with ctx.orderBetween')
  }
  return (value, findings) => {
    if (typeof value !== 'string') return findings.add(expected('a text', value))
    if (value.length < min) return findings.add(`shorter than ${min} characters`)
    if (value.length > max) return findings.add(`longer than ${max} characters`)
    return checkText(value, TEXT_BYTES_MAX, findings)
  }
}

function checkText(value: string, bytesMax: number, findings: Findings): string | undefined {
  if (!value.isWellFormed()) return findings.add('a text with a lone surrogate')
  // UTF-8 takes 1 to 3 bytes per UTF-16 unit, so most texts need no counting.
  if (value.length * 3 > bytesMax && utf8Length(value) > bytesMax) {
    return findings.add(`longer than ${bytesMax} bytes`)
  }
  return value
}

function compileNumber(
  { min, max }: ColumnDefinition,
  fits: (value: unknown) => boolean,
  what: string,
): Check {
  return (value, findings) => {
    if (!fits(value)) return findings.add(expected(what, value))
    if (min !== undefined && (value as number) < min) return findings.add(`less than ${min}`)
    if (max !== undefined && (value as number) > max) return findings.add(`more than ${max}`)
    // Neither JSON nor SQLite keeps the sign of zero.
    return value === 0 ? 0 : value
  }
}

function compileEnum(values: readonly string[]): Check {
  const members = new Set<unknown>(values)
  const what = `one of ${values.map((value) => `"${value}"`).join(', ')}`
  return (value, findings) => (members.has(value) ? value : findings.add(`not ${what}`))
}

function compileElements(definition: ColumnDefinition): Check {
  const checkElement = compileCheck(definition.element ?? { kind: 'json', isOptional: true })
  return (value, findings) => {
    if (!Array.isArray(value)) return findings.add(expected('an array', value))
    checkLength(value.length, definition, 'elements', findings)
    const checked: unknown[] = new Array(value.length)
    for (let index = 0; index < value.length; index++) {
      findings.path.push(index)
      const element: unknown = value[index]
      checked[index] =
        element === undefined ? findings.add('missing') : checkElement(element, findings)
      findings.path.pop()
    }
    return checked
  }
}

interface Field {
  readonly name: string
  readonly check: Check
  readonly isOptional: boolean
  readonly defaultValue: JsonValue | undefined
}

function compileFields(
  columns: Readonly<Record<string, ColumnDefinition>>,
  isExact: boolean,
): Check {
  const names = new Set(Object.keys(columns))
  const fields = Object.entries(columns).map(
    ([name, definition]): Field => ({
      name,
      check: compileCheck(definition),
      isOptional: definition.isOptional,
      defaultValue: definition.defaultValue,
    }),
  )
  return (value, findings) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return findings.add(expected('an object', value))
    }
    const given = value as Readonly<Record<string, unknown>>
    const checked: Record<string, unknown> = {}
    for (const name of Object.keys(given)) {
      if (names.has(name) || given[name] === undefined) continue
      if (isExact) {
        findings.path.push(name)
        findings.add('unknown name')
        findings.path.pop()
      } else {
        checked[name] = given[name]
      }
    }
    for (const field of fields) checkField(field, given, checked, findings)
    return checked
  }
}

function checkField(
  field: Field,
  given: Readonly<Record<string, unknown>>,
  checked: Record<string, unknown>,
  findings: Findings,
): void {
  const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined
  if (value !== undefined) {
    findings.path.push(field.name)
    checked[field.name] = field.check(value, findings)
    findings.path.pop()
  } else if (field.defaultValue !== undefined) {
    // A copy: a reducer may change its arguments, and must not change the module.
    checked[field.name] = cloneJson(field.defaultValue)
  } else if (!field.isOptional) {
    findings.path.push(field.name)
    findings.add('missing')
    findings.path.pop()
  }
}

/** Whether JSON can hold the value; the text itself, and so its size, is made when it is stored. */
function checkJson(value: unknown, depth: number, findings: Findings): void {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) findings.add('a text with a lone surrogate')
      return
    case 'number':
      if (!Number.isFinite(value)) findings.add('a number JSON cannot hold')
      return
    case 'boolean':
      return
    case 'object':
      if (value !== null) checkJsonMembers(value, depth, findings)
      return
    default:
      findings.add(expected('a JSON value', value))
  }
}

function checkJsonMembers(value: object, depth: number, findings: Findings): void {
  if (depth >= JSON_DEPTH_MAX) {
    findings.add(`nested more than ${JSON_DEPTH_MAX} deep`)
    return
  }
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Plain objects of another realm (frame, worker) have a prototype that is not ours.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      findings.add(expected('a JSON value', value))
      return
    }
  }
  const isArray = Array.isArray(value)
  for (const name of isArray ? value.keys() : Object.keys(value)) {
    findings.path.push(name)
    checkJson((value as Readonly<Record<string | number, unknown>>)[name], depth + 1, findings)
    findings.path.pop()
  }
}

function checkLength(
  length: number,
  { min, max }: ColumnDefinition,
  unit: string,
  findings: Findings,
): void {
  if (min !== undefined && length < min) findings.add(`fewer than ${min} ${unit}`)
  if (max !== undefined && length > max) findings.add(`more than ${max} ${unit}`)
}

function expected(what: string, value: unknown): string {
  return `expected ${what}, got ${nameOfType(value)}`
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Uint8Array) return 'bytes'
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'a number that is not finite'
    if (Number.isSafeInteger(value)) return 'an integer'
    return Number.isInteger(value) ? 'an integer out of range' : 'a fraction'
  }
  if (typeof value !== 'object') return typeof value === 'string' ? 'a text' : `a ${typeof value}`
  const name: unknown = value.constructor?.name
  return name === 'Object' || typeof name !== 'string' ? 'an object' : `a ${name}`
}
