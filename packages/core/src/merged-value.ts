/** Values of counters and sets, however they came together. MERGE.md MR5, MR7. */

/** 2^54 − 1: how many integers there are within ±(2^53 − 1). */
const COUNTER_MODULUS = 2n ** 54n - 1n

/**
 * [MR5] The sum of two counter values. Beyond ±(2^53 − 1) it wraps round, because a sum that
 * saturates or rounds depends on the order of its terms.
 */
export function addCounter(a: number, b: number): number {
  const sum = a + b
  if (Number.isSafeInteger(sum)) return sum
  const wrapped = BigInt(a) + BigInt(b)
  return Number(wrapped > 0n ? wrapped - COUNTER_MODULUS : wrapped + COUNTER_MODULUS)
}

/** [MR7] Sorts elements: false, true, numbers by value, texts by UTF-16 units. In place. */
export function sortElements(elements: string[]): string[] {
  if (elements.length < 2) return elements
  const values = elements.map((element) => JSON.parse(element) as boolean | number | string)
  const order = values.map((_, index) => index)
  order.sort((a, b) => compareElement(values[a] as string, values[b] as string))
  const sorted = order.map((index) => elements[index] as string)
  for (let index = 0; index < sorted.length; index++) elements[index] = sorted[index] as string
  return elements
}

const TYPE_ORDER: Readonly<Record<string, number>> = { boolean: 0, number: 1, string: 2 }

function compareElement(a: boolean | number | string, b: boolean | number | string): number {
  if (typeof a !== typeof b) return (TYPE_ORDER[typeof a] ?? 3) - (TYPE_ORDER[typeof b] ?? 3)
  return a < b ? -1 : a > b ? 1 : 0
}

/** The stored form of a set: a canonical JSON array of its sorted elements. */
export function setText(elements: readonly string[]): string {
  return `[${elements.join(',')}]`
}
