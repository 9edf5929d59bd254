/**
 * Tests and conditions of relations as functions of a row, with the engine's answers: always true or
 * false. NULL is a value (core/src/condition.ts); texts go by code point.
 */
import {
  type Condition,
  canonicalJson,
  type JsonValue,
  placeOfComparison,
  type QueryValue,
  type Shape,
  sortElements,
  type Test,
} from '@inner-universe/core'
import { compareDatum, equalDatum } from '../datum.ts'
import type { Datum } from '../state.ts'
import { compileAlike, compilePath } from './expression.ts'

/** Whether a row passes. */
export type RowTest = (row: unknown) => boolean

/** A test, which is checked, as a function. */
export function compileTest(shape: Shape, test: Test): RowTest {
  switch (test.kind) {
    case 'condition':
      return compileCondition(shape, test.condition)
    case 'and':
      return every(test.of.map((part) => compileTest(shape, part)))
    case 'or':
      return some(test.of.map((part) => compileTest(shape, part)))
    case 'not': {
      const holds = compileTest(shape, test.of)
      return (row) => !holds(row)
    }
    case 'test': {
      const sides = [test.left, test.right].map((expression) => ({ shape, expression }))
      const [left, right] = compileAlike(sides) as [
        (row: unknown) => Datum,
        (row: unknown) => Datum,
      ]
      const { operator } = test
      if (operator === 'eq') return (row) => equalDatum(left(row), right(row))
      if (operator === 'ne') return (row) => !equalDatum(left(row), right(row))
      const fits = ORDERS[operator]
      return (row) => {
        const a = left(row)
        const b = right(row)
        return a !== null && b !== null && fits(compareDatum(a, b))
      }
    }
  }
}

/** A condition, which is checked, as a function. */
export function compileCondition(shape: Shape, condition: Condition): RowTest {
  switch (condition.kind) {
    case 'and':
      return every(condition.of.map((part) => compileCondition(shape, part)))
    case 'or':
      return some(condition.of.map((part) => compileCondition(shape, part)))
    case 'not': {
      const holds = compileCondition(shape, condition.of)
      return (row) => !holds(row)
    }
    case 'compare':
      return compileComparison(shape, condition)
  }
}

/** True when all hold. */
export function every(tests: readonly RowTest[]): RowTest {
  const [first, second] = tests
  if (first === undefined) return () => true
  if (second === undefined) return first
  return (row) => tests.every((holds) => holds(row))
}

function some(tests: readonly RowTest[]): RowTest {
  return (row) => tests.some((holds) => holds(row))
}

const ORDERS = {
  gt: (order: number) => order > 0,
  gte: (order: number) => order >= 0,
  lt: (order: number) => order < 0,
  lte: (order: number) => order <= 0,
} as const

function compileComparison(
  shape: Shape,
  compare: Extract<Condition, { kind: 'compare' }>,
): RowTest {
  const place = placeOfComparison(shape, compare)
  const path = place.member === undefined ? [place.column] : [place.member, place.column]
  const pick = compilePath(shape, [...path, ...place.rest])
  const { operator, value } = compare
  const isSet = place.kind === 'set' && place.rest.length === 0
  const isList = isSet || (place.kind === 'array' && place.rest.length === 0)
  switch (operator) {
    case 'eq':
      return equals(pick, asRead(value, isSet))
    case 'ne':
      return not(equals(pick, asRead(value, isSet)))
    case 'in':
    case 'notIn': {
      const values = (value as readonly QueryValue[]).map((item) => asRead(item, isSet))
      const holds: RowTest = (row) => {
        const own = pick(row)
        return values.some((item) => equalDatum(own, item))
      }
      return operator === 'in' ? holds : not(holds)
    }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      const fits = ORDERS[operator]
      const type = typeof value
      return (row) => {
        const own = pick(row)
        return typeof own === type && own !== null && fits(compareDatum(own, value))
      }
    }
    case 'contains':
      return (row) => {
        const own = pick(row)
        if (Array.isArray(own)) return own.some((element) => equalDatum(element, value))
        return (
          !isList && typeof own === 'string' && typeof value === 'string' && own.includes(value)
        )
      }
    case 'startsWith':
      return ofText(pick, (text) => text.startsWith(value as string))
    case 'endsWith':
      return ofText(pick, (text) => text.endsWith(value as string))
  }
}

function equals(pick: (row: unknown) => Datum, value: Datum): RowTest {
  if (typeof value === 'object' && value !== null) return (row) => equalDatum(pick(row), value)
  return (row) => pick(row) === value
}

function not(holds: RowTest): RowTest {
  return (row) => !holds(row)
}

function ofText(pick: (row: unknown) => Datum, fits: (text: string) => boolean): RowTest {
  return (row) => {
    const own = pick(row)
    return typeof own === 'string' && fits(own)
  }
}

/** A value as rows have it: sets are read in the order of their elements, whatever order is asked with. */
function asRead(value: unknown, isSet: boolean): Datum {
  if (!isSet || !Array.isArray(value)) return value
  return sortElements(value.map((item) => canonicalJson(item))).map(
    (text) => JSON.parse(text) as JsonValue,
  )
}
