import { checkedFunction } from '../checked-function.ts'
import { Delta } from '../delta.ts'
import type { NodeDefinition } from '../operator.ts'

/** All the rows that a function makes of each. Linear, no state. Cost: O(change and what is made of it). */
export function flatMapNode<R, Out>(make: (row: R) => Iterable<Out>): NodeDefinition {
  return {
    kind: 'flat-map',
    parameters: null,
    functions: [make],
    isStateful: false,
    create(context) {
      const checked = context.checksFunctions
        ? checkedFunction(context, (row: R) => [...make(row)])
        : make
      return {
        isPartwise: true,
        step([input]) {
          const { rows, weights } = input as Delta<R>
          const output = new Delta<Out>()
          for (let index = 0; index < rows.length; index += 1) {
            for (const out of checked(rows[index] as R)) output.push(out, weights[index] as number)
          }
          return output
        },
      }
    },
  }
}
