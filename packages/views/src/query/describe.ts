/** Parts of relations in words, for explanations. */
import type { Aggregate, Condition, Expression, Test } from '@inner-universe/core'
import type { Explanation } from './explanation.ts'

/** An explanation as text: the operators as a tree, the last first, each below what reads it. */
export function explainText(explanation: Explanation, indent = ''): string {
  const { operator, description, keeps, indexes, missing, inputs } = explanation
  const notes = [
    `keeps ${keeps}`,
    ...indexes.map((index) => `reads ${index}`),
    ...missing.map(
      ({ table, columns }) => `an index of ${table} on ${columns.join(', ')} would spare memory`,
    ),
  ]
  const line = `${indent}${operator}: ${description} (${notes.join('; ')})`
  return [line, ...inputs.map((input) => explainText(input, `${indent}  `))].join('\n')
}

const SIGNS: Readonly<Record<string, string>> = {
  eq: '=',
  ne: '≠',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  add: '+',
  subtract: '−',
  multiply: '×',
  divide: '÷',
}

/** An expression in words. */
export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'path':
      return expression.path.join('.')
    case 'value':
      return valueText(expression.value)
    case 'call': {
      const parts = expression.of.map(expressionText)
      const sign = SIGNS[expression.function]
      if (sign !== undefined) return parts.join(` ${sign} `)
      return `${expression.function}(${parts.join(', ')})`
    }
  }
}

/** A test in words. */
export function testText(test: Test): string {
  switch (test.kind) {
    case 'condition':
      return conditionText(test.condition)
    case 'test':
      return `${expressionText(test.left)} ${SIGNS[test.operator]} ${expressionText(test.right)}`
    case 'not':
      return `not (${testText(test.of)})`
    default:
      return joined(test.of.map(testText), test.kind)
  }
}

/** An aggregate in words. */
export function aggregateText(aggregate: Aggregate): string {
  return aggregate.kind === 'count' ? 'count' : `${aggregate.kind}(${expressionText(aggregate.of)})`
}

function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'compare': {
      const { column, path = [], operator, value } = condition
      const left = [column, ...path].join('.')
      return `${left} ${SIGNS[operator] ?? operator} ${valueText(value)}`
    }
    case 'not':
      return `not (${conditionText(condition.of)})`
    default:
      return joined(condition.of.map(conditionText), condition.kind)
  }
}

function joined(parts: readonly string[], word: 'and' | 'or'): string {
  if (parts.length === 0) return word === 'and' ? 'true' : 'false'
  return parts.length === 1
    ? (parts[0] as string)
    : parts.map((part) => `(${part})`).join(` ${word} `)
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
