/**
 * The reducer calls of one client that have no answer yet.
 *
 * A call's identity, time and arguments are fixed here, before it crosses any thread, so that it can
 * be sent again to another worker and still be the same call.
 */
import { type ClientId, formatCallId, type StreamSeq, UniverseError } from '@inner-universe/core'
import type { CallUndo } from '@inner-universe/engine'
import type { PageItem, WorkerItem } from '../rpc/contract.ts'
import { decodeUniverseError } from '../rpc/error-transfer.ts'
import { CALL_BYTES_MAX, PENDING_CALLS_MAX } from '../rpc/limits.ts'
import { snapshot } from '../rpc/snapshot.ts'
import { callAborted, callTimedOut } from './call-errors.ts'
import type { Clock } from './clock.ts'
import type { CallOptions, ReducerCall } from './universe.ts'

type CallItem = Extract<PageItem, { kind: 'call' }>

interface CallEnd {
  readonly value: unknown
  readonly delta: StreamSeq | undefined
}

interface PendingCall {
  readonly item: CallItem
  readonly resolve: (end: CallEnd) => void
  readonly reject: (error: unknown) => void
  /** Lets go of timer and signal. */
  readonly release: () => void
  /** True once some worker may have seen it. */
  wasSent: boolean
}

/** How calls leave, and the time they get. */
export interface PendingCallsOptions {
  readonly clientId: ClientId
  readonly clock: Clock
  /** Puts an item on the wire; false when there is none now. */
  readonly send: (item: PageItem) => boolean
  /** Waits until a delta is in the relay's log; undefined: a call that left none. */
  readonly confirm: (delta: StreamSeq | undefined) => Promise<void>
}

/** Options of a call whose arguments may be of another size than an app's. */
export interface SizedCallOptions extends CallOptions {
  /** Default {@link CALL_BYTES_MAX}. */
  readonly bytesMax?: number
}

/** The register of pending calls. */
export class PendingCalls {
  readonly #options: PendingCallsOptions
  readonly #pending = new Map<number, PendingCall>()
  #lastNumber = 0
  #refusal: UniverseError | undefined
  #onIdle: (() => void) | undefined

  constructor(options: PendingCallsOptions) {
    this.#options = options
  }

  /** Lowest number without an answer; one above the last when there is none. */
  get oldestPendingNumber(): number {
    // A Map iterates in the order of insertion, which is that of the numbers.
    for (const number of this.#pending.keys()) return number
    return this.#lastNumber + 1
  }

  get count(): number {
    return this.#pending.size
  }

  /** Makes a call. What is wrong with it before it leaves rejects its promises. */
  call(
    reducer: string,
    args: unknown,
    { bytesMax = CALL_BYTES_MAX, ...options }: SizedCallOptions = {},
    undo?: CallUndo,
  ): ReducerCall<unknown> {
    const number = this.#lastNumber + 1
    let ended: Promise<CallEnd>
    try {
      this.#check(options)
      const item: CallItem = {
        kind: 'call',
        number,
        reducer,
        args: snapshot(args, bytesMax),
        timestampMs: this.#options.clock.now(),
        isResent: false,
        undo,
      }
      // Order matters: a number is used up only by a call that leaves, so numbers have no gaps.
      this.#lastNumber = number
      ended = this.#add(item, options)
    } catch (error) {
      ended = Promise.reject(error)
    }
    return new PendingReducerCall(
      formatCallId(this.#options.clientId, number),
      ended,
      this.#options.confirm,
    )
  }

  /** Takes the end of a call. One that is not pending had been sent twice and answered twice. */
  settle(item: Extract<WorkerItem, { kind: 'answer' | 'refusal' }>): void {
    const pending = this.#take(item.number)
    if (item.kind === 'answer') pending?.resolve({ value: item.value, delta: item.delta })
    else pending?.reject(decodeUniverseError(item.error, 'reducer/rejected'))
  }

  /** A call that could not be put on the wire. */
  reject(number: number, error: unknown): void {
    this.#take(number)?.reject(error)
  }

  /** Every pending call, to be sent to a worker that has just welcomed this client. */
  itemsToSend(): PageItem[] {
    return [...this.#pending.values()].map((pending) => {
      const item = { ...pending.item, isResent: pending.wasSent }
      pending.wasSent = true
      return item
    })
  }

  /** Refuses pending calls and all later ones. */
  fail(error: UniverseError): void {
    this.#refusal = error
    for (const number of [...this.#pending.keys()]) this.reject(number, error)
  }

  /** Resolves when no call is pending. */
  async idle(): Promise<void> {
    if (this.#pending.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  #check({ signal }: CallOptions): void {
    if (this.#refusal !== undefined) throw this.#refusal
    if (signal?.aborted) throw callAborted(signal)
    if (this.#pending.size >= PENDING_CALLS_MAX) {
      throw new UniverseError(
        'call/backlog-full',
        `${PENDING_CALLS_MAX} calls wait for an answer; await some of them first`,
        { details: { pendingMax: PENDING_CALLS_MAX } },
      )
    }
  }

  #add(item: CallItem, { signal, timeoutMs }: CallOptions): Promise<CallEnd> {
    const { number, reducer } = item
    const { send, clock } = this.#options
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        if (this.#pending.get(number)?.wasSent === false) this.reject(number, callAborted(signal))
        // The worker knows whether it has begun. Not sent again after a fail-over: only the answer
        // tells whether the worker that is gone had run it.
        else send({ kind: 'cancel-call', number })
      }
      signal?.addEventListener('abort', abort, { once: true })
      const stopTimer =
        timeoutMs === undefined
          ? undefined
          : clock.setTimer(() => reject(callTimedOut(reducer, timeoutMs)), timeoutMs)
      const release = (): void => {
        signal?.removeEventListener('abort', abort)
        stopTimer?.()
      }
      const pending: PendingCall = { item, resolve, reject, release, wasSent: false }
      this.#pending.set(number, pending)
      pending.wasSent = send(item)
    })
  }

  #take(number: number): PendingCall | undefined {
    const pending = this.#pending.get(number)
    this.#pending.delete(number)
    pending?.release()
    if (this.#pending.size === 0) this.#onIdle?.()
    return pending
  }
}

/** `applied` and `durable` are one until a worker answers before its flush. */
class PendingReducerCall implements ReducerCall<unknown> {
  readonly callId: string
  readonly applied: Promise<unknown>
  readonly durable: Promise<unknown>
  readonly #ended: Promise<CallEnd>
  readonly #confirm: PendingCallsOptions['confirm']
  #confirmed: Promise<unknown> | undefined

  constructor(callId: string, ended: Promise<CallEnd>, confirm: PendingCallsOptions['confirm']) {
    this.callId = callId
    this.#ended = ended
    this.#confirm = confirm
    this.durable = ended.then(({ value }) => value)
    this.applied = this.durable
  }

  get confirmed(): Promise<unknown> {
    if (this.#confirmed === undefined) {
      this.#confirmed = this.#ended.then(async ({ value, delta }) => {
        await this.#confirm(delta)
        return value
      })
      // It fails as the call does: who handles it here need not handle it there.
      this.durable.catch(() => undefined)
    }
    return this.#confirmed
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a call is awaiting its durability
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return this.durable.then(onFulfilled, onRejected)
  }
}
