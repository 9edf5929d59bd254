/** What is told of how a live query is kept up to date. */
import type { Explanation, Plan } from '@inner-universe/views'
import type { LiveExplanation } from '../../rpc/contract.ts'

/** Of a query on operators. */
export function explainPlan(plan: Plan): LiveExplanation {
  const tables = [...plan.tables]
  return {
    mode: 'incremental',
    reason: undefined,
    tables,
    graph: plan.explanation,
    text: linesOf(plan.explanation).join('\n'),
  }
}

/** Of a query that is run again. `reason` completes "run again …". */
export function explainRerun(tables: ReadonlySet<string>, reason: string): LiveExplanation {
  return {
    mode: 'rerun',
    reason,
    tables: [...tables],
    graph: undefined,
    text: `run again ${reason}`,
  }
}

/** The operators as a tree, the last first, each below what reads it. */
function linesOf(explanation: Explanation, indent = ''): string[] {
  const { operator, description, keeps, indexes, missing, inputs } = explanation
  const notes = [
    `keeps ${keeps}`,
    ...indexes.map((index) => `reads ${index}`),
    ...missing.map(
      ({ table, columns }) => `an index of ${table} on ${columns.join(', ')} would spare memory`,
    ),
  ]
  const line = `${indent}${operator}: ${description} (${notes.join('; ')})`
  return [line, ...inputs.flatMap((input) => linesOf(input, `${indent}  `))]
}
