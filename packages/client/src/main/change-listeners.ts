/** Listeners to row changes. The worker is asked once for all tables any of them wants. */
import type { ChangeItem, PageItem } from '../rpc/contract.ts'
import { callSafely } from './call-safely.ts'
import type { ChangeListenerOptions, TransactionChanges } from './universe.ts'

interface Listener {
  readonly tables: ReadonlySet<string>
  readonly listener: (changes: TransactionChanges) => void
  readonly onGap: (() => void) | undefined
}

/** The register of change listeners of one client. */
export class ChangeListeners {
  readonly #send: (item: PageItem) => void
  readonly #listeners = new Set<Listener>()

  constructor(send: (item: PageItem) => void) {
    this.#send = send
  }

  /** Adds a listener; returns its removal. */
  add(
    tables: readonly string[],
    listener: (changes: TransactionChanges) => void,
    options: ChangeListenerOptions = {},
  ): () => void {
    const entry: Listener = { tables: new Set(tables), listener, onGap: options.onGap }
    this.#listeners.add(entry)
    this.#send(this.#watchItem())
    return () => {
      if (this.#listeners.delete(entry)) this.#send(this.#watchItem())
    }
  }

  /** Hands one transaction to those who asked for its tables. */
  receive(origin: 'local' | 'remote', changes: readonly ChangeItem[]): void {
    for (const { tables, listener } of [...this.#listeners]) {
      const wanted = changes.filter((change) => tables.has(change.table))
      if (wanted.length > 0) callSafely(() => listener({ origin, changes: wanted }))
    }
  }

  /** Transactions may have been missed. */
  gap(): void {
    for (const { onGap } of [...this.#listeners]) if (onGap !== undefined) callSafely(onGap)
  }

  /** What a new worker is told. */
  itemsToSend(): PageItem[] {
    return this.#listeners.size === 0 ? [] : [this.#watchItem()]
  }

  #watchItem(): PageItem {
    const tables = new Set<string>()
    for (const listener of this.#listeners) for (const table of listener.tables) tables.add(table)
    return { kind: 'watch', tables: [...tables] }
  }
}
