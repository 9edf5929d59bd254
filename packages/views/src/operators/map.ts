import { checkedFunction } from '../checked-function.ts'
import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** Every row as a function makes it. Linear, no state. Cost: O(change). */
export function mapNode<R, Out>(make: (row: R) => Out): NodeDefinition {
  return {
    kind: 'map',
    parameters: null,
    functions: [make],
    isStateful: false,
    create(context) {
      const checked = checkedFunction(context, make)
      return {
        isPartwise: true,
        step([input]) {
          const { rows, weights } = input as Delta<R>
          const output = new Delta<Out>()
          for (let index = 0; index < rows.length; index += 1) {
            output.push(checked(rows[index] as R), weights[index] as number)
          }
          return output
        },
      }
    },
  }
}
