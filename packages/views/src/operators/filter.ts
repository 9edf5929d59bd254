import { checkedFunction } from '../checked-function.ts'
import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** The rows that pass a test. Linear, no state. Cost: O(change). */
export function filterNode<R>(test: (row: R) => boolean): NodeDefinition {
  return {
    kind: 'filter',
    parameters: null,
    functions: [test],
    isStateful: false,
    create(context) {
      const checked = checkedFunction(context, test)
      return {
        isPartwise: true,
        step([input]) {
          const { rows, weights } = input as Delta<R>
          const output = new Delta<R>()
          for (let index = 0; index < rows.length; index += 1) {
            const row = rows[index] as R
            if (checked(row)) output.push(row, weights[index] as number)
          }
          return output
        },
      }
    },
  }
}
