/** Rows of joins: a member per side, null where there is none. */
import { membersOf, type Relation, type Shape } from '@inner-universe/core'

/** Makes the row of a join from rows of its sides; undefined: the side has none. */
export function joinedRowOf(
  { left, right, leftName, rightName }: Extract<Relation, { kind: 'join' }>,
  shapeOf: (part: Relation) => Shape,
): (left: unknown, right: unknown) => unknown {
  if (leftName !== undefined && rightName !== undefined) {
    return (l, r) => ({ [leftName]: l ?? null, [rightName]: r ?? null })
  }
  const [ofLeft, ofRight] = [
    membersFrom(shapeOf(left), leftName),
    membersFrom(shapeOf(right), rightName),
  ]
  return (l, r) => ({ ...ofLeft(l), ...ofRight(r) })
}

/** What a side adds: itself under its name, or, joined itself, its own members. */
function membersFrom(shape: Shape, name: string | undefined): (row: unknown) => object {
  if (shape.kind === 'flat') return (row) => ({ [String(name)]: row ?? null })
  const nothing = Object.fromEntries(membersOf(shape).map(([member]) => [member, null]))
  return (row) => (row ?? nothing) as object
}
