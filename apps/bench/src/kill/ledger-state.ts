/** What the kill test writes to, and what of it is compared. */

/** What the ledger holds, for the Node half to compare with what was acknowledged. */
export interface LedgerState {
  /** Per call: rows, distinct parts. */
  readonly calls: readonly (readonly [call: string, rowCount: number, partCount: number])[]
  /** The counter every call moved by one. */
  readonly total: number
  /** Faults found by SQLite's and the engine's own checks, and in the declared views. */
  readonly faults: readonly string[]
}

/** What calls are written to. */
export interface Written {
  /** Resolves with true when the call is durable, with false when nobody knows. */
  append(call: string): Promise<boolean>
  state(): Promise<LedgerState>
}
