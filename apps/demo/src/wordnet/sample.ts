/** A connected piece of WordNet, small enough to be there at once. */
import type { Synset } from './synset.ts'

/** Where the sample grows from, words people try first: dog, house, to run, happy, quickly. */
const SEEDS = ['n02086723', 'n03549540', 'v01930264', 'a01151786', 'r00086161']

/**
 * The synsets nearest to the seeds, breadth first along their pointers, in the order of `all`.
 *
 * Nearest, so that almost everything a person opens has its relations; the first lines of each file
 * would be connected to very little.
 */
export function sampleOf(all: ReadonlyMap<string, Synset>, size: number): Map<string, Synset> {
  const reached = new Set(SEEDS.filter((key) => all.has(key)))
  // A set is iterated in the order of insertion, and goes on to what is added meanwhile.
  for (const key of reached) {
    for (const { target } of all.get(key)?.pointers ?? []) {
      if (reached.size >= size) break
      reached.add(target)
    }
  }
  return new Map([...all].filter(([key]) => reached.has(key)))
}
