/**
 * Judges functions of a view in development: a function that gives another answer when it is called
 * again with the same row would leave rows behind that nothing ever takes away. ALGEBRA.md VA80.
 */
import { UniverseError } from '@inner-universe/core'
import { equalDatum } from './datum.ts'
import { datumText } from './map-key.ts'
import type { OperatorContext } from './operator.ts'
import type { Datum } from './state.ts'

/** The first calls of a function are all judged: most faults show at once. */
const FIRST_CALLS = 16

/** Then one in so many. A prime, so that it does not keep step with rows that come in rounds. */
const CALLS_PER_SAMPLE = 61

/**
 * The function itself or, where the context checks functions, one that calls it a second time for a
 * sample of its calls and compares the answers by value. For use by operators, around every function
 * that they were given.
 *
 * @throws UniverseError `views/function-impure` from the function given back: the answers differ, or it
 * changed an argument.
 */
export function checkedFunction<A extends readonly Datum[], B extends Datum>(
  context: OperatorContext,
  compute: (...args: A) => B,
): (...args: A) => B {
  if (!context.checksFunctions) return compute
  let callCount = 0
  return (...args) => {
    callCount += 1
    if (callCount > FIRST_CALLS && callCount % CALLS_PER_SAMPLE !== 0) return compute(...args)
    const before = datumText(args)
    const answer = compute(...args)
    const again = compute(...args)
    if (datumText(args) !== before) throw impure(context, 'changed what it was given')
    if (!equalDatum(answer, again)) throw impure(context, 'gave two answers for one row')
    return answer
  }
}

function impure({ path }: OperatorContext, fault: string): UniverseError {
  return new UniverseError(
    'views/function-impure',
    `a function of ${path} ${fault}; make it depend on its arguments alone, without time, chance or what it remembers`,
    { details: { path } },
  )
}
