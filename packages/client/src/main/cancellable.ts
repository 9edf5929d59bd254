/** Options of anything that may take long. */
export interface Cancellable {
  /** Fails the operation with `call/aborted` when it fires before the work was begun. */
  readonly signal?: AbortSignal
}
