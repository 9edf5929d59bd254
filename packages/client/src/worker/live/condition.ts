/**
 * Conditions evaluated on one row in plain code, so that a change no query asks for costs no SQL.
 *
 * Invariant: a definite answer agrees with the engine's SQL. Whatever is not plainly the same there
 * and here (other types than the column's, NULL with an order, JSON paths, surrogates) is `unknown`,
 * and the query is run again.
 */
import type { Condition, Row } from '@inner-universe/core'
import { equalValue } from '../../rpc/equal-value.ts'

/** What is known about a row without asking SQLite. */
export type Verdict = 'yes' | 'no' | 'unknown'

/** Says whether a row fits a condition; no condition fits all. */
export function judge(condition: Condition | undefined, row: Row): Verdict {
  if (condition === undefined) return 'yes'
  switch (condition.kind) {
    case 'and': {
      const verdicts = condition.of.map((part) => judge(part, row))
      if (verdicts.includes('no')) return 'no'
      return verdicts.includes('unknown') ? 'unknown' : 'yes'
    }
    case 'or': {
      const verdicts = condition.of.map((part) => judge(part, row))
      if (verdicts.includes('yes')) return 'yes'
      return verdicts.includes('unknown') ? 'unknown' : 'no'
    }
    case 'not': {
      const verdict = judge(condition.of, row)
      if (verdict === 'unknown') return 'unknown'
      return verdict === 'yes' ? 'no' : 'yes'
    }
    case 'compare':
      return compare(condition, row)
    default:
      // From a newer page: the engine decides, and refuses it if it must.
      return 'unknown'
  }
}

function compare(condition: Extract<Condition, { kind: 'compare' }>, row: Row): Verdict {
  const { column, path, operator, value } = condition
  if (path !== undefined) return 'unknown'
  const cell = row[column]
  switch (operator) {
    case 'eq':
      return equal(cell, value)
    case 'ne':
      return negate(equal(cell, value))
    case 'in':
      return isAmong(cell, value)
    case 'notIn':
      return negate(isAmong(cell, value))
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return ordered(cell, operator, value)
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return matchesText(cell, operator, value)
    default:
      return 'unknown'
  }
}

function negate(verdict: Verdict): Verdict {
  if (verdict === 'unknown') return 'unknown'
  return verdict === 'yes' ? 'no' : 'yes'
}

function verdictOf(isTrue: boolean): Verdict {
  return isTrue ? 'yes' : 'no'
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function equal(cell: unknown, value: unknown): Verdict {
  if (cell === undefined || value === undefined) return 'unknown'
  if (cell === null || value === null) return verdictOf(cell === value)
  if (isScalar(cell) && typeof cell === typeof value) return verdictOf(cell === value)
  if (cell instanceof Uint8Array && value instanceof Uint8Array)
    return verdictOf(equalValue(cell, value))
  return 'unknown'
}

function isAmong(cell: unknown, values: unknown): Verdict {
  if (!Array.isArray(values)) return 'unknown'
  const verdicts = values.map((value) => equal(cell, value))
  if (verdicts.includes('yes')) return 'yes'
  return verdicts.includes('unknown') ? 'unknown' : 'no'
}

/** Above these UTF-16 order and UTF-8 order, SQLite's, part ways. */
const SURROGATE = /[\ud800-\udfff]/

function ordered(cell: unknown, operator: 'gt' | 'gte' | 'lt' | 'lte', value: unknown): Verdict {
  if (typeof cell === 'string' && typeof value === 'string') {
    if (SURROGATE.test(cell) || SURROGATE.test(value)) return 'unknown'
  } else if (typeof cell !== 'number' || typeof value !== 'number') {
    return 'unknown'
  }
  switch (operator) {
    case 'gt':
      return verdictOf(cell > value)
    case 'gte':
      return verdictOf(cell >= value)
    case 'lt':
      return verdictOf(cell < value)
    case 'lte':
      return verdictOf(cell <= value)
  }
}

function matchesText(
  cell: unknown,
  operator: 'contains' | 'startsWith' | 'endsWith',
  value: unknown,
): Verdict {
  if (typeof cell !== 'string' || typeof value !== 'string') return 'unknown'
  // A text cut at a NUL, or half a surrogate pair, may match in one place and not in the other.
  if (cell.includes('\0') || value.includes('\0') || !value.isWellFormed()) return 'unknown'
  switch (operator) {
    case 'contains':
      return verdictOf(cell.includes(value))
    case 'startsWith':
      return verdictOf(cell.startsWith(value))
    case 'endsWith':
      return verdictOf(cell.endsWith(value))
  }
}
