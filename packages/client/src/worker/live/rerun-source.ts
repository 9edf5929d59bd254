/** Live queries that are run again: their rows are compared with those before. */
import type { Row, RowChange } from '@inner-universe/core'
import type { LiveExplanation } from '../../rpc/contract.ts'
import { diffRows, type KeyedRows, NO_ROWS, type RowsPatch } from '../../rpc/row-patch.ts'
import type { LiveSource, RowsSince } from './live-source.ts'

/** A query that is run again, and when. */
export interface Rerun {
  readonly tables: ReadonlySet<string>
  readonly explanation: LiveExplanation
  /** See {@link LiveSource.isTouchedBy}. */
  isTouchedBy(changes: readonly RowChange[]): boolean
  run(): KeyedRows<Row>
  /**
   * Keys of rows that may have new values after these changes, so that no others are compared;
   * undefined: any may. Keys of rows that hold all their values never do.
   */
  suspects(changes: readonly RowChange[]): ReadonlySet<string> | undefined
}

/** See the file's head. A version is the list itself. */
export class RerunSource implements LiveSource {
  readonly #rerun: Rerun
  #rows: KeyedRows<Row> = NO_ROWS
  /** The list before the last step, and the way from it. */
  #last: { readonly before: KeyedRows<Row>; readonly patch: RowsPatch<Row> } | undefined

  constructor(rerun: Rerun) {
    this.#rerun = rerun
  }

  get tables(): ReadonlySet<string> {
    return this.#rerun.tables
  }

  get explanation(): LiveExplanation {
    return this.#rerun.explanation
  }

  get rowCount(): number {
    return this.#rows.rows.length
  }

  get version(): KeyedRows<Row> {
    return this.#rows
  }

  /** In one go: SQLite's answer comes whole. */
  fill(): Iterator<undefined, void> {
    return {
      next: () => {
        this.#rows = this.#rerun.run()
        return { done: true, value: undefined }
      },
    }
  }

  isTouchedBy(changes: readonly RowChange[]): boolean {
    return this.#rerun.isTouchedBy(changes)
  }

  step(changes: readonly RowChange[] | undefined): void {
    const before = this.#rows
    const suspects = changes && this.#rerun.suspects(changes)
    const { rows, patch } = diffRows(
      before,
      this.#rerun.run(),
      suspects && ((key) => suspects.has(key)),
    )
    this.#rows = rows
    if (patch !== undefined) this.#last = { before, patch }
  }

  rows(): readonly Row[] {
    return this.#rows.rows
  }

  since(version: object): RowsSince {
    if (version === this.#rows) return 'nothing'
    if (version === this.#last?.before) return this.#last.patch
    return diffRows(version as KeyedRows<Row>, this.#rows).patch ?? 'nothing'
  }

  forget(): void {
    this.#last = undefined
  }
}
