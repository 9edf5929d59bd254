/**
 * One connection: who is at the other end, what it opened, and that it keeps to the rules.
 *
 *     new ──hello──▶ verifying ──token good──▶ open ──bye, close, or the connection ends──▶ closed
 *      └── too late, anything else ──▶ bye ◀── token bad, expired, revoked ──┘
 */
import { assertNever, isUniverseError } from '@inner-universe/core'
import { decodeReplicaMessage, encodeRelayMessage } from '../frame-codec.ts'
import { HELLO_BYTES_MAX, TAIL_BUFFER_BYTES_MAX } from '../limits.ts'
import type { ByeCode, RelayMessage, ReplicaMessage } from '../messages.ts'
import { PROTOCOL_VERSION } from '../protocol-version.ts'
import type { Connection } from '../transport.ts'
import { openUniverse } from './opening.ts'
import { Rate } from './rate.ts'
import { type ChannelLink, RelayChannel } from './relay-channel.ts'
import { describeFailure, type RelayContext } from './relay-context.ts'
import { rightsIn, type TokenClaims } from './relay-options.ts'
import type { Rooms } from './rooms.ts'

/** How often a connection with much unsent is looked at, ms. */
const DRAIN_POLL_MS = 50

/** How long a replica stays away after a failure of the relay's own, ms. */
const FAILURE_RETRY_MS = 2000

type ChannelMessage = Exclude<
  Extract<ReplicaMessage, { channel: number }>,
  { type: 'open' } | { type: 'close' }
>

/** A channel whose answer is under way. */
interface Opening {
  readonly isOpening: true
}

/**
 * One connection. Of its channels, `ended` are those that the relay refused: what crosses that is
 * ignored.
 */
export class RelaySession implements ChannelLink {
  readonly sessionId: string
  readonly #context: RelayContext
  readonly #rooms: Rooms
  readonly #connection: Connection
  readonly #onClosed: (session: RelaySession) => void
  readonly #messageRate: Rate
  readonly #pushRate: Rate
  readonly #channels = new Map<number, RelayChannel | Opening | 'ended'>()
  readonly #timers = new Set<() => void>()
  #state: 'new' | 'verifying' | 'open' | 'closed' = 'new'
  #claims: TokenClaims | undefined
  #cancelExpiry: () => void = () => undefined
  #lastMessageMs: number
  #waiting: (() => void)[] = []

  constructor(
    context: RelayContext,
    rooms: Rooms,
    connection: Connection,
    onClosed: (session: RelaySession) => void,
  ) {
    this.#context = context
    this.#rooms = rooms
    this.#connection = connection
    this.#onClosed = onClosed
    this.sessionId = context.randomHex(8)
    const { sessionLimits, scheduler } = context
    const nowMs = scheduler.now()
    this.#lastMessageMs = nowMs
    this.#messageRate = new Rate(sessionLimits.messagesPerSecond, nowMs)
    this.#pushRate = new Rate(sessionLimits.pushBytesPerSecond, nowMs)
    this.#setTimer(sessionLimits.helloTimeoutMs, () => {
      if (this.#state !== 'open') this.bye('timeout', 'no hello in time')
    })
    this.#watchSilence()
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  get isAuthenticated(): boolean {
    return this.#state === 'open'
  }

  get identity(): string {
    return this.#claims?.identity ?? ''
  }

  /** A frame from the replica. Whatever it holds, no other connection notices. */
  receive(frame: Uint8Array): void {
    if (this.isClosed) return
    const { counters, limits, scheduler } = this.#context
    counters.bytesIn += frame.length
    this.#lastMessageMs = scheduler.now()
    const bytesMax = this.#state === 'open' ? limits.frameBytesMax : HELLO_BYTES_MAX
    if (frame.length > bytesMax) {
      this.bye('too-large', `a message of ${frame.length} bytes; ${bytesMax} are allowed`)
      return
    }
    const waitMs = this.#messageRate.take(1, this.#lastMessageMs)
    if (waitMs > 0) {
      this.bye('rate', 'more messages a second than are allowed', waitMs)
      return
    }
    let message: ReplicaMessage | undefined
    try {
      message = decodeReplicaMessage(frame, bytesMax)
    } catch (error) {
      if (!isUniverseError(error)) throw error
      this.bye('invalid', error.message)
      return
    }
    if (message !== undefined) this.#handle(message)
  }

  send(frame: Uint8Array): void {
    if (this.isClosed) return
    this.#context.counters.bytesOut += frame.length
    this.#connection.send(frame)
  }

  tell(message: RelayMessage): void {
    this.send(encodeRelayMessage(message))
  }

