/** Choices that a random test makes, from a list of numbers: a shorter list makes plainer choices. */
export class Choices {
  readonly #numbers: readonly number[]
  #at = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** From 0 up to, not including, a count; 0 when the numbers are used up. */
  below(count: number): number {
    const number = this.#numbers[this.#at] ?? 0
    this.#at += 1
    return number % count
  }

  /** True about once in so many times. */
  oneIn(count: number): boolean {
    return this.below(count) === count - 1
  }

  of<V>(values: readonly V[]): V {
    return values[this.below(values.length)] as V
  }
}
