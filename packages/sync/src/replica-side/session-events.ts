/** What a session cannot settle by itself, and tells the one that runs it. */
import type { ErrorCode, ReceiveResult, StreamSeq } from '@inner-universe/core'
import type { OpenedMessage, RefusedMessage } from './opening.ts'
import type { RebuildReason } from './replica-home.ts'

/** The replica must be built anew. */
export interface RebuildWish {
  readonly reason: RebuildReason
  /** Own deltas that the relay refuses, and why. */
  readonly denied?: readonly (StreamSeq & { readonly reason: string })[]
  /** Own deltas that are in the log under another name. */
  readonly settled?: readonly StreamSeq[]
  /** `clock`: the relay's time when it refused, ms since 1970. */
  readonly relayTimeMs?: number
}

/** Own deltas are kept and cannot be sent. */
export interface BlockedCode {
  readonly code: ErrorCode
  readonly message: string
}

/** What a session tells. One that fills a replica pushes nothing, and tells only what must be there. */
export interface SessionEvents {
  /** The universe is open. The session goes on by itself unless it is closed now. */
  onOpened?(opened: OpenedMessage): void
  onRefused(refused: RefusedMessage): void
  /** Something was taken in or acknowledged. */
  onResult?(result: Extract<ReceiveResult, { readonly kind: 'received' }>): void
  /** The place read up to, and the end of the log as far as it is known. */
  onProgress(offset: number, head: number): void
  onRebuild(wish: RebuildWish): void
  /** Undefined: no longer. */
  onBlocked?(blocked: BlockedCode | undefined): void
  /** What another session says of itself; undefined: it is gone. */
  onAware?(sessionId: string, state: Uint8Array | undefined): void
  /** The connection is of no use any more. */
  onFailed(error: unknown): void
}