  bufferedBytes(): number {
    return this.#connection.bufferedBytes()
  }

  whenDrained(run: () => void): void {
    this.#waiting.push(run)
    if (this.#waiting.length === 1) this.#pollDrained()
  }

  takePushBytes(byteCount: number): number {
    return this.#pushRate.take(byteCount, this.#context.scheduler.now())
  }

  bye(code: ByeCode, message: string, retryAfterMs = 0): void {
    if (this.isClosed) return
    this.#context.emit({ kind: 'bye', sessionId: this.sessionId, code, reason: message })
    this.tell({ type: 'bye', code, message, retryAfterMs })
    this.#connection.close()
    this.closed()
  }

  /** Something of the relay's own failed: the replica tries again later. */
  fail(error: unknown): void {
    if (this.isClosed) return
    this.#context.emit({ kind: 'storage-failed', action: 'session', error })
    this.bye('internal', `the relay failed: ${describeFailure(error)}`, FAILURE_RETRY_MS)
  }

  /** Ends the session of a token that is no longer good. */
  revoke(isRevoked: (claims: TokenClaims) => boolean): void {
    if (this.#claims !== undefined && isRevoked(this.#claims)) {
      this.bye('unauthorized', 'the token was revoked')
    }
  }

  /** The connection has ended. */
  closed(): void {
    if (this.isClosed) return
    if (this.#state === 'open') this.#context.counters.sessions -= 1
    this.#state = 'closed'
    for (const channel of this.#channels.values()) {
      if (channel instanceof RelayChannel) channel.close()
    }
    this.#channels.clear()
    this.#waiting = []
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#onClosed(this)
  }

  #handle(message: ReplicaMessage): void {
    if (message.type === 'hello') {
      if (this.#state === 'new') this.#run(this.#greet(message))
      else this.bye('invalid', 'hello comes once')
      return
    }
    if (this.#state !== 'open') {
      this.bye('invalid', `${message.type} before welcome`)
      return
    }
    switch (message.type) {
      case 'renew':
        this.#run(this.#renew(message.token))
        return
      case 'ping': {
        const relayTimeMs = this.#context.scheduler.now()
        this.tell({ type: 'pong', timeMs: message.timeMs, relayTimeMs })
        return
      }
      case 'open':
        this.#run(this.#open(message))
        return
      case 'close': {
        const channel = this.#channels.get(message.channel)
        if (channel instanceof RelayChannel) channel.close()
        this.#channels.delete(message.channel)
        return
      }
      default:
        this.#handleOf(message)
    }
  }

  #handleOf(message: ChannelMessage): void {
    const channel = this.#channels.get(message.channel)
    // A refusal by the relay crosses what the replica sent before it knew.
    if (channel === 'ended') return
    if (!(channel instanceof RelayChannel)) {
      this.bye('invalid', `${message.type} on channel ${message.channel}, which is not open`)
      return
    }
    if (channel.isClosed) return
    const isOfReplica = message.type !== 'seen' && message.type !== 'heads'
    if (isOfReplica && channel.open.mode === 'fill') {
      this.bye('invalid', `${message.type} in mode fill`)
      return
    }
    switch (message.type) {
      case 'push':
        channel.push(message.batch)
        return
      case 'seen':
        channel.seen(message.offset)
        return
      case 'heads':
        this.#run(channel.heads())
        return
      case 'schema':
        this.#run(channel.schema(message.schema))
        return
      case 'aware':
        if (message.state.length > this.#context.limits.awareBytesMax) {
          this.bye('too-large', `an awareness state of ${message.state.length} bytes`)
        } else {
          channel.room.awareness.set(channel, message.state)
        }
        return
      default:
        assertNever(message)
    }
  }

  /** What nobody waits for: whatever it throws ends this connection and nothing else. */
  #run(answer: Promise<void>): void {
    answer.catch((error: unknown) => this.fail(error))
  }

