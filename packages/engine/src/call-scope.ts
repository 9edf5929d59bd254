/** One reducer call under way: its identity, time, randomness and what it has done. */
import {
  type CallId,
  type ClientId,
  createRandomFromState,
  type Id,
  idFromParts,
  type LocalStamp,
  type Random,
  type RowOperation,
  UniverseError,
} from '@inner-universe/core'
import { Effects } from './effects.ts'
import type { RowWatch } from './row-watch.ts'
import type { WriteScope } from './write-scope.ts'

/** What a call is and who makes it. */
export interface CallFacts {
  readonly callId: CallId
  /** The two parts of `callId`. */
  readonly client: ClientId
  readonly callNumber: number
  readonly reducer: string
  readonly timestampMs: number
  readonly sender: string
  readonly connectionId: string | null
}

/** Where a call's stamps and time limit come from. */
export interface CallClock {
  /** A clock value for the call's delta. Asked at most once, at its first synced write. */
  readonly nextHlc: () => number
  readonly streamIndex: number
  /** Wall time now. */
  readonly now: () => number
  readonly limitMs: number
}

/** Lives for one call, its nested calls included. */
export class CallScope {
  readonly facts: CallFacts
  readonly scope: WriteScope
  readonly effects: Effects = new Effects()
  /** Operations of its delta that were merged beside the table API: states written as a whole. */
  readonly merged: RowOperation[] = []
  /** True once anything was written to the file: undoing the call then needs the file to be undone. */
  hasWritten = false
  /** Of a call that can be undone. */
  recorder: RowWatch | undefined
  /** True once the time limit was found to have passed. */
  isExpired = false
  readonly #clock: CallClock
  readonly #deadlineMs: number
  #stamp: LocalStamp | undefined
  #random: Random | undefined
  #idTimestampMs: number
  #idCounter = -1

  constructor(scope: WriteScope, facts: CallFacts, clock: CallClock) {
    this.scope = scope
    this.facts = facts
    this.#clock = clock
    this.#deadlineMs = clock.now() + clock.limitMs
    this.#idTimestampMs = Math.max(0, Math.floor(facts.timestampMs))
  }

  /** The stamp of everything this call writes. */
  get stamp(): LocalStamp {
    this.#stamp ??= { hlc: this.#clock.nextHlc(), streamIndex: this.#clock.streamIndex }
    return this.#stamp
  }

  /** The clock of {@link stamp}; 0: nothing synced was written. */
  get writtenHlc(): number {
    return this.#stamp?.hlc ?? 0
  }

  /** Seeded by the call id: the same call, run again, draws the same. */
  get random(): Random {
    this.#random ??= createRandomFromState(seedOf(this.facts))
    return this.#random
  }

  /**
   * A time-ordered id of the call's time; rises within the call, also beyond one millisecond's 4096.
   *
   * Calls of one client in one millisecond are told apart by their number (22 bits of it, before 40
   * random bits), so their first ids rise as well: rows come in the order in which they were made.
   */
  newId(): Id {
    if (this.#idCounter === 0xfff) {
      this.#idTimestampMs += 1
      this.#idCounter = 0
    } else {
      this.#idCounter += 1
    }
    const random = this.random.bytes(8)
    const { callNumber } = this.facts
    random[0] = callNumber >>> 16
    random[1] = callNumber >>> 8
    random[2] = callNumber
    return idFromParts({
      timestampMs: this.#idTimestampMs,
      counter: this.#idCounter,
      random,
    })
  }

  /** Ms until the time limit; may be negative. */
  get remainingMs(): number {
    return this.#deadlineMs - this.#clock.now()
  }

  /** @throws UniverseError `reducer/time-limit` when the call has run too long. */
  checkTime(): void {
    if (this.#clock.now() <= this.#deadlineMs) return
    this.isExpired = true
    const { reducer } = this.facts
    throw new UniverseError(
      'reducer/time-limit',
      `reducer "${reducer}" ran for more than ${this.#clock.limitMs} ms; split the work into several calls`,
      { details: { reducer, limitMs: this.#clock.limitMs } },
    )
  }
}

/**
 * 128 bits from a call id: the client's own, mixed with the number. Not SHA-256, which would cost as
 * much as the insert it makes an id for; calls of one client must differ, nobody must be fooled.
 */
function seedOf({ client, callNumber }: CallFacts): readonly [number, number, number, number] {
  const [a, b, c, d] = wordsOf(client)
  const low = mix(callNumber >>> 0)
  const high = mix(~Math.floor(callNumber / 2 ** 32))
  // xoshiro must not start from zero.
  return [mix(a ^ low), mix(b ^ high), mix(c ^ low ^ high), mix(d + low) | 1]
}

type Words = readonly [number, number, number, number]

/** The last client asked for: calls come in groups of one. */
let lastClient: ClientId | undefined
let lastWords: Words = [0, 0, 0, 0]

function wordsOf(client: ClientId): Words {
  if (client !== lastClient) {
    const word = (at: number) => Number.parseInt(client.slice(at, at + 8), 16) | 0
    lastWords = [word(0), word(8), word(16), word(24)]
    lastClient = client
  }
  return lastWords
}

/** The finaliser of MurmurHash3: every bit of the input moves about half of the output's. */
function mix(value: number): number {
  let word = value | 0
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}
