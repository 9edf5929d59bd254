/** The order of a relation's rows: what a window asks for, made total. Views and engine sort alike. */
import type { CheckedRelation } from './check-relation.ts'
import { kindOf } from './expression-kind.ts'
import { equalJson, type JsonValue } from './json.ts'
import type { Expression, Relation, RelationOrder } from './relation.ts'
import { keyPaths, type Shape } from './relation-shape.ts'

/**
 * One term of a total order. JSON sorts as its SQL value: NULL, then booleans as 0 and 1 among numbers,
 * then texts, and lists and objects as their text; with `asText` by its canonical text instead, so that
 * no two values tie.
 */
export interface TotalOrder extends RelationOrder {
  readonly asText: boolean
}

/**
 * The order that rows of a relation are given in: that of its outermost window as far as it can still
 * be seen, then what tells rows apart. Rows that agree in all of it are equal.
 */
export function orderOf(checked: CheckedRelation): readonly TotalOrder[] {
  const { relation } = checked
  return totalOrder(givenOrder(relation), checked.shapeOf(relation))
}

/** Terms up to the last one that matters, then the key's that are missing. */
export function totalOrder(terms: readonly RelationOrder[], shape: Shape): readonly TotalOrder[] {
  const missing = keyPaths(shape).map((path): Expression => ({ kind: 'path', path }))
  const total: TotalOrder[] = []
  for (const term of terms) {
    if (missing.length === 0) return total
    total.push({ ...term, asText: false })
    const at = missing.findIndex((expression) => isSame(expression, term.by))
    if (at >= 0 && kindOf(shape, term.by) !== 'json') missing.splice(at, 1)
  }
  return [...total, ...missing.map((by): TotalOrder => ({ by, direction: 'asc', asText: true }))]
}

/** True when two expressions are written alike. */
export function isSame(a: Expression, b: Expression): boolean {
  return equalJson(a as unknown as JsonValue, b as unknown as JsonValue)
}

function givenOrder(relation: Relation): readonly RelationOrder[] {
  switch (relation.kind) {
    case 'window': {
      const parts = relation.partitionBy.map((by): RelationOrder => ({ by, direction: 'asc' }))
      return [...parts, ...relation.orderBy]
    }
    case 'where':
      return givenOrder(relation.of)
    case 'join':
      // Rows of the left, less some.
      return relation.how === 'semi' || relation.how === 'anti' ? givenOrder(relation.left) : []
    case 'select': {
      const terms: RelationOrder[] = []
      for (const { by, direction } of givenOrder(relation.of)) {
        const column = Object.entries(relation.columns).find(([, from]) => isSame(from, by))
        if (column === undefined) break
        terms.push({ by: { kind: 'path', path: [column[0]] }, direction })
      }
      return terms
    }
    default:
      return []
  }
}
