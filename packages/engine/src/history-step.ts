/** What transactions tell the part that keeps versions. HISTORY.md HI6. */
import type { Changes } from './changes.ts'

/** Is told of every transaction. */
export interface HistoryStep {
  /**
   * Keeps what a transaction changed as it was before, where a version needs it, and sets the markers of
   * versions named in it; right before its COMMIT. What it throws undoes the transaction.
   */
  step(changes: Changes): void
  /** The transaction was rolled back, or what is kept of the past was removed: all is read anew. */
  rollBack(): void
}
