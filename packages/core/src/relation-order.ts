/** The order of a relation's rows: what a window asks for, made total. Views and engine sort alike. */
import type { CheckedRelation } from './check-relation.ts'
import { equalJson, type JsonValue } from './json.ts'
import type { Expression, Relation, RelationOrder } from './relation.ts'
import { keyPaths, type Shape } from './relation-shape.ts'

/**
 * The order that rows of a relation are given in: that of its outermost window as far as it can still
 * be seen, then what tells rows apart. Rows that agree in all of it are equal.
 */
export function orderOf(checked: CheckedRelation): readonly RelationOrder[] {
  const { relation } = checked
  return totalOrder(givenOrder(relation), checked.shapeOf(relation))
}

/** Terms up to the last one that matters, then the key's that are missing. */
export function totalOrder(
  terms: readonly RelationOrder[],
  shape: Shape,
): readonly RelationOrder[] {
  const missing = keyPaths(shape).map((path): Expression => ({ kind: 'path', path }))
  const total: RelationOrder[] = []
  for (const term of terms) {
    if (missing.length === 0) return total
    total.push(term)
    const at = missing.findIndex((expression) => isSame(expression, term.by))
    if (at >= 0) missing.splice(at, 1)
  }
  return [...total, ...missing.map((by): RelationOrder => ({ by, direction: 'asc' }))]
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
