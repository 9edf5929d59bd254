/**
 * What kill tests of jobs write, and how they judge what is left of it: batches of entries that belong
 * together, so that a lost batch and half of one show. A batch takes about a millisecond before its
 * commit: kills then fall in there.
 */
import { decodeKey, type KvRow, type KvWrite, k } from '@inner-universe/core'

/** Category of the batches. */
export const BATCHES = 'batch'

/** Entries of one batch. */
export const BATCH_PARTS = 100

/** The operations of one batch. */
export function batchOf(number: number): readonly KvWrite[] {
  return Array.from({ length: BATCH_PARTS }, (_, part) => {
    return { kind: 'put', category: BATCHES, key: [number, part], payload: part } as const
  })
}

/** Faults, by kind; both lists empty is what is wanted. */
export interface BatchTally {
  /** Acknowledged batches that are not there as a whole. */
  readonly lost: readonly number[]
  /** Batches of which some entries are there and others are not. */
  readonly half: readonly number[]
}

/** Judges all entries of {@link BATCHES} against the numbers of the batches that were acknowledged. */
export function tallyBatches(rows: readonly KvRow[], acknowledged: Iterable<number>): BatchTally {
  const partsOf = new Map<number, number>()
  for (const { key } of rows) {
    const [number] = decodeKey(key, k.int, k.int)
    partsOf.set(number, (partsOf.get(number) ?? 0) + 1)
  }
  return {
    lost: [...acknowledged].filter((number) => partsOf.get(number) !== BATCH_PARTS),
    half: [...partsOf].filter(([, parts]) => parts !== BATCH_PARTS).map(([number]) => number),
  }
}
