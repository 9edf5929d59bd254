/**
 * The connection of a Yjs client, whatever its protocol: messages one after the other, no more in memory
 * than one waits for, heard from now and again, ended once.
 */
import type { Scheduler } from '@inner-universe/sync'
import { Rate, type TokenClaims } from '@inner-universe/sync/relay-side'
import { type Closing, closingOf, INTERNAL, isLasting, TIMED_OUT } from './closing.ts'

/** A WebSocket, as this side of it sees it. */
export interface ClientSocket {
  send(bytes: Uint8Array): void
  /** Bytes sent and not yet on their way. */
  bufferedBytes(): number
  /** Asks for a sign of life, which is a `heard`. */
  ping(): void
  /** Messages that have come already may still be told. */
  pause(): void
  resume(): void
  /** Ends it, after what was sent. */
  close(closing: Closing): void
}

/** What is told of a socket. */
export interface ClientSocketEvents {
  onMessage(bytes: Uint8Array): void
  /** It is there: any frame, of whatever kind. */
  onHeard(): void
  /** True once a token was accepted: before that little is to be taken in. */
  readonly isKnown: boolean
  onClose(): void
}

/** What its protocol makes of a connection. */
export interface ClientProtocol {
  /** A promise: the next message waits for it. What is thrown ends the connection. */
  receive(bytes: Uint8Array): Promise<void> | undefined
  /** Sends something small: clients take silence for the end. */
  sayAlive(): void
  /** True once a token was accepted. */
  readonly isKnown: boolean
  /** Ends what a token that is no longer good has opened. */
  revoke(isRevoked: (claims: TokenClaims) => boolean): void
  closed(options: { readonly isRevoked: boolean }): Promise<void>
}

/** Bounds of one connection. */
export interface ClientConnectionLimits {
  /** From the opening to an accepted token, ms. */
  readonly helloTimeoutMs: number
  /** Silence after which it is ended, ms. */
  readonly silenceMs: number
  /** Above, it waits. */
  readonly messagesPerSecond: number
}

/** What a connection is made of. */
export interface ClientConnectionOptions {
  readonly socket: ClientSocket
  readonly limits: ClientConnectionLimits
  readonly scheduler: Scheduler
  readonly createProtocol: (connection: ClientConnection) => ClientProtocol
  /** A fault of ours. */
  readonly onFault: (error: unknown) => void
  /** It has ended, and what it wrote is kept. */
  readonly onEnded: () => void
}

/** A y-websocket client gives a connection up after 30 s of silence. */
const ALIVE_MS_MAX = 15_000

/** A connection of a Yjs client. */
export class ClientConnection implements ClientSocketEvents {
  readonly #options: ClientConnectionOptions
  readonly #protocol: ClientProtocol
  readonly #rate: Rate
  readonly #queue: Uint8Array[] = []
  #isHandling = false
  /** The other end is gone; what it had sent is taken in yet. */
  #isLeft = false
  #isEnded = false
  #heardMs: number
  #cancelTimer: () => void = () => undefined

  constructor(options: ClientConnectionOptions) {
    const { scheduler, limits } = options
    this.#options = options
    this.#heardMs = scheduler.now()
    this.#rate = new Rate(limits.messagesPerSecond, this.#heardMs)
    this.#protocol = options.createProtocol(this)
    const openedMs = this.#heardMs
    const beatMs = Math.min(ALIVE_MS_MAX, limits.silenceMs / 3, limits.helloTimeoutMs)
    const beat = (): void => {
      if (this.#isEnded) return
      const nowMs = scheduler.now()
      const isLate = !this.#protocol.isKnown && nowMs - openedMs >= limits.helloTimeoutMs
      if (isLate || nowMs - this.#heardMs >= limits.silenceMs) {
        this.end(TIMED_OUT)
        return
      }
      options.socket.ping()
      this.#protocol.sayAlive()
      this.#cancelTimer = scheduler.setTimer(beatMs, beat)
    }
    this.#cancelTimer = scheduler.setTimer(beatMs, beat)
  }

  get isKnown(): boolean {
    return this.#protocol.isKnown
  }

  get socket(): ClientSocket {
    return this.#options.socket
  }

  send(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#options.socket.send(bytes)
  }

  onHeard(): void {
    this.#heardMs = this.#options.scheduler.now()
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#isEnded) return
    this.onHeard()
    this.#queue.push(bytes)
    if (!this.#isHandling) void this.#handleAll()
  }

  onClose(): void {
    this.#isLeft = true
    if (!this.#isHandling) this.#finish({ isRevoked: false })
  }

  revoke(isRevoked: (claims: TokenClaims) => boolean): void {
    if (!this.#isEnded) this.#protocol.revoke(isRevoked)
  }

  /** Ends the connection by its own side. `isRevoked`: what it has sent is no longer kept. */
  end(closing: Closing, { isRevoked = false }: { readonly isRevoked?: boolean } = {}): void {
    if (this.#isEnded) return
    this.#options.socket.close(closing)
    this.#finish({ isRevoked })
  }

  /** Never rejects. */
  async #handleAll(): Promise<void> {
    this.#isHandling = true
    const { socket, scheduler, onFault } = this.#options
    try {
      for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
        const waitMs = this.#rate.take(1, scheduler.now())
        const handled = this.#protocol.receive(bytes)
        if (handled === undefined && waitMs === 0) continue
        socket.pause()
        await handled
        if (waitMs > 0) await new Promise<void>((resolve) => scheduler.setTimer(waitMs, resolve))
        if (this.#isEnded) return
        socket.resume()
      }
    } catch (error) {
      const closing = closingOf(error)
      if (closing.code === INTERNAL) onFault(error)
      this.end(closing, { isRevoked: isLasting(closing) })
    } finally {
      this.#isHandling = false
      if (this.#isLeft) this.#finish({ isRevoked: false })
    }
  }

  #finish(options: { readonly isRevoked: boolean }): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#queue.length = 0
    this.#cancelTimer()
    const { onFault, onEnded } = this.#options
    this.#protocol.closed(options).catch(onFault).finally(onEnded)
  }
}
