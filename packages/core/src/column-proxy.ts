/**
 * Columns of a row that is yet to come, in callbacks of queries: what is asked of them becomes data.
 *
 * One proxy does it all. Names asked for are gathered; a call takes the last of them as the method and
 * what is before as its subject, so a column may have any name: `row.day.day()`.
 */
import { COMPARISONS, type Comparison } from './condition.ts'
import type { Aggregate, Expression, ScalarFunction, Test } from './relation.ts'

/** What a proxy stands for: an expression, or a test. */
type Written = Expression | Test

type Place = Extract<Expression, { kind: 'path' }>

const WRITTEN = Symbol()

/** Methods that are not called as the function they mean. */
const FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  plus: 'add',
  minus: 'subtract',
  times: 'multiply',
  dividedBy: 'divide',
}

/** The row of a relation, or (with `of`) what became of one of its columns. */
export function columnProxy(of?: Written, names: readonly string[] = []): unknown {
  const written = (path: readonly string[]): Written => of ?? { kind: 'path', path: path as never }
  return new Proxy(columnProxy, {
    get: (_, name) =>
      name === WRITTEN ? written(names) : columnProxy(of, [...names, name as string]),
    apply: (_, __, args) =>
      columnProxy(write(names.at(-1) as string, written(names.slice(0, -1)), args)),
  })
}

/** The data of a proxy; of any other value, an expression that is the value. */
export function writtenOf<W extends Written = Expression>(value: unknown): W {
  const written = (value as { [WRITTEN]?: W } | null | undefined)?.[WRITTEN]
  return written ?? ({ kind: 'value', value } as unknown as W)
}

/** `sum(row.price)`: the aggregates by name. */
export const aggregates: unknown = new Proxy(
  {},
  {
    get:
      (_, kind) =>
      (of?: unknown): Aggregate =>
        (of === undefined ? { kind } : { kind, of: writtenOf(of) }) as Aggregate,
  },
)

function write(method: string, subject: Written, args: readonly unknown[]): Written {
  if (method === 'at') return { kind: 'path', path: [...(subject as Place).path, ...args] as never }
  const of = [subject, ...args.map((part) => writtenOf(part))] as Expression[]
  const [left, right] = of as [Expression, Expression]
  if (method === 'not') return { kind: method, of: subject as Test }
  if (method === 'and' || method === 'or') return { kind: method, of: of as unknown as Test[] }
  if (!COMPARISONS.has(method)) {
    return { kind: 'call', function: FUNCTIONS[method] ?? (method as ScalarFunction), of }
  }
  if (left.kind !== 'path' || right.kind !== 'value') {
    return { kind: 'test', operator: method as 'eq', left, right }
  }
  const [column, ...path] = left.path
  const operator = method as Comparison
  return {
    kind: 'condition',
    condition: { kind: 'compare', column, path, operator, value: right.value },
  }
}
