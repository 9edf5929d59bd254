/**
 * One universe on one connection: from `open` to the end of the channel.
 *
 *     opening ──opened──▶ repairing (another epoch: heads, offers) ──▶ live: reads and pushes
 *                    └───────────────────────────────────────────────▶ live
 *
 * In mode `fill` it only reads.
 */
import type { HashFunction, ReceiveResult, Replica, StreamId } from '@inner-universe/core'
import { textHash } from '../hash.ts'
import { AWARE_INTERVAL_MS, DEFAULT_LIMITS } from '../limits.ts'
import type { RelayMessage, SyncLimits } from '../messages.ts'
import type { Compression, Scheduler } from '../transport.ts'
import type { Backoff } from './backoff.ts'
import {
  compareHead,
  isOtherEpoch,
  lackedBatches,
  type OpenedMessage,
  ownStreams,
  rebuildReason,
  recallStreams,
} from './opening.ts'
import { Pusher } from './pusher.ts'
import { Receiver } from './receiver.ts'
import type { ChannelMessage, RelayLink } from './relay-link.ts'
import type { RebuildWish, SessionEvents } from './session-events.ts'

/** What a session is made of. */
export interface SessionOptions {
  readonly link: RelayLink
  /** Not used before on this link. */
  readonly channel: number
  readonly universe: string
  readonly mode: 'replica' | 'fill'
  readonly replica: Replica
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly hash: HashFunction
  /** Of pushes refused again and again; outlives the session. */
  readonly backoff: Backoff
  readonly events: SessionEvents
}

/** One universe on one connection. It opens by being made. */
export class ReplicaSession {
  readonly channel: number
  readonly #options: SessionOptions
  #opened: OpenedMessage | undefined
  #receiver: Receiver | undefined
  #pusher: Pusher | undefined
  #head = 0
  #isClosed = false
  readonly #others = new Set<string>()
  #awareness: Uint8Array | undefined
  #isAwarenessResting = false
  #isAwarenessDue = false

  constructor(options: SessionOptions) {
    this.channel = options.channel
    this.#options = options
    const { link, channel, universe, mode, replica, hash } = options
    link.send({
      type: 'open',
      channel,
      universe,
      module: replica.moduleName,
      schemaVersion: replica.schemaVersion,
      schemaHash: textHash(replica.schema, hash),
      minReader: replica.minReader,
      minWriter: replica.minWriter,
      mode,
      stream: replica.stream,
      position: replica.position(),
      floorOffset: replica.lastFloor()?.offset ?? 0,
    })
  }

