/** What is told of how a live query is kept up to date. */
import { explainText, type Plan } from '@inner-universe/views'
import type { LiveExplanation } from '../../rpc/contract.ts'

/** Of a query on operators. */
export function explainPlan(plan: Plan): LiveExplanation {
  const tables = [...plan.tables]
  return {
    mode: 'incremental',
    reason: undefined,
    tables,
    graph: plan.explanation,
    text: explainText(plan.explanation),
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
