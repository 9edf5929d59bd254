/** What a kill left of a job whose batches each put a number in two categories. */

/** What is compared. */
export interface JobRemains {
  /** Numbers of the batches that were acknowledged. */
  readonly acknowledged: readonly number[]
  /** Numbers found in the first category, and in the second. */
  readonly stored: readonly number[]
  readonly twins: readonly number[]
}

/** Faults, by kind; both lists empty is what is wanted. */
export interface JobTally {
  /** Acknowledged batches that are missing in a category or in both. */
  readonly lost: readonly number[]
  /** Batches that are in one category only. */
  readonly half: readonly number[]
}

/** Judges what is there against what was acknowledged. */
export function tallyJob({ acknowledged, stored, twins }: JobRemains): JobTally {
  const [first, second] = [new Set(stored), new Set(twins)]
  return {
    lost: acknowledged.filter((number) => !first.has(number) || !second.has(number)),
    half: [...new Set([...stored, ...twins])].filter(
      (number) => first.has(number) !== second.has(number),
    ),
  }
}
