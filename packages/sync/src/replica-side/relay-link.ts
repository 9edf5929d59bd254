/**
 * One connection to the relay, from `hello` to its end: greeting, keep-alive, clock, and the channel
 * messages one after the other.
 *
 * Everything that arrives is handled strictly in order, also while inflating takes its time: a
 * `bye` or the end of the connection is told after the messages before it.
 */
import { decodeRelayMessage, encodeReplicaMessage } from '../frame-codec.ts'
import { HELLO_TIMEOUT_MS, PING_MS, REPLICA_SILENCE_MS } from '../limits.ts'
import type { ByeCode, RelayMessage, ReplicaMessage, SyncLimits } from '../messages.ts'
import { PROTOCOL_VERSION } from '../protocol-version.ts'
import type { Connect, Connection, Scheduler } from '../transport.ts'
import { Alarm } from './alarm.ts'
import type { ClockOffset } from './clock-offset.ts'

/** A message of an open universe. */
export type ChannelMessage = Extract<RelayMessage, { readonly channel: number }>

/** How a connection ended. */
export type LinkEnd =
  | {
      readonly kind: 'bye'
      readonly code: ByeCode
      readonly message: string
      readonly retryAfterMs: number
    }
  | { readonly kind: 'closed' }
  /** Handling a message failed: it was not one, or the store refused it. */
  | { readonly kind: 'failed'; readonly error: unknown }

/** What a link is made of. */
export interface LinkOptions {
  readonly connect: Connect
  readonly scheduler: Scheduler
  readonly clock: ClockOffset
  readonly agent: string
  readonly token: string
  readonly onWelcome: () => void
  /** The next message waits for the promise. A failure ends the link. */
  readonly onMessage: (message: ChannelMessage) => void | Promise<void>
  /** Called once, last; not after {@link RelayLink.close}. */
  readonly onEnd: (end: LinkEnd) => void
  readonly onClock: () => void
}

/** Pings after `welcome` at once: with it, three samples of the clock. */
const CLOCK_PINGS = 2

/** One connection to the relay. It connects by being made. */
export class RelayLink {
  readonly #options: LinkOptions
  readonly #connection: Connection
  readonly #queue: (RelayMessage | LinkEnd)[] = []
  #isDraining = false
  #isOver = false
  #helloMs = 0
  #limits: SyncLimits | undefined
  #lastHeardMs: number | undefined
  readonly #silence: Alarm
  readonly #idle: Alarm

  constructor(options: LinkOptions) {
    this.#options = options
    this.#silence = new Alarm(options.scheduler)
    this.#idle = new Alarm(options.scheduler)
    this.#silence.set(HELLO_TIMEOUT_MS, () => this.#giveUp())
    this.#connection = options.connect({
      onOpen: () => this.#greet(),
      onMessage: (bytes) => this.#hear(bytes),
      onClose: () => this.#enqueue({ kind: 'closed' }),
    })
  }

  /** The relay's limits; undefined before `welcome`. */
  get limits(): SyncLimits | undefined {
    return this.#limits
  }

  /** Wall time of the last message, ms since 1970. */
  get lastHeardMs(): number | undefined {
    return this.#lastHeardMs
  }

  /** Sends a message. After the end: nothing. */
  send(message: ReplicaMessage): void {
    if (this.#isOver) return
    this.#connection.send(encodeReplicaMessage(message))
    this.#idle.set(PING_MS, () => this.ping())
  }

  /** Asks for a sign of life, and the time. */
  ping(): void {
    this.send({ type: 'ping', timeMs: this.#options.scheduler.now() })
  }

  /** Ends it without a word. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#queue.length = 0
    this.#silence.cancel()
    this.#idle.cancel()
    this.#connection.close()
  }

  /** Ends it because of an error. */
  fail(error: unknown): void {
    this.#end({ kind: 'failed', error })
  }

  #greet(): void {
    if (this.#isOver) return
    const { scheduler, token, agent } = this.#options
    this.#helloMs = scheduler.now()
    const hello = { type: 'hello', versions: [PROTOCOL_VERSION], token, agent } as const
    try {
      this.send({ ...hello, timeMs: this.#helloMs })
    } catch (error) {
      this.fail(error)
    }
  }

  #hear(bytes: Uint8Array): void {
    if (this.#isOver) return
    const { scheduler } = this.#options
    this.#lastHeardMs = scheduler.now()
    if (this.#limits !== undefined) this.#expectSound()
    try {
      const message = decodeRelayMessage(bytes)
      if (message === undefined) return
      // Clocks are compared when an answer arrives, not when its turn has come.
      if (message.type === 'pong') this.#sample(message.timeMs, message.relayTimeMs)
      else this.#enqueue(message)
    } catch (error) {
      this.#enqueue({ kind: 'failed', error })
    }
  }

  #enqueue(item: RelayMessage | LinkEnd): void {
    if (this.#isOver) return
    this.#queue.push(item)
    if (!this.#isDraining) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    try {
      for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
        const handled = 'type' in item ? this.#handle(item) : this.#end(item)
        if (handled !== undefined) await handled
      }
    } catch (error) {
      this.fail(error)
    } finally {
      this.#isDraining = false
    }
  }

  #handle(message: RelayMessage): void | Promise<void> {
    if (this.#isOver) return
    switch (message.type) {
      case 'welcome':
        if (this.#limits !== undefined) break
        this.#limits = message.limits
        this.#sample(this.#helloMs, message.timeMs)
        this.#expectSound()
        for (let count = CLOCK_PINGS; count > 0; count--) this.ping()
        return this.#options.onWelcome()
      case 'pong':
        return
      case 'bye': {
        const { code, message: text, retryAfterMs } = message
        return this.#end({ kind: 'bye', code, message: text, retryAfterMs })
      }
      default:
        if (this.#limits !== undefined) return this.#options.onMessage(message)
    }
    // Out of turn.
    this.#end({ kind: 'closed' })
  }

  #sample(sentMs: number, relayMs: number): void {
    const receivedMs = this.#options.scheduler.now()
    this.#options.clock.sample({ sentMs, receivedMs, relayMs })
    this.#options.onClock()
  }

  #expectSound(): void {
    this.#silence.set(REPLICA_SILENCE_MS, () => this.#giveUp())
  }

  #giveUp(): void {
    this.#end({ kind: 'closed' })
  }

  #end(end: LinkEnd): void {
    if (this.#isOver) return
    this.close()
    this.#options.onEnd(end)
  }
}
