/**
 * What a session does with own deltas: seals them when the window has room, pushes them, and does
 * what each answer asks for.
 *
 *     pushing ──nack──▶ draining (until all that is on its way is answered) ──▶ its one action:
 *        ▲                                   push again · wait · rebuild · stay held
 *        └──────────────── push again ◀──────┘
 *
 * Draining first makes every verdict final: what was accepted before it is acknowledged, and the
 * batches behind a refused one, which fall into its gap, are not taken for faults of their own.
 */
import {
  type Hash,
  type HashFunction,
  type ReceiveResult,
  type Replica,
  type SealedBatch,
  type StreamId,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import { sealBatch } from '../batch.ts'
import { SEAL_BYTES } from '../limits.ts'
import type { RelayMessage, SyncLimits, WireBatch } from '../messages.ts'
import type { Compression, Scheduler } from '../transport.ts'
import { Alarm } from './alarm.ts'
import type { Backoff } from './backoff.ts'
import type { BlockedCode, RebuildWish } from './session-events.ts'
import { packBatch } from './wire-batch.ts'

/** How long deltas gather before they are sealed while others are on their way, ms. */
export const GATHER_MS = 30

/** How long a push may stay unanswered, ms: the relay answers each after its commit. */
export const ANSWER_MS = 60_000

/** What a pusher is made of. */
export interface PusherOptions {
  readonly replica: Replica
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly hash: HashFunction
  readonly limits: SyncLimits
  /** Of pushes refused again and again. */
  readonly backoff: Backoff
  readonly send: (batch: WireBatch) => void
  /** Own deltas were found to be in the log. */
  readonly onAcknowledged: (result: ReceiveResult) => void
  readonly onRebuild: (wish: RebuildWish) => void
  /** Nothing is pushed for the reason given; undefined: it is again. */
  readonly onBlocked: (blocked: BlockedCode | undefined) => void
  readonly onFailed: (error: unknown) => void
}

/** The relay has a batch, durably. */
export type AckMessage = Extract<RelayMessage, { readonly type: 'ack' }>

/** The relay does not take a batch. */
export type NackMessage = Extract<RelayMessage, { readonly type: 'nack' }>

/** Pushes the batches of one replica. Held until {@link Pusher.start}. */
export class Pusher {
  readonly #options: PusherOptions
  /** Pushed and not answered, in order. */
  #inFlight: InFlight[] = []
  /** Read from the store and not pushed yet. */
  #page: SealedBatch[] = []
  #isStarted = false
  #isClosed = false
  /** Nothing is pushed until a wait is over or a new session begins. */
  #isHeld = false
  #isPumping = false
  /** The window was full when there was more to push. */
  #hasBacklog = false
  /** What to do when everything on its way is answered; while set, nothing is pushed. */
  #verdict: (() => void) | undefined
  /** The last refusal, until something is acknowledged. */
  #refusal = ''
  #offers: Offers | undefined
  readonly #gathering: Alarm
  readonly #holding: Alarm
  readonly #answering: Alarm

  constructor(options: PusherOptions) {
    this.#options = options
    this.#gathering = new Alarm(options.scheduler)
    this.#holding = new Alarm(options.scheduler)
    this.#answering = new Alarm(options.scheduler)
  }

  /** Begins to push own deltas. */
  start(): void {
    this.#isStarted = true
    this.#pump()
  }

  /**
   * Pushes batches of any stream that the relay lacks, each stream in chain order, then calls back
   * once all are answered. One that is refused ends its stream and nothing else.
   */
  offer(batches: Iterator<SealedBatch, undefined>, onDone: () => void): void {
    this.#offers = { batches, onDone, again: [], refused: new Set() }
    this.#pump()
  }

  /** Own deltas were written. */
  poke(): void {
    if (this.#inFlight.length === 0) this.#pump()
    else if (!this.#gathering.isSet) this.#gathering.set(GATHER_MS, () => this.#pump())
  }

  /** Pushes nothing more in this session, for a reason found elsewhere. */
  block(blocked: BlockedCode): void {
    this.#isHeld = true
    this.#options.onBlocked(blocked)
  }

  acknowledged(ack: AckMessage): void {
    const covered = this.#inFlight.filter(
      ({ stream, lastSeq }) => stream === ack.stream && lastSeq <= ack.seq,
    )
    const last = covered.at(-1)
    if (last === undefined) return
    this.#refusal = ''
    this.#options.backoff.reset()
    if (last.lastSeq === ack.seq && last.hash !== ack.hash) {
      this.#verdict ??= () => this.#options.onRebuild({ reason: 'fork' })
    } else if (!last.isOffer) {
      const { replica, onAcknowledged } = this.#options
      onAcknowledged(replica.acknowledge(ack.stream, ack.seq, ack.offset))
    }
    this.#answered(covered)
  }

  /** The log itself told of them: their `ack` is not waited for. */
  confirmed(heads: readonly StreamSeq[]): void {
    const covered = this.#inFlight.filter((entry) =>
      heads.some(({ stream, seq }) => entry.stream === stream && entry.lastSeq <= seq),
    )
    if (covered.length > 0) this.#answered(covered)
  }

  refused(nack: NackMessage): void {
    const entry = this.#entryOf(nack)
    if (entry === undefined) return
    if (entry.isOffer) this.#refuseOffer(nack, entry)
    else if (this.#verdict === undefined) this.#judge(nack, entry)
    this.#answered([entry])
  }

  close(): void {
    this.#isClosed = true
    this.#gathering.cancel()
    this.#holding.cancel()
    this.#answering.cancel()
  }

  /** What waits for room is offered again, with what fell into its gap; what is refused ends its stream. */
  #refuseOffer(nack: NackMessage, { batch }: InFlight): void {
    if (nack.code === 'quota') this.#verdict ??= this.#verdictOfQuota(nack)
    if (this.#verdict !== undefined) this.#offers?.again.push(batch)
    else this.#offers?.refused.add(batch.stream)
  }

  #judge(nack: NackMessage, entry: InFlight): void {
    const refusal = `${nack.code} ${nack.stream} ${nack.seq}`
    const isAgain = refusal === this.#refusal
    this.#refusal = refusal
    this.#verdict = this.#verdictOf(nack, entry, isAgain)
  }

  /** The one action of each code (PROTOCOL.md, Codes). */
  #verdictOf(nack: NackMessage, entry: InFlight, isAgain: boolean): () => void {
    const { onRebuild } = this.#options
    const { code, stream, message } = nack
    const seqs = nack.seqs.length > 0 ? nack.seqs : seqsOf(entry)
    const named = seqs.map((seq) => ({ stream, seq }))
    switch (code) {
      case 'fork':
      case 'rebase':
        return () => onRebuild({ reason: code })
      case 'clock':
        return () => onRebuild({ reason: 'clock', relayTimeMs: nack.timeMs })
      case 'duplicate-origin':
        return () => onRebuild({ reason: 'rebase', settled: named })
      case 'denied': {
        const denied = named.map((each) => ({ ...each, reason: message }))
        return () => onRebuild({ reason: 'denied', denied })
      }
      case 'gap':
        return () => this.#pushFrom(nack, isAgain)
      case 'quota':
        return this.#verdictOfQuota(nack)
      case 'schema':
        return () => this.block({ code: 'sync/update-required', message })
      case 'invalid':
      case 'too-large':
        return () => this.block({ code: 'sync/refused', message })
    }
  }

  #verdictOfQuota({ message, retryAfterMs }: NackMessage): () => void {
    return () => {
      this.#options.onBlocked({ code: 'sync/quota', message })
      this.#hold(retryAfterMs)
    }
  }

  /** The relay's stream ends before `seq`: what it had acknowledged from there on is pending again. */
  #pushFrom({ stream, seq }: NackMessage, isAgain: boolean): void {
    const { replica } = this.#options
    const pending = replica.pendingStreams().find((each) => each.stream === stream)
    if (pending !== undefined && pending.acknowledged.seq >= seq) {
      replica.unacknowledge(stream, seq - 1)
    }
    if (isAgain) this.#hold(0)
    else this.#pump()
  }

  /** Waits, then pushes again. */
  #hold(atLeastMs: number): void {
    const { backoff, onBlocked } = this.#options
    this.#isHeld = true
    this.#holding.set(backoff.next(atLeastMs), () => {
      this.#isHeld = false
      onBlocked(undefined)
      this.#pump()
    })
  }

  /**
   * Which push a refusal answers. `gap` tells where to push from, not what was pushed: it answers the
   * first batch of the stream from there on.
   */
  #entryOf({ code, stream, seq }: NackMessage): InFlight | undefined {
    return this.#inFlight.find(
      (entry) =>
        entry.stream === stream &&
        (code === 'gap' ? entry.firstSeq >= seq : entry.firstSeq === seq),
    )
  }

  #answered(entries: readonly InFlight[]): void {
    this.#inFlight = this.#inFlight.filter((entry) => !entries.includes(entry))
    if (this.#inFlight.length > 0) this.#expectAnswer()
    else this.#answering.cancel()
    this.#goOn()
  }

  #goOn(): void {
    if (this.#inFlight.length > 0) {
      if (this.#hasBacklog) this.#pump()
      return
    }
    const verdict = this.#verdict
    this.#verdict = undefined
    if (verdict === undefined) this.#pump()
    else if (!this.#isClosed) {
      this.#page = []
      verdict()
    }
  }

  #pump(): void {
    if (!this.#isPumping && !this.#isClosed) void this.#pushAll()
  }

  async #pushAll(): Promise<void> {
    this.#isPumping = true
    let unsent: InFlight | undefined
    try {
      for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
        const entry = this.#launch(batch)
        const packed = packBatch(batch, this.#options.compression)
        const wire = packed instanceof Promise ? await packed : packed
        if (this.#isClosed) return
        if (this.#verdict !== undefined) {
          // A verdict came while it was compressed: it has not left, and nobody will answer it.
          unsent = entry
          break
        }
        this.#options.send(wire)
      }
    } catch (error) {
      this.#options.onFailed(error)
    } finally {
      this.#isPumping = false
    }
    if (unsent !== undefined) this.#answered([unsent])
    this.#finishOffers()
  }

  #launch(batch: SealedBatch): InFlight {
    const entry: InFlight = {
      batch,
      stream: batch.stream,
      firstSeq: batch.firstSeq,
      lastSeq: batch.firstSeq + batch.deltaCount - 1,
      hash: batch.hash,
      byteCount: sizeOf(batch),
      isOffer: this.#offers !== undefined,
    }
    this.#inFlight.push(entry)
    this.#expectAnswer()
    return entry
  }

  /** The next batch to push, if there is one and the window has room for it. */
  #next(): SealedBatch | undefined {
    if (this.#verdict !== undefined || this.#isClosed) return undefined
    if (this.#isHeld || (this.#offers === undefined && !this.#isStarted)) return undefined
    const { windowBatches, windowBytes, contentBytesMax } = this.#options.limits
    this.#hasBacklog = false
    const onWay = this.#inFlight.reduce((sum, { byteCount }) => sum + byteCount, 0)
    const isFull = this.#inFlight.length >= windowBatches || onWay >= windowBytes
    if (this.#inFlight.length > 0 && isFull) {
      this.#hasBacklog = true
      return undefined
    }
    if (this.#page.length === 0) this.#page = this.#read(windowBytes - onWay)
    const [first] = this.#page
    if (first === undefined) return undefined
    if (first.content.length > contentBytesMax) {
      const text = `a delta of ${first.content.length} bytes; the relay takes ${contentBytesMax}`
      this.block({ code: 'sync/refused', message: text })
      return undefined
    }
    if (this.#inFlight.length > 0 && onWay + sizeOf(first) > windowBytes) {
      this.#hasBacklog = true
      return undefined
    }
    return this.#page.shift()
  }

  #read(bytesMax: number): SealedBatch[] {
    const offers = this.#offers
    if (offers !== undefined) {
      for (;;) {
        const batch = offers.again.shift() ?? offers.batches.next().value
        if (batch === undefined) return []
        if (!offers.refused.has(batch.stream)) return [batch]
      }
    }
    const { replica, hash } = this.#options
    // Everything acknowledged is gone from the store's list: with nothing on its way, begin anew.
    const last = this.#inFlight.at(-1)
    const after: StreamSeq | undefined = last && { stream: last.stream, seq: last.lastSeq }
    const sealed = replica.sealedBatches(after, bytesMax)
    if (sealed.length > 0) return [...sealed]
    const deltas = replica.nextUnsealed(SEAL_BYTES)
    if (deltas === undefined) return []
    const batch = sealBatch(deltas, hash)
    replica.seal(deltas, batch.header, batch.hash)
    return [batch]
  }

  #finishOffers(): void {
    const offers = this.#offers
    if (offers === undefined || this.#inFlight.length > 0 || this.#isHeld) return
    if (this.#page.length > 0 || offers.again.length > 0) return
    this.#offers = undefined
    offers.onDone()
  }

  #expectAnswer(): void {
    this.#answering.set(ANSWER_MS, () => {
      const text = `the relay did not answer a push within ${ANSWER_MS} ms`
      this.#options.onFailed(new UniverseError('sync/protocol', text))
    })
  }
}

interface InFlight {
  readonly batch: SealedBatch
  readonly stream: StreamId
  readonly firstSeq: number
  readonly lastSeq: number
  readonly hash: Hash
  readonly byteCount: number
  readonly isOffer: boolean
}

interface Offers {
  readonly batches: Iterator<SealedBatch, undefined>
  readonly onDone: () => void
  /** To be offered once more, in order. */
  readonly again: SealedBatch[]
  readonly refused: Set<StreamId>
}

function sizeOf(batch: SealedBatch): number {
  return batch.header.length + batch.content.length
}

function seqsOf({ firstSeq, lastSeq }: InFlight): number[] {
  return Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index)
}
