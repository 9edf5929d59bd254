/** What expressions and tests of relations may say: kinds of their values, checked. */

import type { Condition } from './condition.ts'
import { canonicalJson } from './json.ts'
import type { Expression, ScalarFunction, Test } from './relation.ts'
import {
  type Place,
  placeOf,
  relationInvalid,
  type Shape,
  type ValueKind,
} from './relation-shape.ts'

/** Counts the parts of something untrusted. @throws UniverseError `query/invalid` past its limits. */
export type Count = (depth: number) => void

/** The kinds that a function takes and gives. */
interface Signature {
  readonly takes: ValueKind | 'any'
  readonly gives: ValueKind | 'any'
  readonly atLeast: number
  readonly atMost: number
}

const NUMBERS: Signature = { takes: 'number', gives: 'number', atLeast: 2, atMost: 2 }
const CASE: Signature = { takes: 'text', gives: 'text', atLeast: 1, atMost: 1 }

const SIGNATURES: Readonly<Record<ScalarFunction, Signature>> = {
  add: NUMBERS,
  subtract: NUMBERS,
  multiply: NUMBERS,
  divide: NUMBERS,
  lower: CASE,
  upper: CASE,
  length: { ...CASE, gives: 'number' },
  concat: { ...CASE, atMost: 100 },
  coalesce: { takes: 'any', gives: 'any', atLeast: 1, atMost: 100 },
  day: { takes: 'number', gives: 'text', atLeast: 1, atMost: 1 },
}

/**
 * The kind of an expression's values. It was checked before, or is checked now.
 *
 * @throws UniverseError `query/invalid`.
 */
export function kindOf(
  shape: Shape,
  expression: Expression,
  count: Count = () => undefined,
  depth = 0,
): ValueKind {
  count(depth)
  switch (expression?.kind) {
    case 'path': {
      const { path } = expression
      if (!isNames(path)) throw relationInvalid('a path is a list of names')
      return placeOf(shape, path).value
    }
    case 'value':
      return kindOfValue(expression.value)
    case 'call': {
      const { function: name, of } = expression
      const signature = Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name] : undefined
      if (signature === undefined) throw relationInvalid(`there is no function "${String(name)}"`)
      const { takes, gives, atLeast, atMost } = signature
      if (!Array.isArray(of) || of.length < atLeast || of.length > atMost) {
        throw relationInvalid(
          `"${name}" takes ${atLeast}${atMost > atLeast ? ' or more' : ''} values`,
        )
      }
      const kinds = of.map((part) => kindOf(shape, part, count, depth + 1))
      if (takes === 'any') return commonKind(kinds, `"${name}"`)
      for (const kind of kinds) {
        if (!isConvertible(kind, takes))
          throw relationInvalid(`"${name}" of ${kind}: it takes ${takes}`)
      }
      return gives as ValueKind
    }
    default:
      throw relationInvalid('an expression is one of path, value, call')
  }
}

/** The kind in which values are compared; JSON gives way to scalars. @throws UniverseError `query/invalid`. */
export function commonKind(kinds: readonly ValueKind[], what: string): ValueKind {
  let common: ValueKind = 'null'
  for (const kind of kinds) {
    if (isConvertible(kind, common)) continue
    if (!isConvertible(common, kind)) {
      throw relationInvalid(`${what} of ${common} and ${kind}: they are never equal`)
    }
    common = kind
  }
  return common
}

/** Whether values of a kind are, or may hold, values of another: NULL is of all, JSON holds scalars. */
function isConvertible(from: ValueKind, to: ValueKind): boolean {
  if (from === to || from === 'null') return true
  return from === 'json' && (to === 'text' || to === 'number' || to === 'bool')
}

