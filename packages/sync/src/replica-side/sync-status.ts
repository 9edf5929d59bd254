/** What a replica tells of its connection with the relay. */
import type { ErrorCode } from '@inner-universe/core'

/** Where synchronisation stands. */
export type SyncState =
  /** No connection; the next attempt waits. Also before the start and after the end. */
  | { readonly kind: 'offline' }
  | { readonly kind: 'connecting' }
  /** Reads what others wrote: offsets of the log, or bytes of the image it is built from. */
  | {
      readonly kind: 'catching-up'
      readonly phase: 'log' | 'image'
      readonly done: number
      readonly total: number
    }
  /** Has read all there is; changes come and go as they are made. */
  | { readonly kind: 'live' }
  /** Stopped by the app, until it resumes. */
  | { readonly kind: 'paused' }
  /** The relay takes no token that the app gives. Tried again every few minutes. */
  | { readonly kind: 'denied'; readonly message: string }
  /**
   * Own changes are kept and cannot be sent; the code says why. Reading goes on where it is allowed.
   */
  | { readonly kind: 'blocked'; readonly code: ErrorCode; readonly message: string }

/** {@link SyncState} with what holds in every state. Plain data. */
export type SyncStatus = SyncState & {
  /** Own deltas that the relay has not confirmed. */
  readonly unsyncedCount: number
  /**
   * Wall time of the last message of the relay, ms since 1970; undefined: none yet. As of the last
   * change of something else: alone it changes too often to be told.
   */
  readonly lastContactMs: number | undefined
}

/** Whether two statuses differ in something worth telling. */
export function isSameStatus(a: SyncStatus, b: SyncStatus): boolean {
  if (a.kind !== b.kind || a.unsyncedCount !== b.unsyncedCount) return false
  if (a.kind === 'catching-up' && b.kind === 'catching-up') {
    return a.phase === b.phase && a.done === b.done && a.total === b.total
  }
  if (a.kind === 'blocked' && b.kind === 'blocked') {
    return a.code === b.code && a.message === b.message
  }
  if (a.kind === 'denied' && b.kind === 'denied') return a.message === b.message
  return true
}
