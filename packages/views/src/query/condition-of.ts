/** Tests as conditions: what a query over one table can be asked with. */
import type { Condition, Test } from '@inner-universe/core'

/** The condition that says the same; undefined for a test of computed values. */
export function conditionOfTest(test: Test): Condition | undefined {
  switch (test.kind) {
    case 'condition':
      return test.condition
    case 'test':
      return undefined
    case 'not': {
      const of = conditionOfTest(test.of)
      return of && { kind: 'not', of }
    }
    default: {
      const of = test.of.map(conditionOfTest)
      return of.every((part) => part !== undefined) ? { kind: test.kind, of } : undefined
    }
  }
}
