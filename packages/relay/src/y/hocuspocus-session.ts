/**
 * A client of @hocuspocus/provider: one connection, any number of documents, each opened by a token.
 *
 *     name unknown ──token──▶ admitted: accepted, then messages ──close, refusal──▶ unknown
 *
 * A name may carry a session id behind a zero byte; answers go to the name as it was sent.
 */
import { UniverseError } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import type { ClientConnection, ClientProtocol } from './client-connection.ts'
import { type Closing, closingOf, EXPIRED, INTERNAL, isLasting, REVOKED } from './closing.ts'
import { parseDocumentName } from './document-address.ts'
import { DocumentSession, type DocumentSessionLimits } from './document-session.ts'
import { type Admission, type AdmissionDesk, Membership } from './membership.ts'
import type { UniverseDocument } from './shared-document.ts'
import { decodeNamed, encodeNamed, type ServerMessage } from './wire.ts'

/** What the session is made of. */
export interface HocuspocusOptions {
  readonly connection: ClientConnection
  readonly desk: AdmissionDesk
  readonly limits: DocumentSessionLimits
  /** Documents open at once on one connection. */
  readonly documentsMax: number
  readonly scheduler: Scheduler
  /** A fault of ours. */
  readonly onFault: (error: unknown) => void
}

interface Member {
  readonly address: UniverseDocument
  readonly session: DocumentSession
  readonly membership: Membership
}

/** A client of hocuspocus. */
export class HocuspocusSession implements ClientProtocol {
  readonly #options: HocuspocusOptions
  readonly #members = new Map<string, Member>()
  /** Sessions that have ended and keep what their clients wrote. */
  readonly #ending = new Set<Promise<void>>()
  #isKnown = false
  #isClosed = false

  constructor(options: HocuspocusOptions) {
    this.#options = options
  }

  get isKnown(): boolean {
    return this.#isKnown
  }

  receive(bytes: Uint8Array): Promise<void> | undefined {
    const named = decodeNamed(bytes)
    if (named === undefined) return undefined
    const { name, message } = named
    if (message.kind === 'token') return this.#admit(name, message.token)
    const member = this.#members.get(name)
    // Sent before the client knew that it was refused.
    if (member === undefined) return undefined
    if (message.kind === 'close') {
      this.#end(name, { isRevoked: false })
      return undefined
    }
    return member.session.receive(message)
  }

  sayAlive(): void {
    for (const { session } of this.#members.values()) session.sayAlive()
  }

  revoke(isRevoked: (claims: TokenClaims) => boolean): void {
    for (const [name, { membership }] of [...this.#members]) {
      if (isRevoked(membership.claims)) this.#stop(name, REVOKED)
    }
  }

  async closed(options: { readonly isRevoked: boolean }): Promise<void> {
    this.#isClosed = true
    for (const name of [...this.#members.keys()]) this.#end(name, options)
    await Promise.all(this.#ending)
  }

  async #admit(name: string, token: string): Promise<void> {
    const { desk, documentsMax, onFault } = this.#options
    const member = this.#members.get(name)
    try {
      if (member !== undefined) {
        member.membership.renew(await desk.renew(token, member.address))
        this.#accept(name, member.membership)
        return
      }
      if (this.#members.size >= documentsMax) {
        throw new UniverseError('sync/refused', `${documentsMax} documents are open here already`)
      }
      const [documentName = ''] = name.split('\0')
      const address = parseDocumentName(documentName)
      const admission = await desk.admit(token, address)
      if (this.#isClosed) admission.lease.release()
      else this.#open(name, address, admission)
    } catch (error) {
      const closing = closingOf(error)
      if (closing.code === INTERNAL) onFault(error)
      this.#stop(name, closing)
    }
  }

  #open(name: string, address: UniverseDocument, admission: Admission): void {
    const { connection, limits, scheduler } = this.#options
    const membership = new Membership({
      address,
      admission,
      scheduler,
      onExpiring: () => this.#send(name, { kind: 'token-wanted' }),
      onExpired: () => this.#stop(name, EXPIRED),
    })
    // Order matters: the client hears that it is accepted before it hears anything else.
    this.#isKnown = true
    this.#accept(name, membership)
    const session = new DocumentSession({
      lease: admission.lease,
      link: {
        send: (message) => this.#send(name, message),
        bufferedBytes: () => connection.socket.bufferedBytes(),
        settled: (count, refusal) => {
          for (let left = count; left > 0; left--) {
            this.#send(name, { kind: 'settled', isKept: refusal === undefined })
          }
        },
        end: (closing) => this.#stop(name, closing),
      },
      author: membership.author,
      refusal: () => membership.refusal(),
      limits,
      scheduler,
    })
    this.#members.set(name, { address, session, membership })
  }

  #accept(name: string, membership: Membership): void {
    this.#send(name, { kind: 'accepted', mayWrite: membership.refusal() === undefined })
  }

  /**
   * Ends a document for a reason that stays, and leaves the others alone. Any other reason ends the
   * connection: a client comes back with that, not with a document.
   */
  #stop(name: string, closing: Closing): void {
    if (!isLasting(closing)) {
      this.#options.connection.end(closing)
      return
    }
    this.#send(name, { kind: 'refused', reason: closing.reason })
    if (this.#members.has(name)) this.#send(name, { kind: 'close', reason: closing.reason })
    this.#end(name, { isRevoked: true })
  }

  #end(name: string, options: { readonly isRevoked: boolean }): void {
    const member = this.#members.get(name)
    if (member === undefined) return
    this.#members.delete(name)
    member.membership.end()
    const ending = member.session.close(options).finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  #send(name: string, message: ServerMessage): void {
    this.#options.connection.send(encodeNamed(name, message))
  }
}
