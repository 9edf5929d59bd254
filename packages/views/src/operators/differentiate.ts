import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'
import { addAll, entriesOf, WHOLE } from './whole-bag.ts'

/**
 * What came in, minus what came in the step before. Linear; undoes `integrate`.
 *
 * For circuits whose streams carry whole Z-sets; queries never need it. State: the input of the step
 * before. Cost: O(input of this step and the one before).
 */
export function differentiateNode(): NodeDefinition {
  return {
    kind: 'differentiate',
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
          const before = entriesOf(previous)
          const output = new Delta()
          output.append(input as Delta)
          output.append(before, -1)
          addAll(previous, output, 1)
          return output
        },
      }
    },
  }
}
