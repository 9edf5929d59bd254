import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** The first input, weights of the second taken away. Linear, no state. Cost: O(change). */
export function minusNode(): NodeDefinition {
  return {
    kind: 'minus',
    parameters: null,
    functions: [],
    isStateful: false,
    create: () => ({
      isPartwise: true,
      step([left, right]) {
        if ((right as Delta).isEmpty) return left as Delta
        const output = new Delta()
        output.append(left as Delta)
        output.append(right as Delta, -1)
        return output
      },
    }),
  }
}
