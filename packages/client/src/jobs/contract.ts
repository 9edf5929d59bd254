/**
 * What pages and the worker of one job say to each other.
 *
 * The page sends lists of numbered requests, the worker lists of answers under those numbers. A list
 * is what was issued in one turn; requests are served in the order of their numbers, and answers come
 * in that order. What a watcher is told comes with the answer to the write that caused it, or alone
 * where another page wrote.
 */
import type { KeyRange } from '@inner-universe/core'
import type { KvScanOptions } from '@inner-universe/engine/kv'
import type { TransferredError } from '../rpc/error-transfer.ts'
import type { PackedOperations } from './packed-operations.ts'

/** Where a job's database is. */
export type JobPlace =
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'stored'
      /** A file in Node, a directory of OPFS in a browser. */
      readonly path: string
      readonly durability: 'power' | 'process'
    }

/** One thing asked of a job's worker; its answer is said after the arrow. */
export type JobRequest =
  /**
   * → nothing. The first request of a worker, unless it is `drop`. `leaderId`: other pages find the
   * worker by it and may join; new with every opening.
   */
  | { readonly kind: 'open'; readonly place: JobPlace; readonly leaderId?: string }
  /** → nothing. The first request of another page, which holds a lock of this id while it lives. */
  | { readonly kind: 'join'; readonly clientId: string }
  /** → nothing, once all before it is served. The last request of a page that has joined. */
  | { readonly kind: 'leave' }
  /** → nothing. Removes the database of a place that is not open. */
  | { readonly kind: 'drop'; readonly place: JobPlace }
  /** → for each operation the number of entries it put or deleted, once they are durable. */
  | { readonly kind: 'write'; readonly operations: PackedOperations }
  /** → the payload, or undefined. */
  | { readonly kind: 'get'; readonly category: Uint8Array; readonly key: Uint8Array }
  /** → a boolean. */
  | { readonly kind: 'exists'; readonly category: Uint8Array; readonly key: Uint8Array }
  /** → a page of entries. */
  | {
      readonly kind: 'scan'
      readonly category: Uint8Array
      readonly range: KeyRange
      readonly options: KvScanOptions
    }
  /** → a number. */
  | { readonly kind: 'count'; readonly category: Uint8Array; readonly range: KeyRange }
  /** → size of the database in bytes. */
  | { readonly kind: 'bytes' }
  /** → nothing. From here on the changes under the prefix are told under `watchId`. */
  | {
      readonly kind: 'watch'
      readonly watchId: number
      readonly category: Uint8Array
      readonly prefix: Uint8Array
    }
  /** → nothing. */
  | { readonly kind: 'unwatch'; readonly watchId: number }
  /** → nothing, once all writes before it are durable. */
  | { readonly kind: 'flush' }
  /**
   * → nothing, once all before it is served, of other pages too, and the database is closed. The last
   * request of the page that opened.
   */
  | { readonly kind: 'close' }

/** A request under the number of its answer. */
export interface NumberedRequest {
  readonly number: number
  readonly request: JobRequest
}

/** How one request ended. */
export type JobAnswer =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly error: TransferredError }

/** One change under a watched prefix. Payloads are not told: read what is wanted. */
export type JobChange =
  | { readonly kind: 'put' | 'delete'; readonly key: Uint8Array }
  /** All keys that begin with `key` were deleted. */
  | { readonly kind: 'deletePrefix'; readonly key: Uint8Array }
  /** Anything under the watched prefix, `key`, may have changed: another tab has taken the job over. */
  | { readonly kind: 'gap'; readonly key: Uint8Array }

/** What happened under one watched prefix. */
export interface WatchedChanges {
  readonly watchId: number
  readonly changes: readonly JobChange[]
}

/** What the worker sends. Changes are to be told before the answers. */
export interface JobMessage {
  readonly answers: readonly JobAnswer[]
  readonly watched: readonly WatchedChanges[]
  /** The last message to a page that has joined: what is not answered by now was not done. */
  readonly hasMoved?: boolean
}

/** What the page of a shared job tells its worker besides requests: its broker, or that there is none. */
export interface JobIntroduction {
  readonly control: 'introduce'
  readonly broker: MessagePort | null
  readonly brokerUrl: string
}

/** What a worker says to its page besides messages: another page asks for it, fetch a broker. */
export interface JobNote {
  readonly note: 'broker-wanted'
}
