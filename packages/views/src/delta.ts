/**
 * A change of a Z-set, as it flows between operators: rows and their weights, side by side.
 *
 * Not consolidated: one row may occur several times, and weights may add up to zero. Whoever is
 * handed a delta must not change it, and must not keep it beyond the step.
 */
export class Delta<R = unknown> {
  readonly rows: R[] = []
  /** Whole numbers other than zero, one per row; below zero takes copies away. */
  readonly weights: number[] = []

  get isEmpty(): boolean {
    return this.rows.length === 0
  }

  get length(): number {
    return this.rows.length
  }

  /** Adds an entry; weight zero adds nothing. */
  push(row: R, weight: number): void {
    if (weight === 0) return
    this.rows.push(row)
    this.weights.push(weight)
  }

  /** A copy of some of its entries: those from `from` up to and without `to`. */
  part(from: number, to: number): Delta<R> {
    const part = new Delta<R>()
    const end = Math.min(to, this.rows.length)
    for (let index = from; index < end; index += 1) {
      part.push(this.rows[index] as R, this.weights[index] as number)
    }
    return part
  }

  /** Adds all entries of another, each weight times `factor`. */
  append(other: Delta<R>, factor = 1): void {
    const { rows, weights } = other
    for (let index = 0; index < rows.length; index += 1) {
      this.push(rows[index] as R, (weights[index] as number) * factor)
    }
  }
}

/** The delta that says nothing. Never written to. */
export const NO_DELTA: Delta<never> = new Delta<never>()
