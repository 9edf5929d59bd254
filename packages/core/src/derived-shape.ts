/** What the rows of operators look like that give the rows of others once, or together. */
import type { ColumnKind } from './column.ts'
import {
  type FlatShape,
  isKeyed,
  type JoinedShape,
  keyPaths,
  type Member,
  type Shape,
  type ValueKind,
  valueKind,
} from './relation-shape.ts'

/** All copies of one row come together: rows are told apart by all there is in them. */
export function distinctShape(shape: Shape): Shape {
  if (isKeyed(shape)) return shape
  if (shape.kind === 'joined') {
    const members = Object.entries(shape.members).map(([name, member]) => [
      name,
      { ...member, shape: { ...member.shape, key: undefined } },
    ])
    return { ...shape, members: Object.fromEntries(members) as typeof shape.members, isKeyed: true }
  }
  return { ...shape, key: keyPaths(shape).map(([column]) => column) }
}

/** Rows of any of several shapes with the same columns. */
export function unionShape(shapes: readonly Shape[]): Shape {
  const [first] = shapes as [Shape, ...Shape[]]
  if (first.kind === 'flat') {
    const columns = Object.entries(first.columns).map(([name, kind]) => {
      const isSame = shapes.every((shape) => (shape as FlatShape).columns[name] === kind)
      return [name, isSame ? kind : storedKind(valueKind(kind))]
    })
    return {
      kind: 'flat',
      columns: Object.fromEntries(columns) as FlatShape['columns'],
      key: undefined,
    }
  }
  const members = Object.keys(first.members).map((name) => {
    const sides = shapes.map((shape) => (shape as JoinedShape).members[name] as Member)
    const shape = unionShape(sides.map((side) => side.shape)) as FlatShape
    return [name, { shape, isOptional: sides.some((side) => side.isOptional) }]
  })
  return {
    kind: 'joined',
    members: Object.fromEntries(members) as Record<string, Member>,
    isKeyed: false,
  }
}

/** The kind of column for computed values. */
export function storedKind(kind: ValueKind): ColumnKind {
  if (kind === 'number') return 'real'
  return kind === 'null' ? 'json' : kind
}
