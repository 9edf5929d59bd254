/**
 * Expressions of relations as functions of a row, with SQL's answers (engine's expression-sql.ts).
 *
 * NULL in gives NULL out. Where a kind of value is asked for, what JSON holds of another kind is NULL.
 */
import {
  canonicalJson,
  commonKind,
  type Expression,
  kindOf,
  placeOf,
  type ScalarFunction,
  type Shape,
  type ValueKind,
} from '@inner-universe/core'
import type { Datum } from '../state.ts'

/** A value of a row. Never undefined. */
export type Pick = (row: unknown) => Datum

/** The value of an expression; of JSON, as `kind` if that is given. The expression is checked. */
export function compileExpression(shape: Shape, expression: Expression, kind?: ValueKind): Pick {
  const own = kindOf(shape, expression)
  const pick = compile(shape, expression)
  if (own !== 'json' || kind === undefined || kind === 'json') return pick
  const type = TYPES[kind]
  return (row) => {
    const value = pick(row)
    return typeof value === type ? value : null
  }
}

/** Expressions in the kind they have in common: their values can be compared. */
export function compileAlike(
  sides: readonly { readonly shape: Shape; readonly expression: Expression }[],
): Pick[] {
  const kind = commonKind(
    sides.map(({ shape, expression }) => kindOf(shape, expression)),
    'a comparison',
  )
  return sides.map(({ shape, expression }) => compileExpression(shape, expression, kind))
}

/** Several values of a row as one: itself if there is one, else a list. */
export function tupleOf(picks: readonly Pick[]): Pick {
  const [first, second] = picks
  if (first !== undefined && second === undefined) return first
  return (row) => picks.map((pick) => pick(row))
}

/** A value in SQL's order of JSON: NULL, then booleans as 0 and 1 among numbers, then texts, lists and objects as their text. */
export function sqlOrder(value: Datum): Datum {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'object' || value === null) return value
  return canonicalJson(value)
}

/** Where a path leads in a row. Through a side that is null, it leads to NULL. */
export function compilePath(shape: Shape, path: readonly string[]): Pick {
  const { member, column, rest } = placeOf(shape, path)
  const cell: Pick =
    member === undefined
      ? (row) => (row as Members)[column] ?? null
      : (row) => ((row as Members)[member] as Members | null)?.[column] ?? null
  if (rest.length === 0) return cell
  return (row) => {
    let value = cell(row)
    for (const name of rest) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
      if (!Object.hasOwn(value, name)) return null
      value = (value as Members)[name]
    }
    return value ?? null
  }
}

type Members = Readonly<Record<string, unknown>>

const TYPES: Readonly<Partial<Record<ValueKind, string>>> = {
  text: 'string',
  number: 'number',
  bool: 'boolean',
}

function compile(shape: Shape, expression: Expression): Pick {
  switch (expression.kind) {
    case 'path':
      return compilePath(shape, expression.path)
    case 'value': {
      const { value } = expression
      return () => value
    }
    case 'call':
      return compileCall(shape, expression.function, expression.of)
  }
}

function compileCall(shape: Shape, name: ScalarFunction, of: readonly Expression[]): Pick {
  if (name === 'coalesce') {
    const picks = compileAlike(of.map((expression) => ({ shape, expression })))
    return (row) => {
      for (const pick of picks) {
        const value = pick(row)
        if (value !== null) return value
      }
      return null
    }
  }
  const arithmetic = ARITHMETIC[name]
  if (arithmetic !== undefined) {
    const [left, right] = of.map((part) => compileExpression(shape, part, 'number')) as [Pick, Pick]
    return (row) => {
      const a = left(row)
      const b = right(row)
      if (a === null || b === null) return null
      const result = arithmetic(a as number, b as number)
      // Never −0, which lists of JSON tell from 0.
      return Number.isFinite(result) ? result + 0 : null
    }
  }
  if (name === 'day') return mapped(compileExpression(shape, of[0] as Expression, 'number'), dayOf)
  const texts = of.map((part) => compileExpression(shape, part, 'text'))
  const [first] = texts as [Pick, ...Pick[]]
  const map = TEXT_FUNCTIONS[name]
  if (map !== undefined) return mapped(first, map)
  return (row) => {
    let whole = ''
    for (const pick of texts) {
      const text = pick(row)
      if (text === null) return null
      whole += text as string
    }
    return whole
  }
}

function mapped<V>(pick: Pick, map: (value: V) => Datum): Pick {
  return (row) => {
    const value = pick(row)
    return value === null ? null : map(value as V)
  }
}

const ARITHMETIC: Readonly<Partial<Record<ScalarFunction, (a: number, b: number) => number>>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  // By zero: no finite number, so NULL.
  divide: (a, b) => a / b,
}

const TEXT_FUNCTIONS: Readonly<Partial<Record<ScalarFunction, (text: string) => Datum>>> = {
  // Of ASCII letters, as SQLite has them.
  lower: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upper: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  length: lengthOf,
}

/** Code points, up to the first U+0000: SQLite counts so. */
function lengthOf(text: string): number {
  const end = text.indexOf('\0')
  let count = 0
  for (const _ of end < 0 ? text : text.slice(0, end)) count += 1
  return count
}

const DAY_MS = 86_400_000
/** The first and last milliseconds of the years 0 to 9999, beyond which SQLite has no days. */
const DAY_MIN_MS = -62_167_219_200_000
const DAY_MAX_MS = 253_402_300_799_999

function dayOf(timeMs: number): string | null {
  const whole = Math.trunc(timeMs)
  if (whole < DAY_MIN_MS || whole > DAY_MAX_MS) return null
  return new Date(Math.floor(whole / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
}
