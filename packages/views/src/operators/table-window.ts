/**
 * The first rows of a table in an order, kept without keeping the table.
 *
 * Holds the rows from the first on through the window's last and some more. Rows that come or go among
 * them are dealt with here; when so many went that the window is no longer full, the rows are read again
 * by one query. Rows behind those held are not known, and need not be.
 *
 * Invariant: what is held are the first rows of the table as it is after the step, all of them if
 * `isAll`, in the total order.
 */
import { Delta, NO_DELTA } from '../delta.ts'
import { comparison } from '../memory-state.ts'
import type { NodeDefinition, Operator } from '../operator.ts'
import type { Datum, OrderTerm } from '../state.ts'

/** Which rows, and how to read them. */
export interface TableWindowOptions<R> {
  /** Whether a row of the table is one of those that are counted. */
  readonly test: (row: R) => boolean
  /** Total over the rows of the table. */
  readonly order: readonly OrderTerm<R>[]
  readonly limit: number
  readonly offset: number
  /** The first so many rows that pass the test, in the order, as the table is now. */
  readonly read: (rowsMax: number) => readonly R[]
  /** What decides about all this, as data. */
  readonly parameters: Datum
}

/**
 * The rows of a table in a window over it. Input: the table's changes, which need not have been fed: in
 * its first step it reads the rows by itself. The table must be as it is after the step.
 *
 * State: in memory only, for as long as the circuit lives. Cost of a changed row: O(log n) comparisons
 * of those held; now and then one query.
 */
export function tableWindowNode<R>(options: TableWindowOptions<R>): NodeDefinition {
  return {
    kind: 'table-window',
    parameters: options.parameters,
    functions: [options.test, options.read, ...options.order.map(({ pick }) => pick)],
    isStateful: true,
    create: () => new TableWindow(options),
  }
}

/** Fewest rows read beyond the window, so that a few deletions need no query. */
const SPARE_ROWS_MIN = 32

class TableWindow<R> implements Operator {
  readonly isAlwaysRun = true
  readonly #test: (row: R) => boolean
  readonly #compare: (a: R, b: R) => number
  readonly #read: (rowsMax: number) => readonly R[]
  readonly #from: number
  readonly #to: number
  readonly #spare: number
  #rows: R[] | undefined
  #isAll = false

  constructor({ test, order, limit, offset, read }: TableWindowOptions<R>) {
    this.#test = test
    this.#compare = comparison(order)
    this.#read = read
    this.#from = offset
    this.#to = offset + limit
    this.#spare = Math.max(SPARE_ROWS_MIN, limit)
  }

  step([input]: readonly Delta[]): Delta {
    const output = new Delta<R>()
    if (this.#rows === undefined) {
      // Rows of the input are in the table already.
      const rows = this.#fill()
      for (let at = this.#from; at < this.#to && at < rows.length; at += 1) {
        output.push(rows[at] as R, 1)
      }
      return output
    }
    const { rows, weights } = input as Delta<R>
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index] as R
      if (!this.#test(row)) continue
      if ((weights[index] as number) > 0) this.#insert(row, output)
      else this.#remove(row, output)
    }
    const held = this.#rows.length
    if (held < this.#to && !this.#isAll) {
      const filled = this.#fill()
      for (let at = Math.max(this.#from, held); at < this.#to && at < filled.length; at += 1) {
        output.push(filled[at] as R, 1)
      }
    }
    return output.isEmpty ? NO_DELTA : output
  }

  #fill(): R[] {
    const rowsMax = this.#to + this.#spare
    const rows = this.#to === this.#from ? [] : [...this.#read(rowsMax)]
    this.#isAll = rows.length < rowsMax
    this.#rows = rows
    return rows
  }

  #insert(row: R, output: Delta<R>): void {
    const rows = this.#rows as R[]
    const at = this.#placeOf(row)
    if (at === rows.length && !this.#isAll) return
    if (at < this.#to) {
      // One row comes in, at its place or at the window's first; the last one goes.
      this.#push(output, rows[this.#to - 1], -1)
      this.#push(output, at >= this.#from ? row : rows[this.#from - 1], 1)
    }
    rows.splice(at, 0, row)
    if (rows.length > this.#to + 2 * this.#spare) {
      rows.length = this.#to + this.#spare
      this.#isAll = false
    }
  }

  #remove(row: R, output: Delta<R>): void {
    const rows = this.#rows as R[]
    const at = this.#placeOf(row)
    const found = rows[at]
    if (found === undefined || this.#compare(found, row) !== 0) return
    if (at < this.#to) {
      this.#push(output, at >= this.#from ? found : rows[this.#from], -1)
      this.#push(output, rows[this.#to], 1)
    }
    rows.splice(at, 1)
  }

  #push(output: Delta<R>, row: R | undefined, weight: number): void {
    if (row !== undefined && this.#to > this.#from) output.push(row, weight)
  }

  /** The place of the first row that does not come before this one. */
  #placeOf(row: R): number {
    const rows = this.#rows as R[]
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(rows[middle] as R, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
