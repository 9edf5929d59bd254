/** Groups of relations as operators. */
import {
  type Aggregate as AggregateOf,
  canonicalJson,
  kindOf,
  type Relation,
  type Shape,
} from '@inner-universe/core'
import type { Aggregate } from '../aggregate.ts'
import { avg, count, countOf, type Summand, sum } from '../aggregates.ts'
import { collect, countDistinct, max, min } from '../bag-aggregates.ts'
import type { NodeDefinition } from '../operator.ts'
import { groupNode } from '../operators/group.ts'
import type { Datum } from '../state.ts'
import { aggregateText, expressionText } from './describe.ts'
import { compileExpression, sqlOrder, tupleOf } from './expression.ts'

type Group = Extract<Relation, { kind: 'group' }>

/** The operator of a group over rows of a shape. */
export function groupOf(shape: Shape, { by, aggregates }: Group): NodeDefinition {
  const names = Object.keys(by)
  const [first, second] = names
  const picks = Object.values(by).map((expression) => compileExpression(shape, expression))
  const finish = Object.entries(aggregates)
    .filter(([, aggregate]) => isCollectedJson(shape, aggregate))
    .map(([name]) => name)
  return groupNode({
    by: names.length === 0 ? () => null : tupleOf(picks),
    isGlobal: names.length === 0,
    aggregates: Object.fromEntries(
      Object.entries(aggregates).map(([name, aggregate]) => [name, aggregateOf(shape, aggregate)]),
    ),
    combine: (key: Datum, values) => {
      const row: Record<string, unknown> = {}
      if (second !== undefined) {
        for (const [at, name] of names.entries()) row[name] = (key as readonly Datum[])[at]
      } else if (first !== undefined) row[first] = key
      Object.assign(row, values)
      for (const name of finish) {
        row[name] = (row[name] as readonly [Datum, string][]).map(([, text]) => JSON.parse(text))
      }
      return row
    },
  })
}

/** A group in words. */
export function groupText({ by, aggregates }: Group): string {
  const keys = Object.entries(by).map(([name, expression]) =>
    named(name, expressionText(expression)),
  )
  const values = Object.entries(aggregates).map(([name, aggregate]) =>
    named(name, aggregateText(aggregate)),
  )
  return `${values.join(', ')} ${keys.length === 0 ? 'of everything' : `by ${keys.join(', ')}`}`
}

function named(name: string, text: string): string {
  return name === text ? name : `${name} = ${text}`
}

function aggregateOf(shape: Shape, aggregate: AggregateOf): Aggregate<unknown, unknown> {
  if (aggregate.kind === 'count') return count()
  const pick = compileExpression(shape, aggregate.of)
  switch (aggregate.kind) {
    case 'countOf':
      return countOf(pick)
    case 'countDistinct':
      return countDistinct(pick)
    case 'sum':
    case 'avg': {
      const summand = compileExpression(shape, aggregate.of, 'number') as (row: unknown) => Summand
      return aggregate.kind === 'sum' ? sum(summand) : avg(summand)
    }
    case 'min':
      return min(pick)
    case 'max':
      return max(pick)
    case 'collect': {
      if (!isCollectedJson(shape, aggregate)) return collect(pick)
      return collect((row) => {
        const value = pick(row)
        return value === null ? null : [sqlOrder(value), canonicalJson(value)]
      })
    }
  }
}

/** JSON is collected in its SQL order, and equal values of it by their text. */
function isCollectedJson(shape: Shape, aggregate: AggregateOf): boolean {
  return aggregate.kind === 'collect' && kindOf(shape, aggregate.of) === 'json'
}