/** Checks a test. @throws UniverseError `query/invalid`. */
export function checkTest(shape: Shape, test: Test, count: Count, depth = 0): void {
  count(depth)
  switch (test?.kind) {
    case 'condition':
      checkCondition(shape, test.condition, count, depth + 1)
      return
    case 'test': {
      const { operator, left, right } = test
      if (!['eq', 'ne', 'gt', 'gte', 'lt', 'lte'].includes(operator)) {
        throw relationInvalid(`there is no test "${String(operator)}"`)
      }
      const kinds = [left, right].map((side) => kindOf(shape, side, count, depth + 1))
      const kind = commonKind(kinds, `"${operator}"`)
      if (kind === 'json' && operator !== 'eq' && operator !== 'ne') {
        throw relationInvalid(
          `"${operator}" of JSON: it has no order; compare it with text or a number`,
        )
      }
      return
    }
    case 'and':
    case 'or':
      for (const part of listOf(test.of)) checkTest(shape, part as Test, count, depth + 1)
      return
    case 'not':
      checkTest(shape, test.of, count, depth + 1)
      return
    default:
      throw relationInvalid('a test is one of condition, test, and, or, not')
  }
}

/** The place that a comparison of a condition is about: its column may be the side of a join. */
export function placeOfComparison(
  shape: Shape,
  { column, path }: { readonly column: string; readonly path?: readonly string[] },
): Place {
  const whole = [column, ...(path ?? [])]
  if (!isNames(whole)) throw relationInvalid('a comparison names a column')
  return placeOf(shape, whole)
}

function checkCondition(shape: Shape, condition: Condition, count: Count, depth: number): void {
  count(depth)
  switch (condition?.kind) {
    case 'compare':
      checkComparison(placeOfComparison(shape, condition), condition)
      return
    case 'and':
    case 'or':
      for (const part of listOf(condition.of)) {
        checkCondition(shape, part as Condition, count, depth + 1)
      }
      return
    case 'not':
      checkCondition(shape, condition.of, count, depth + 1)
      return
    default:
      throw relationInvalid('a condition is one of compare, and, or, not')
  }
}

type Compare = Extract<Condition, { kind: 'compare' }>

function checkComparison({ column, kind, rest, value: own }: Place, compare: Compare): void {
  const { operator, value } = compare
  /** A `json` column may hold anything; `array`, `object` and `set` without a path are compared whole. */
  const isLoose = kind === 'json' || rest.length > 0
  const isList = (kind === 'array' || kind === 'set') && rest.length === 0
  const mismatch = (given: unknown) =>
    relationInvalid(`"${operator}" of column "${column}" (${kind}) and ${nameOf(given)}`)
  const checkValue = (given: unknown) => {
    const found = kindOfValue(given)
    if (own !== 'json' && found !== own) throw mismatch(given)
    if (own === 'json' && found === 'bytes') throw mismatch(given)
    if (kind === 'set' && rest.length === 0 && !Array.isArray(given)) throw mismatch(given)
  }
  switch (operator) {
    case 'eq':
    case 'ne':
      if (value !== null) checkValue(value)
      return
    case 'in':
    case 'notIn':
      for (const item of listOf(value)) if (item !== null) checkValue(item)
      return
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      if (own !== 'json') {
        checkValue(value)
        return
      }
      const found = kindOfValue(value)
      if (!isLoose || (found !== 'text' && found !== 'number')) throw mismatch(value)
      return
    }
    case 'contains':
      if (isList || isLoose) {
        if (kindOfValue(value) === 'bytes') throw mismatch(value)
        return
      }
      break
    case 'startsWith':
    case 'endsWith':
      break
    default:
      throw relationInvalid(`there is no operator "${String(operator)}"`)
  }
  if (typeof value !== 'string' || !(own === 'text' || isLoose)) throw mismatch(value)
}

function kindOfValue(value: unknown): ValueKind {
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'boolean':
      return 'bool'
    case 'number':
      if (Number.isFinite(value)) return 'number'
      break
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return 'bytes'
      canonicalJson(value, { code: 'query/invalid' })
      return 'json'
  }
  throw relationInvalid(`${nameOf(value)} is no value of a query`)
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value)
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw relationInvalid('a list is missing')
}

function isNames(path: unknown): path is readonly string[] {
  return Array.isArray(path) && path.length > 0 && path.every((name) => typeof name === 'string')
}
