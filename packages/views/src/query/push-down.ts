/**
 * Moves tests of joined rows below the joins they do not need, so that rows are dropped where they come
 * in. SQLite does the same by itself.
 */
import type { Condition, Expression, Relation, Test } from '@inner-universe/core'

/** The same relation with tests as far down as they can go. */
export function pushDown(relation: Relation): Relation {
  switch (relation.kind) {
    case 'where':
      return placed(pushDown(relation.of), partsOf(relation.test))
    case 'join':
    case 'except':
      return { ...relation, left: pushDown(relation.left), right: pushDown(relation.right) }
    case 'union':
      return { ...relation, of: relation.of.map(pushDown) }
    case 'table':
    case 'view':
      return relation
    default:
      return { ...relation, of: pushDown(relation.of) }
  }
}

/** The tests that a test is true of together with. */
export function partsOf(test: Test): readonly Test[] {
  if (test.kind === 'and') return test.of.flatMap(partsOf)
  if (test.kind !== 'condition' || test.condition.kind !== 'and') return [test]
  return test.condition.of.flatMap((condition) => partsOf({ kind: 'condition', condition }))
}

function placed(relation: Relation, tests: readonly Test[]): Relation {
  if (tests.length === 0) return relation
  if (relation.kind === 'where') return placed(relation.of, [...partsOf(relation.test), ...tests])
  if (relation.kind !== 'join') return { kind: 'where', of: relation, test: allOf(tests) }
  const { how, leftName, rightName } = relation
  if (how === 'semi' || how === 'anti') {
    return { ...relation, left: placed(relation.left, tests) }
  }
  // Of a side that may be null nothing is known before the join.
  const toLeft = how === 'inner' || how === 'left' ? sideTests(tests, leftName) : []
  const toRight = how === 'inner' || how === 'right' ? sideTests(tests, rightName) : []
  const moved = new Set([...toLeft, ...toRight].map(([test]) => test))
  const inLeft = how === 'inner' || how === 'left' ? memberTests(tests, relation.left, moved) : []
  const inRight =
    how === 'inner' || how === 'right' ? memberTests(tests, relation.right, moved) : []
  for (const test of [...inLeft, ...inRight]) moved.add(test)
  const rest = tests.filter((test) => !moved.has(test))
  const join: Relation = {
    ...relation,
    left: placed(relation.left, [...toLeft.map(([, test]) => test), ...inLeft]),
    right: placed(relation.right, [...toRight.map(([, test]) => test), ...inRight]),
  }
  return rest.length === 0 ? join : { kind: 'where', of: join, test: allOf(rest) }
}

function allOf(tests: readonly Test[]): Test {
  const [first] = tests
  return tests.length === 1 && first !== undefined ? first : { kind: 'and', of: tests }
}

/** Tests that are about one flat side alone, with what they are there. */
function sideTests(tests: readonly Test[], name: string | undefined): (readonly [Test, Test])[] {
  if (name === undefined) return []
  return tests
    .filter((test) => namesIn(test).every((first) => first === name))
    .map((test) => [test, withoutSide(test)])
}

/** Tests that are about members of a joined side alone: they stay as they are. */
function memberTests(tests: readonly Test[], side: Relation, moved: ReadonlySet<Test>): Test[] {
  const members = new Set(memberNames(side))
  if (members.size === 0) return []
  return tests.filter(
    (test) => !moved.has(test) && namesIn(test).every((name) => members.has(name)),
  )
}

/** Members of joined rows; none for flat ones. */
function memberNames(relation: Relation): string[] {
  switch (relation.kind) {
    case 'join':
      if (relation.how === 'semi' || relation.how === 'anti') return memberNames(relation.left)
      return [
        ...(relation.leftName === undefined ? memberNames(relation.left) : [relation.leftName]),
        ...(relation.rightName === undefined ? memberNames(relation.right) : [relation.rightName]),
      ]
    case 'where':
    case 'window':
    case 'distinct':
      return memberNames(relation.of)
    case 'union':
      return memberNames(relation.of[0] as Relation)
    case 'except':
      return memberNames(relation.left)
    default:
      return []
  }
}

/** First names of all paths in a test. Of a test without any: one that no side has. */
function namesIn(test: Test): string[] {
  const names: string[] = []
  visit(test, (first) => names.push(first))
  return names.length === 0 ? [''] : names
}

function visit(test: Test, onName: (first: string) => void): void {
  switch (test.kind) {
    case 'condition':
      visitCondition(test.condition, onName)
      return
    case 'test':
      visitExpression(test.left, onName)
      visitExpression(test.right, onName)
      return
    case 'not':
      visit(test.of, onName)
      return
    default:
      for (const part of test.of) visit(part, onName)
  }
}

function visitCondition(condition: Condition, onName: (first: string) => void): void {
  if (condition.kind === 'compare') onName(condition.column)
  else if (condition.kind === 'not') visitCondition(condition.of, onName)
  else for (const part of condition.of) visitCondition(part, onName)
}

function visitExpression(expression: Expression, onName: (first: string) => void): void {
  if (expression.kind === 'path') onName(expression.path[0])
  else if (expression.kind === 'call')
    for (const part of expression.of) visitExpression(part, onName)
}

function withoutSide(test: Test): Test {
  switch (test.kind) {
    case 'condition':
      return { kind: 'condition', condition: conditionWithoutSide(test.condition) }
    case 'test':
      return {
        ...test,
        left: expressionWithoutSide(test.left),
        right: expressionWithoutSide(test.right),
      }
    case 'not':
      return { kind: 'not', of: withoutSide(test.of) }
    default:
      return { ...test, of: test.of.map(withoutSide) }
  }
}

function conditionWithoutSide(condition: Condition): Condition {
  if (condition.kind === 'compare') {
    const [column = '', ...path] = condition.path ?? []
    return { ...condition, column, path }
  }
  if (condition.kind === 'not') return { kind: 'not', of: conditionWithoutSide(condition.of) }
  return { ...condition, of: condition.of.map(conditionWithoutSide) }
}

function expressionWithoutSide(expression: Expression): Expression {
  if (expression.kind === 'path') {
    return { kind: 'path', path: expression.path.slice(1) as unknown as [string] }
  }
  if (expression.kind === 'value') return expression
  return { ...expression, of: expression.of.map(expressionWithoutSide) }
}
