/** How a relation is kept up to date, as data: what `explain` shows. */

/** One operator of a plan and what it reads. */
export interface Explanation {
  /** `table`, `filter`, `join`, `group`, `window`, `table-window`, `distinct`, `union`, … */
  readonly operator: string
  /** What it does: `left join on item.product = product.id`. */
  readonly description: string
  /** What it keeps between changes: `nothing`, `rows of item by product`, `one total per group`. */
  readonly keeps: string
  /** Indexes it reads tables by instead of keeping rows. */
  readonly indexes: readonly string[]
  /** Indexes that would spare it from keeping a table's rows in memory. */
  readonly missing: readonly MissingIndex[]
  readonly inputs: readonly Explanation[]
}

/** An index that would help: `.index('…', columns)` on the table. */
export interface MissingIndex {
  readonly table: string
  readonly columns: readonly string[]
}
