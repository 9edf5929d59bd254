/** Row changes of one table as the founding client tells them: INSERTED, UPDATED, DELETED. */
import type { ChangeListenerOptions, TransactionChanges } from '@inner-universe/client'
import type { RowOf } from '@inner-universe/core'
import type { StandardTables } from './module/tables.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** What happened to a row. */
export type ChangeKind = 'INSERTED' | 'UPDATED' | 'DELETED'

/** Told of one change: the row after it, or before it for a DELETED one. */
export type ChangeListener<R> = (change: ChangeKind, row: R) => void

/**
 * Listens to the changes of one table, local and remote, in commit order. Returns the unsubscribe.
 */
export function subscribeChanges<K extends keyof StandardTables & string>(
  universe: StandardUniverse,
  table: K,
  listener: ChangeListener<RowOf<StandardTables[K]>>,
  options: ChangeListenerOptions = {},
): () => void {
  type R = RowOf<StandardTables[K]>
  const onTransaction = ({ changes }: TransactionChanges): void => {
    for (const { before, after } of changes) {
      if (after === undefined) {
        if (before !== undefined) listener('DELETED', before as R)
      } else {
        listener(before === undefined ? 'INSERTED' : 'UPDATED', after as R)
      }
    }
  }
  return universe.onChanges([table], onTransaction, options)
}
