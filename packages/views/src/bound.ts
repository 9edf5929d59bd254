/** Bounds that callers give. */
import { UniverseError } from '@inner-universe/core'

/**
 * Checks a bound.
 *
 * @throws UniverseError `views/invalid-graph` when it is not a whole number from 1 on.
 */
export function checkBound(name: string, bound: number): void {
  if (Number.isSafeInteger(bound) && bound >= 1) return
  throw new UniverseError(
    'views/invalid-graph',
    `${name} is ${bound}; give a whole number from 1 on`,
    { details: { name, bound } },
  )
}
