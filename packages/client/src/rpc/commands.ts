/**
 * The rare commands of a client, over Comlink on an endpoint of their own; and the worker's own controls,
 * which only the page that started it has.
 *
 * Each command resolves to an {@link Outcome}, failures included. No callbacks and no nested ports cross, so that they work over a BroadcastChannel too.
 */
import type { Hash, KeptConflict, ViewState } from '@inner-universe/core'
import type { LiveExplanation } from './contract.ts'
import { decodeError, encodeError, type TransferredError } from './error-transfer.ts'

/** How a command ended. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: TransferredError }

/** Commands any client may give. Transfers are known by an id of the worker's. */
export interface Commands {
  verify(): Promise<Outcome<readonly string[]>>
  unsyncedCount(): Promise<Outcome<number>>
  digest(): Promise<Outcome<Hash>>
  viewStates(): Promise<Outcome<readonly ViewState[]>>
  explainView(view: string): Promise<Outcome<LiveExplanation | undefined>>
  conflicts(): Promise<Outcome<readonly KeptConflict[]>>
  dismissConflicts(conflictIds: readonly number[]): Promise<Outcome<undefined>>
  /** Begins an export. The file's size is that of the moment. */
  openExport(): Promise<Outcome<{ readonly transferId: number; readonly totalBytes: number }>>
  /** The next piece; undefined at the end. */
  readExport(transferId: number): Promise<Outcome<Uint8Array | undefined>>
  openImport(): Promise<Outcome<number>>
  writeImport(transferId: number, bytes: Uint8Array): Promise<Outcome<undefined>>
  /** Checks what was written and puts it in the place of the universe. */
  finishImport(transferId: number): Promise<Outcome<undefined>>
  /** Drops an export or import. Unknown ids are ignored. */
  dropTransfer(transferId: number): Promise<Outcome<undefined>>
}

/** What a worker is opened with, once its page holds the universe's lock. */
export interface OpenRequest {
  readonly name: string
  readonly leaderId: string
  /** Identity that becomes the owner if this creates the universe. */
  readonly newOwner: string
  readonly storage: 'opfs' | 'memory'
  readonly durability: 'power' | 'process'
  readonly reducerMsMax: number
  /** True after a worker that hung: calls sent again run one by one, to find the guilty one. */
  readonly isSuspicious: boolean
  /** Calls known to hang: answered with `reducer/time-limit`, not run. */
  readonly condemnedCallIds: readonly string[]
  /** Undefined: this universe is not synced. */
  readonly sync: SyncRequest | undefined
}

/** The relay a universe is synced with. */
export interface SyncRequest {
  /** `ws:` or `wss:` address of the relay. */
  readonly url: string
  /** The universe's name there. */
  readonly universe: string
  readonly isPaused: boolean
}

/**
 * What a page tells the worker it started, in its global scope. `open` and `close` are answered by notes of
 * their names, once each. Plain messages: a page that gives no commands needs no Comlink.
 */
export type WorkerControl =
  /**
   * Opens the database and serves its page over two ports: the batched one, on which its hello may
   * wait already, and the one of its commands.
   */
  | {
      readonly control: 'open'
      readonly request: OpenRequest
      readonly data: MessagePort
      readonly commands: MessagePort
    }
  /** Takes the port of a broker, over which followers send theirs. Null: there is none to be had. */
  | {
      readonly control: 'introduce'
      readonly broker: MessagePort | null
      readonly brokerUrl: string
    }
  /** Finishes the transaction under way and closes the database. */
  | { readonly control: 'close' }
  | { readonly control: 'ping' }

/** What a worker posts to its page, in its global scope. */
export type WorkerNote =
  /** The script has called `serve`. */
  | { readonly note: 'ready' }
  /** How a control ended. */
  | { readonly note: 'open' | 'close'; readonly outcome: Outcome<undefined> }
  /** A group begins; its only call is named, several are not. Several may hang, so no blame yet. */
  | { readonly note: 'group'; readonly callId: string | undefined }
  /** Long work begins that is not a reducer's: see {@link COMMAND_MS_MAX}. */
  | { readonly note: 'long' }
  | { readonly note: 'pong' }
  /** A follower asks for the leader: fetch a broker. */
  | { readonly note: 'broker-wanted' }

/** Runs a command's body; what it throws becomes its outcome. */
export async function outcomeOf<Value>(
  body: () => Value | Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await body() }
  } catch (error) {
    return { ok: false, error: encodeError(error) }
  }
}

/** The value of an outcome. @throws the error it carries. */
export function unwrap<Value>(outcome: Outcome<Value>): Value {
  if (outcome.ok) return outcome.value
  throw decodeError(outcome.error)
}