  /** Takes the next message of its channel. The one after it waits for the promise. */
  handle(message: ChannelMessage): void | Promise<void> {
    if (this.#isClosed) return
    switch (message.type) {
      case 'opened':
        return this.#open(message)
      case 'refused':
        this.#shut()
        return this.#options.events.onRefused(message)
      case 'data':
        this.#head = Math.max(this.#head, message.head)
        return this.#receiver?.add(message)
      case 'ack':
        return this.#pusher?.acknowledged(message)
      case 'nack':
        return this.#pusher?.refused(message)
      case 'heads':
        return this.#repair(message.heads)
      case 'aware':
        return this.#hearOf(message.sessionId, message.state)
    }
  }

  /** Own deltas were written. */
  poke(): void {
    this.#pusher?.poke()
  }

  /** What others are told of this replica; undefined: nothing any more. The newest counts. */
  setAwareness(state: Uint8Array | undefined): void {
    if (this.#awareness === undefined && state === undefined) return
    this.#awareness = state
    this.#isAwarenessDue = true
    this.#tellAwareness()
  }

  /** Ends it, here and at the relay. */
  close(): void {
    if (this.#isClosed) return
    this.#options.link.send({ type: 'close', channel: this.channel })
    this.#shut()
  }

  #shut(): void {
    this.#isClosed = true
    this.#receiver?.close()
    this.#pusher?.close()
    for (const sessionId of this.#others) this.#options.events.onAware?.(sessionId, undefined)
    this.#others.clear()
  }

  #open(opened: OpenedMessage): void {
    if (this.#opened !== undefined) return
    this.#opened = opened
    this.#head = opened.head
    const { events, mode, link, replica } = this.#options
    events.onOpened?.(opened)
    if (this.#isClosed) return
    if (opened.wantsSchema && mode === 'replica') {
      link.send({ type: 'schema', channel: this.channel, schema: replica.schema })
    }
    this.#assemble(opened, link.limits ?? DEFAULT_LIMITS)
    if (mode === 'fill') {
      // It has written nothing: a place that is not in the log is one to begin anew from.
      if (opened.isContinued) this.#start()
      else this.#rebuild({ reason: 'restored' })
    } else if (isOtherEpoch(replica, opened)) {
      link.send({ type: 'heads', channel: this.channel })
    } else {
      this.#settle(opened)
    }
  }

  #assemble(opened: OpenedMessage, limits: SyncLimits): void {
    const { replica, scheduler, compression, hash, events, mode, link, backoff } = this.#options
    const { channel } = this
    this.#receiver = new Receiver({
      replica,
      scheduler,
      compression,
      hash,
      epoch: opened.epoch,
      creditBytes: limits.creditBytes,
      onReceived: (result) => {
        this.#took(result)
        if (result.kind === 'received') this.#pusher?.confirmed(result.confirmed)
      },
      onSeen: (offset) => link.send({ type: 'seen', channel, offset }),
      onFailed: (error) => events.onFailed(error),
    })
    if (mode === 'fill') return
    this.#pusher = new Pusher({
      replica,
      scheduler,
      compression,
      hash,
      limits,
      backoff,
      send: (batch) => link.send({ type: 'push', channel, batch }),
      onAcknowledged: (result) => this.#took(result),
      onRebuild: (wish) => this.#rebuild(wish),
      onBlocked: (blocked) => events.onBlocked?.(blocked),
      onFailed: (error) => events.onFailed(error),
    })
  }

  /** The same life of the log: settles what is pending, then goes on or asks for a rebuild. */
  #settle(opened: OpenedMessage): void {
    const { replica } = this.#options
    const isFork = this.#compare(opened.streamHead)
    const reason = isFork ? 'fork' : rebuildReason(replica, opened)
    if (reason === undefined) this.#start()
    else this.#rebuild({ reason })
  }

  /** Another life of the log: gives back what it lacks, then does the same in a stream of its own. */
  #repair(relayHeads: Extract<RelayMessage, { readonly type: 'heads' }>['heads']): void {
    const opened = this.#opened
    if (opened === undefined) return
    const { replica } = this.#options
    recallStreams(replica, relayHeads)
    const own = ownStreams(replica)
    let isFork = false
    for (const stream of own) {
      const head = relayHeads.find((each) => each.stream === stream)
      if (this.#compare(head, stream)) isFork = true
    }
    this.#pusher?.offer(lackedBatches(replica, relayHeads, own), () => {
      const reason = isFork ? 'fork' : rebuildReason(replica, opened)
      if (reason === undefined) this.#moveOver(opened)
      else this.#rebuild({ reason })
    })
  }

  /** The log was shared up to here: from now on the position is one of the new epoch. */
  #moveOver({ epoch }: OpenedMessage): void {
    const { replica } = this.#options
    replica.startStream()
    const { offset, hash } = replica.position()
    this.#took(replica.receive([], { epoch, offset, hash }))
    this.#start()
  }

  /** Settles what is pending of an own stream by the relay's head; true: it was forked. */
  #compare(
    head: OpenedMessage['streamHead'],
    stream: StreamId = this.#options.replica.stream,
  ): boolean {
    const { replica } = this.#options
    const verdict = compareHead(replica, stream, head)
    switch (verdict.kind) {
      case 'fork': {
        // Of a log that was restored, nothing that was acknowledged may be taken for granted.
        const { epoch } = replica.position()
        if (verdict.isLost || epoch !== this.#opened?.epoch) replica.unacknowledge(stream, 0)
        return true
      }
      case 'ahead':
        this.#took(replica.acknowledge(stream, verdict.seq, undefined))
        return false
      case 'behind':
        replica.unacknowledge(stream, verdict.seq)
        return false
      case 'same':
        return false
    }
  }

  #start(): void {
    const { replica } = this.#options
    const opened = this.#opened
    if (opened === undefined || this.#isClosed) return
    this.#receiver?.start()
    if (opened.minWriter > replica.schemaVersion) {
      this.#pusher?.block({
        code: 'sync/update-required',
        message: `the universe takes writes of schema version ${opened.minWriter} or later; this is ${replica.schemaVersion}`,
      })
    }
    this.#pusher?.start()
    for (const { sessionId, state } of opened.aware) this.#hearOf(sessionId, state)
    this.#tellAwareness()
    this.#progress()
  }

  #took(result: ReceiveResult): void {
    if (this.#isClosed) return
    if (result.kind === 'forked') {
      this.#rebuild({ reason: 'fork' })
    } else {
      this.#options.events.onResult?.(result)
      this.#progress()
    }
  }

  #progress(): void {
    if (this.#isClosed) return
    const { offset } = this.#options.replica.position()
    this.#options.events.onProgress(offset, Math.max(offset, this.#head))
  }

  #rebuild(wish: RebuildWish): void {
    if (this.#isClosed) return
    this.close()
    this.#options.events.onRebuild(wish)
  }

  #hearOf(sessionId: string, state: Uint8Array): void {
    const isGone = state.length === 0
    if (isGone) this.#others.delete(sessionId)
    else this.#others.add(sessionId)
    // A copy: the state is a view into a frame.
    this.#options.events.onAware?.(sessionId, isGone ? undefined : state.slice())
  }

  #tellAwareness(): void {
    const { link, scheduler, mode } = this.#options
    const isOpen = this.#opened !== undefined && !this.#isClosed && mode === 'replica'
    if (!isOpen || !this.#isAwarenessDue || this.#isAwarenessResting) return
    this.#isAwarenessDue = false
    this.#isAwarenessResting = true
    const state = this.#awareness ?? new Uint8Array()
    link.send({ type: 'aware', channel: this.channel, state })
    scheduler.setTimer(AWARE_INTERVAL_MS, () => {
      this.#isAwarenessResting = false
      this.#tellAwareness()
    })
  }
}
