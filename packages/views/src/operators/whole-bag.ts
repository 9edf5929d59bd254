/** Bags that are read as a whole: one Z-set under one key. */
import { Delta } from '../delta.ts'
import type { Bag } from '../state.ts'

/** The only key. */
export const WHOLE: null = null

/** Everything in such a bag, as a change of its own. */
export function entriesOf<R>(bag: Bag<R>): Delta<R> {
  const entries = new Delta<R>()
  bag.each(WHOLE, (row, weight) => {
    entries.push(row, weight)
    return undefined
  })
  return entries
}

/** Adds a change to such a bag, each weight times a factor. */
export function addAll<R>(bag: Bag<R>, delta: Delta<R>, factor: number): void {
  const { rows, weights } = delta
  for (let index = 0; index < rows.length; index += 1) {
    bag.add(WHOLE, rows[index] as R, (weights[index] as number) * factor)
  }
}
