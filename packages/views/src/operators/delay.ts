import type { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'
import { addAll, entriesOf, WHOLE } from './whole-bag.ts'

/**
 * What came in the step before; in the first step nothing. Linear.
 *
 * State: that one change. Cost: O(this change and the one before).
 */
export function delayNode(): NodeDefinition {
  return {
    kind: 'delay',
    parameters: null,
    functions: [],
    isStateful: true,
    create(context) {
      const previous = context.bag('previous')
      return {
        isAlwaysRun: true,
        announce(_inputs, announce) {
          announce({ name: context.nameOf('previous'), key: WHOLE, rowsMax: undefined })
        },
        step([input]) {
          const output = entriesOf(previous)
          addAll(previous, output, -1)
          addAll(previous, input as Delta, 1)
          return output
        },
      }
    },
  }
}
