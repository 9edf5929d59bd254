/**
 * Columns of a row that is yet to come, in callbacks of queries: what is asked of them becomes data.
 *
 * One proxy does it all. Names asked for are gathered; a call takes the last of them as the method and
 * what is before as its subject, so a column may have any name: `row.day.day()`.
 */
import type { Comparison } from './condition.ts'
import type { Aggregate, Expression, Path, ScalarFunction, Test } from './relation.ts'

/** What a proxy stands for: an expression, or a test. */
type Written = Expression | Test

type Place = Extract<Expression, { kind: 'path' }>

const WRITTEN = Symbol()

const FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  plus: 'add',
  minus: 'subtract',
  times: 'multiply',
  dividedBy: 'divide',
}

const LOGIC = /^(and|or|not)$/
const COMPARISON = /^(eq|ne|[gl]te?|contains|startsWith|endsWith|in|notIn)$/

/** The row of a relation, or (with `of`) what became of one of its columns. */
export function columnProxy(of?: Written, names: readonly string[] = []): unknown {
  const written = (): Written => of ?? { kind: 'path', path: names as unknown as Path }
  return new Proxy(columnProxy, {
    get: (_, name) => (name === WRITTEN ? written() : columnProxy(of, [...names, name as string])),
    apply(_, __, args: readonly unknown[]) {
      const before = names.slice(0, -1)
      const subject = of ?? ({ kind: 'path', path: before as unknown as Path } as const)
      return columnProxy(write(names.at(-1) as string, subject, args))
    },
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
  const [first] = args
  if (method === 'at') return { kind: 'path', path: [...(subject as Place).path, ...args] as never }
  if (LOGIC.test(method)) {
    const of = [subject, ...args.map((part) => writtenOf(part))] as Test[]
    return method === 'not' ? { kind: 'not', of: of[0] as Test } : { kind: method as 'and', of }
  }
  if (!COMPARISON.test(method)) {
    const of = [subject, ...args.map((part) => writtenOf(part))] as Expression[]
    return { kind: 'call', function: FUNCTIONS[method] ?? (method as ScalarFunction), of }
  }
  const right = writtenOf(first)
  if (subject.kind === 'path' && right.kind === 'value') {
    const [column, ...path] = subject.path
    const operator = method as Comparison
    const compare = { kind: 'compare', column, operator, value: right.value } as const
    return { kind: 'condition', condition: path.length > 0 ? { ...compare, path } : compare }
  }
  return { kind: 'test', operator: method as 'eq', left: subject as Expression, right }
}
