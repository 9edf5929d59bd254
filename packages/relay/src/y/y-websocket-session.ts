/** A client of y-websocket: one connection, one document, whose name and token came in its address. */
import type { UniverseError } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import type { ClientConnection, ClientProtocol } from './client-connection.ts'
import { type Closing, closingOf, EXPIRED, INTERNAL, isLasting, REVOKED } from './closing.ts'
import { DocumentSession, type DocumentSessionLimits } from './document-session.ts'
import { type AdmissionDesk, Membership } from './membership.ts'
import type { UniverseDocument } from './shared-document.ts'
import { decodePlain, encodePlain, type ServerMessage } from './wire.ts'

/** What the session is made of. */
export interface YWebsocketOptions {
  readonly connection: ClientConnection
  readonly desk: AdmissionDesk
  /** @throws UniverseError when the address names none. */
  readonly address: () => UniverseDocument
  readonly token: string
  readonly limits: DocumentSessionLimits
  readonly scheduler: Scheduler
  /** A fault of ours. */
  readonly onFault: (error: unknown) => void
}

interface Member {
  readonly session: DocumentSession
  readonly membership: Membership
}

/** A client of y-websocket. */
export class YWebsocketSession implements ClientProtocol {
  readonly #options: YWebsocketOptions
  readonly #opening: Promise<void>
  #member: Member | undefined
  #isClosed = false

  constructor(options: YWebsocketOptions) {
    this.#options = options
    const { socket } = options.connection
    // Nothing that it says can be of use before.
    socket.pause()
    this.#opening = this.#open()
      .then(() => socket.resume())
      .catch((error: unknown) => {
        const closing = closingOf(error)
        if (closing.code === INTERNAL) options.onFault(error)
        this.#refuse(closing)
      })
  }

  get isKnown(): boolean {
    return this.#member !== undefined
  }

  receive(bytes: Uint8Array): Promise<void> | undefined {
    const { session } = this.#member ?? {}
    if (session !== undefined) return session.receive(decodePlain(bytes))
    return this.#opening.then(() => this.#member?.session.receive(decodePlain(bytes)))
  }

  sayAlive(): void {
    this.#member?.session.sayAlive()
  }

  revoke(isRevoked: (claims: TokenClaims) => boolean): void {
    const { membership } = this.#member ?? {}
    if (membership !== undefined && isRevoked(membership.claims)) this.#refuse(REVOKED)
  }

  async closed(options: { readonly isRevoked: boolean }): Promise<void> {
    this.#isClosed = true
    await this.#opening
    this.#member?.membership.end()
    await this.#member?.session.close(options)
  }

  async #open(): Promise<void> {
    const { connection, desk, token, limits, scheduler } = this.#options
    const address = this.#options.address()
    const admission = await desk.admit(token, address)
    if (this.#isClosed) {
      admission.lease.release()
      return
    }
    const membership = new Membership({
      address,
      admission,
      scheduler,
      // The protocol has no way to ask for another token: the app connects anew with one.
      onExpiring: () => undefined,
      onExpired: () => this.#refuse(EXPIRED),
    })
    const session = new DocumentSession({
      lease: admission.lease,
      link: {
        send: (message) => this.#send(message),
        bufferedBytes: () => connection.socket.bufferedBytes(),
        settled: (_count, refusal) => this.#settled(refusal),
        end: (closing) => this.#refuse(closing),
      },
      author: membership.author,
      refusal: () => membership.refusal(),
      limits,
      scheduler,
    })
    this.#member = { session, membership }
  }

  #send(message: ServerMessage): void {
    this.#options.connection.send(encodePlain(message))
  }

  /** The client goes on reading; what it wrote is its own from now on. */
  #settled(refusal: UniverseError | undefined): void {
    if (refusal !== undefined) this.#send({ kind: 'denied', reason: refusal.message })
  }

  #refuse(closing: Closing): void {
    const isDenied = isLasting(closing)
    if (isDenied) this.#send({ kind: 'denied', reason: closing.reason })
    this.#options.connection.end(closing, { isRevoked: isDenied })
  }
}
