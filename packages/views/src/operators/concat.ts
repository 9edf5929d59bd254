import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** The rows of all inputs, weights added up (UNION ALL). Linear, no state. Cost: O(change). */
export function concatNode(): NodeDefinition {
  return {
    kind: 'concat',
    parameters: null,
    functions: [],
    isStateful: false,
    create: () => ({
      isPartwise: true,
      step(inputs) {
        const changed = inputs.filter((input) => !input.isEmpty)
        if (changed.length === 1) return changed[0] as Delta
        const output = new Delta()
        for (const input of changed) output.append(input)
        return output
      },
    }),
  }
}