  async #greet(hello: Extract<ReplicaMessage, { type: 'hello' }>): Promise<void> {
    this.#state = 'verifying'
    if (!hello.versions.includes(PROTOCOL_VERSION)) {
      this.bye('version', `the relay speaks version ${PROTOCOL_VERSION}`)
      return
    }
    const claims = await this.#verify(hello.token)
    if (claims === undefined || this.isClosed) return
    this.#state = 'open'
    const { counters, emit, scheduler, limits } = this.#context
    counters.sessions += 1
    this.#adopt(claims)
    const { sessionId, identity } = this
    emit({ kind: 'hello', sessionId, identity, agent: hello.agent })
    const { frameBytesMax, contentBytesMax, windowBatches } = limits
    const { windowBytes, creditBytes, awareBytesMax } = limits
    this.tell({
      type: 'welcome',
      version: PROTOCOL_VERSION,
      timeMs: scheduler.now(),
      sessionId,
      identity,
      limits: {
        frameBytesMax,
        contentBytesMax,
        windowBatches,
        windowBytes,
        creditBytes,
        awareBytesMax,
      },
    })
  }

  async #renew(token: string): Promise<void> {
    const claims = await this.#verify(token)
    if (claims === undefined || this.isClosed) return
    if (claims.identity !== this.identity) {
      this.bye('unauthorized', 'the fresh token is of another identity; connect anew')
      return
    }
    this.#adopt(claims)
    for (const [number, channel] of this.#channels) {
      if (!(channel instanceof RelayChannel)) continue
      const rights = rightsIn(claims, channel.room.universe)
      if (rights?.read === true) {
        channel.rights = rights
      } else {
        channel.refuse('unauthorized', 'the fresh token does not open this universe')
        this.#channels.set(number, 'ended')
      }
    }
  }

  /** The claims of a token, or undefined after a `bye`. */
  async #verify(token: string): Promise<TokenClaims | undefined> {
    try {
      const claims = await this.#context.verifyToken(token)
      if (claims.expiresMs > this.#context.scheduler.now()) return claims
      this.bye('unauthorized', 'the token has expired')
    } catch (error) {
      if (isUniverseError(error, 'sync/unauthorized')) this.bye('unauthorized', error.message)
      else this.fail(error)
    }
    return undefined
  }

  #adopt(claims: TokenClaims): void {
    this.#claims = claims
    this.#cancelExpiry()
    const leftMs = claims.expiresMs - this.#context.scheduler.now()
    this.#cancelExpiry = this.#setTimer(leftMs, () => {
      if (this.#context.scheduler.now() < claims.expiresMs) this.#adopt(claims)
      else this.bye('unauthorized', 'the token has expired')
    })
  }

  async #open(open: Extract<ReplicaMessage, { type: 'open' }>): Promise<void> {
    const { channel: number, universe } = open
    const known = this.#channels.get(number)
    const isFree = known instanceof RelayChannel ? known.isClosed : (known ?? 'ended') === 'ended'
    if (!isFree) {
      this.bye('invalid', `channel ${number} is in use`)
      return
    }
    const { sessionLimits, emit } = this.#context
    const inUse = [...this.#channels.values()].filter((channel) => channel !== 'ended').length
    if (inUse >= sessionLimits.channelsMax) {
      const message = `${sessionLimits.channelsMax} universes are open on this connection`
      this.tell({ type: 'refused', channel: number, code: 'limit', message })
      return
    }
    const opening: Opening = { isOpening: true }
    this.#channels.set(number, opening)
    const rights = this.#claims && rightsIn(this.#claims, universe)
    const outcome = await openUniverse(this.#context, this.#rooms, this, open, rights)
    if ('code' in outcome) {
      if (this.isClosed || this.#channels.get(number) !== opening) return
      this.#channels.set(number, 'ended')
      this.tell({ type: 'refused', channel: number, ...outcome })
      const { sessionId } = this
      emit({ kind: 'refused', sessionId, universe, reason: outcome.message })
      return
    }
    const { channel, message } = outcome
    // Closed by the replica, or the connection ended, while it was being opened.
    if (this.isClosed || this.#channels.get(number) !== opening) {
      channel.close()
      return
    }
    this.#channels.set(number, channel)
    this.tell(message)
    if (message.isContinued) channel.resume()
  }

  #watchSilence(): void {
    const { sessionLimits, scheduler } = this.#context
    const leftMs = this.#lastMessageMs + sessionLimits.silenceMs - scheduler.now()
    this.#setTimer(Math.max(1, leftMs), () => {
      if (scheduler.now() - this.#lastMessageMs < sessionLimits.silenceMs) this.#watchSilence()
      else this.bye('timeout', 'nothing was heard for too long')
    })
  }

  #pollDrained(): void {
    this.#setTimer(DRAIN_POLL_MS, () => {
      if (this.bufferedBytes() > TAIL_BUFFER_BYTES_MAX / 2) {
        this.#pollDrained()
        return
      }
      const waiting = this.#waiting
      this.#waiting = []
      for (const run of waiting) run()
    })
  }

  /** A timer that ends with the connection. */
  #setTimer(delayMs: number, run: () => void): () => void {
    const cancel = this.#context.scheduler.setTimer(delayMs, () => {
      this.#timers.delete(cancel)
      run()
    })
    this.#timers.add(cancel)
    return () => {
      cancel()
      this.#timers.delete(cancel)
    }
  }
}
