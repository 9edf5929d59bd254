/** What an engine is opened with. */
import type { Module, Reducers, Tables } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { History } from './history-part.ts'
import type { Replication } from './replication-part.ts'
import type { Undo } from './undo-part.ts'
import type { Views } from './views-part.ts'

/** What an engine is opened with. Time and randomness come from outside. */
export interface EngineOptions {
  /** Owned by the engine from now on: closed with it, also when opening fails. */
  readonly driver: Driver
  readonly module: Module
  /** Wall time, ms since 1970. */
  readonly now: () => number
  readonly randomBytes: (byteCount: number) => Uint8Array
  /** Identity that becomes the owner when the universe is created; ignored later. */
  readonly identity: string
  /**
   * `continue` writes on in the last stream; `new` starts one, as must be done whenever the storage
   * may have been rolled back or copied (import, restore, clone).
   */
  readonly stream: 'continue' | 'new'
  /** Wall-clock limit of one reducer, ms. Default {@link REDUCER_MS_MAX}. */
  readonly reducerMsMax?: number
  /**
   * An empty file becomes a replica of a universe that exists elsewhere: `init` is not run, and the
   * owner is that universe's.
   */
  readonly join?: { readonly owner: string }
  /** False: segments are merged and not kept (a relay's fold, which has the log anyway). Default true. */
  readonly keepsLog?: boolean
  /**
   * What exchanges deltas with other replicas, `replication` of `engine/replication`. Without it the
   * universe works on this device alone, and what it holds of others stays as it is.
   */
  readonly replication?: Replication
  /** What keeps declared views. A module that declares any is refused without it. */
  readonly views?: Views
  /**
   * Gives what records and undoes calls, `undo` of `engine/undo`, once it is there: asked when it is first
   * needed, until it gives something. Without it such calls are refused.
   */
  readonly undo?: () => Undo | undefined
  /**
   * Makes the reducers that write documents, `documentReducers` of core. Without it documents are not
   * written by calls.
   */
  readonly documents?: (tables: Tables) => Reducers
  /**
   * What keeps versions, `history` of `engine/history`. Without it a module that declares them works, and
   * none can be named or read; what was kept of the past is removed.
   */
  readonly history?: History
  /** Wall time for stamps, corrected by what is known of the relay's clock. Default {@link now}. */
  readonly clockNow?: () => number
}
