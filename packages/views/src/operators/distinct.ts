import { hashDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/**
 * Every present row (weight above zero) once.
 *
 * State: the integral of the input, keyed by the hash of the row, so that a remote store loads only the
 * rows that change. Cost: O(change).
 */
export function distinctNode(): NodeDefinition {
  return {
    kind: 'distinct',
    parameters: null,
    functions: [],
    isStateful: true,
    create(context) {
      const integral = context.bag('integral')
      return {
        announce([input], announce) {
          const name = context.nameOf('integral')
          for (const row of (input as Delta).rows) {
            announce({ name, key: hashDatum(row), rowsMax: undefined })
          }
        },
        step([input]) {
          const { rows, weights } = input as Delta
          const output = new Delta()
          for (let index = 0; index < rows.length; index += 1) {
            const row = rows[index]
            const weight = weights[index] as number
            const after = integral.add(hashDatum(row), row, weight)
            const before = after - weight
            if (before <= 0 && after > 0) output.push(row, 1)
            else if (before > 0 && after <= 0) output.push(row, -1)
          }
          return output
        },
      }
    },
  }
}
