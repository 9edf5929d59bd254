/** Orders of relations as terms that compare rows. */
import {
  canonicalJson,
  kindOf,
  type QueryValue,
  type Shape,
  type TotalOrder,
  UniverseError,
} from '@inner-universe/core'
import { compareDatum } from '../datum.ts'
import type { OrderTerm } from '../state.ts'
import { compileExpression, sqlOrder } from './expression.ts'
import type { RowTest } from './row-test.ts'

/** The terms of an order. */
export function compileOrder(shape: Shape, order: readonly TotalOrder[]): OrderTerm[] {
  return order.map(({ by, direction, asText }) => {
    const pick = compileExpression(shape, by)
    const isDescending = direction === 'desc'
    if (kindOf(shape, by) !== 'json') return { pick, isDescending }
    return asText
      ? { pick: (row) => textOf(pick(row)), isDescending }
      : { pick: (row) => sqlOrder(pick(row)), isDescending }
  })
}

/**
 * Whether a row comes after the one with these order keys.
 *
 * @throws UniverseError `query/invalid-cursor` for keys of another order.
 */
export function compileAfter(terms: readonly OrderTerm[], after: readonly QueryValue[]): RowTest {
  if (!Array.isArray(after) || after.length !== terms.length) {
    throw new UniverseError(
      'query/invalid-cursor',
      `the cursor has ${after.length} values, the order ${terms.length}; start from the first page`,
    )
  }
  const places = after.map(sqlOrderOfKey)
  return (row) => {
    for (const [at, { pick, isDescending }] of terms.entries()) {
      const order = compareDatum(pick(row), places[at])
      if (order !== 0) return isDescending ? order < 0 : order > 0
    }
    return false
  }
}

/** Cursors hold values as rows have them; bytes are no JSON. */
function sqlOrderOfKey(value: QueryValue): unknown {
  return value instanceof Uint8Array || typeof value === 'boolean' ? value : sqlOrder(value)
}

function textOf(value: unknown): unknown {
  return value === null ? null : canonicalJson(value)
}
