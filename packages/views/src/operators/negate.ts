import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** Every weight with the other sign. Linear, no state. Cost: O(change). */
export function negateNode(): NodeDefinition {
  return {
    kind: 'negate',
    parameters: null,
    functions: [],
    isStateful: false,
    create: () => ({
      isPartwise: true,
      step([input]) {
        const output = new Delta()
        output.append(input as Delta, -1)
        return output
      },
    }),
  }
}
