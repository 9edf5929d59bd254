/** What a host needs of the place it runs at: worker, Node or test. */
import type { Module } from '@inner-universe/core'
import type { Engine, Undo } from '@inner-universe/engine'
import type { CallQueueOptions } from './call-queue.ts'
import type { AnswerHistory } from './history-part.ts'
import type { CreateLive } from './live-part.ts'
import type { SyncHost, SyncPart } from './sync-part.ts'

/** What a host is given by the rim it runs at. */
export interface HostOptions extends CallQueueOptions {
  readonly module: Module
  /** Owned by the host from now on. */
  readonly engine: Engine
  readonly storage: 'opfs' | 'file' | 'memory'
  readonly storageReason: string | undefined
  /** Wall time, ms since 1970. */
  readonly wallMs: () => number
  /** A rising clock in ms. */
  readonly now: () => number
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  /** Runs something later; returns its cancellation. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** Limits a read in time: called with a check before, with undefined after. */
  readonly setDeadline: (isExpired: (() => boolean) | undefined) => void
  readonly readMsMax: number
  /** A group begins: the id of its only call, or undefined for several. */
  readonly onGroup: (callId: string | undefined) => void
  /** Calls back, later, when a client's tab is gone; returns the end of the watch. */
  readonly watchPresence: (clientId: string, onGone: () => void) => () => void
  /** Something failed that no client waits for. */
  readonly onFault: (error: unknown) => void
  /** False when the database stopped working: the host must be started anew. */
  readonly isUsable: () => boolean
  readonly onUnusable: () => void
  /** Gives what keeps queries up to date; called when it is first wanted, or when there is time. */
  readonly loadLive: () => CreateLive | Promise<CreateLive>
  /**
   * Gives the engine what records and undoes calls; called when it is first wanted, or at once where it was
   * before. Default: the engine has it, or never will.
   */
  readonly loadUndo?: () => Undo | Promise<Undo>
  /** Answers reads of versions. Default: the module keeps none. */
  readonly answerHistory?: AnswerHistory
  /** Makes what keeps the host in sync with a relay, once the host is there. */
  readonly createSync?: (host: SyncHost) => SyncPart
}
