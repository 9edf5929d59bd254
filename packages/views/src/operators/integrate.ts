import type { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'
import { addAll, entriesOf, WHOLE } from './whole-bag.ts'

/**
 * The sum of everything that came in so far, this step included, said anew in every step. Linear.
 *
 * For circuits whose streams carry whole Z-sets; queries never need it. State: the sum. Cost: O(sum).
 */
export function integrateNode(): NodeDefinition {
  return {
    kind: 'integrate',
    parameters: null,
    functions: [],
    isStateful: true,
    create(context) {
      const sum = context.bag('sum')
      return {
        isAlwaysRun: true,
        announce(_inputs, announce) {
          announce({ name: context.nameOf('sum'), key: WHOLE, rowsMax: undefined })
        },
        step([input]) {
          addAll(sum, input as Delta, 1)
          return entriesOf(sum)
        },
      }
    },
  }
}
