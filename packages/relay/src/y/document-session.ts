/**
 * One Yjs client in one document, whatever its protocol: what it lacks is sent, what it writes is kept,
 * and only then told to the others.
 *
 *     waiting updates ──merged──▶ append ──kept──▶ settled; the next ones, a moment after the last began
 *
 * What is sent is bounded: a client that does not read is ended. It comes back, says what it has, and is
 * sent the rest in one piece.
 */
import { UniverseError } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import { type Closing, closingOf, TOO_SLOW } from './closing.ts'
import type { DocumentAuthor, DocumentLease, SharedDocument } from './shared-document.ts'
import { checkUpdate, mergeUpdates } from './update-check.ts'
import type { ClientMessage, ServerMessage } from './wire.ts'

/** Waiting updates are merged up to about so many bytes: more would be one row too large. */
const MERGED_BYTES_MAX: number = 256 * 1024

/** An update of nothing: no structs, no deletions. */
const EMPTY_UPDATE_BYTES = 2

/** What a session asks of its connection. */
export interface DocumentLink {
  send(message: ServerMessage): void
  /** Bytes sent and not yet on their way. */
  bufferedBytes(): number
  /** So many updates of the client are kept; or refused, with why. */
  settled(count: number, refusal: UniverseError | undefined): void
  /** The session cannot go on. Its connection closes it. */
  end(closing: Closing): void
}

/** Bounds of one session. */
export interface DocumentSessionLimits {
  /** Bytes of one update. */
  readonly updateBytesMax: number
  /** Bytes taken in and not kept yet; above, the client waits. */
  readonly waitingBytesMax: number
  /** Bytes sent and not read, besides the last answer to a state vector; above, the session ends. */
  readonly bufferedBytesMax: number
  /** Shortest time between the beginnings of two appends, ms: what comes meanwhile is one. */
  readonly gatherMs: number
}

/** What a session is made of. */
export interface DocumentSessionOptions {
  readonly lease: DocumentLease
  readonly link: DocumentLink
  readonly author: DocumentAuthor
  /** Undefined: it may write; else why it may not. Asked of every update. */
  readonly refusal: () => UniverseError | undefined
  readonly limits: DocumentSessionLimits
  readonly scheduler: Scheduler
}

/** A client in a document. */
export class DocumentSession {
  readonly #options: DocumentSessionOptions
  readonly #document: SharedDocument
  readonly #stops: (() => void)[]
  #waiting: Uint8Array[] = []
  /** The appends under way; settled when there are none. */
  #appending: Promise<void> | undefined
  #isClosed = false
  /** Of the last answer to a state vector: may be the whole document. */
  #answerBytes = 0
  #endPause: () => void = () => undefined

  constructor(options: DocumentSessionOptions) {
    this.#options = options
    this.#document = options.lease.document
    this.#stops = [
      this.#document.onUpdate((update, author) => this.#tell(update, author)),
      this.#document.awareness.onChange((states) => this.#tellAwareness(states)),
      this.#document.onEnd((closing) => options.link.end(closing)),
    ]
    this.sayAlive()
  }

  /**
   * Takes a message. A promise: nothing more is to be taken until it resolves.
   *
   * @throws UniverseError `sync/protocol`, `document/…`, `call/too-large`: the session cannot go on.
   */
  receive(message: ClientMessage): Promise<void> | undefined {
    switch (message.kind) {
      case 'state':
        this.#answer(message.stateVector)
        // Whoever says what it has is asked for what is not here, and answers: all is settled then.
        if (!message.isAnswer) {
          this.#options.link.send({ kind: 'state', stateVector: this.#document.stateVector() })
        }
        return undefined
      case 'update':
        return this.#take(message.update, message.isAnswer)
      case 'awareness':
        this.#document.awareness.apply(this, message.states)
        return undefined
      case 'awareness-wanted':
        this.sayAlive()
        return undefined
      default:
        return undefined
    }
  }

  /** Who is there: news for who comes, and a sign of life for who hears nothing else. */
  sayAlive(): void {
    if (this.#isTooSlow()) return
    this.#options.link.send({ kind: 'awareness', states: this.#document.awareness.encode() })
  }

  /**
   * The client is gone. What it sent before is kept all the same, unless it lost its rights; resolves
   * when that is done.
   */
  async close(options: { readonly isRevoked: boolean }): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#document.awareness.leave(this)
    if (options.isRevoked) this.#waiting = []
    this.#endPause()
    while (this.#appending !== undefined) await this.#appending
    this.#options.lease.release()
  }

  #answer(stateVector: Uint8Array): void {
    // Asking again without reading: each answer may be the whole document.
    if (this.#isTooSlow()) return
    const update = this.#document.missing(stateVector)
    this.#answerBytes = update.length
    this.#options.link.send({ kind: 'update', update, isAnswer: true })
  }

  #take(update: Uint8Array, isAnswer: boolean): Promise<void> | undefined {
    const { link, limits } = this.#options
    if (update.length > limits.updateBytesMax) {
      throw new UniverseError(
        'document/too-large',
        `an update of ${update.length} bytes; ${limits.updateBytesMax} are allowed`,
      )
    }
    checkUpdate(update)
    // An answer tells of everything that was ever deleted: mostly nothing of it is new.
    const refusal = this.#options.refusal()
    const mayBeKept = isAnswer || update.length <= EMPTY_UPDATE_BYTES
    if (mayBeKept && this.#document.contains(update)) {
      link.settled(1, undefined)
      return undefined
    }
    if (refusal !== undefined) {
      link.settled(1, refusal)
      return undefined
    }
    // A view into a frame would keep all of it.
    this.#waiting.push(update.slice())
    this.#flush()
    const waitingBytes = this.#waiting.reduce((total, { length }) => total + length, 0)
    return waitingBytes > limits.waitingBytesMax ? this.#appending : undefined
  }

  /** Appends what waits, until nothing does. */
  #flush(): void {
    if (this.#waiting.length === 0) return
    this.#appending ??= this.#appendAll().finally(() => {
      this.#appending = undefined
      // What came after the last look.
      this.#flush()
    })
  }

  async #appendAll(): Promise<void> {
    const { author, link, scheduler, limits } = this.#options
    while (this.#waiting.length > 0) {
      const startMs = scheduler.now()
      const updates = this.#takeWaiting()
      try {
        await this.#document.append(mergeUpdates(updates), author)
      } catch (error) {
        this.#waiting = []
        link.end(closingOf(error))
        return
      }
      link.settled(updates.length, undefined)
      await this.#pause(startMs + limits.gatherMs - scheduler.now())
    }
  }

  #takeWaiting(): readonly Uint8Array[] {
    let byteCount = 0
    const count = this.#waiting.findIndex(({ length }, index) => {
      byteCount += length
      return index > 0 && byteCount > MERGED_BYTES_MAX
    })
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : count)
  }

  /** Not of a session that is closed. */
  #pause(delayMs: number): Promise<void> | undefined {
    if (this.#isClosed || delayMs <= 0) return undefined
    return new Promise((resolve) => {
      const cancel = this.#options.scheduler.setTimer(delayMs, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  #tell(update: Uint8Array, author: DocumentAuthor | undefined): void {
    if (author === this.#options.author || this.#isTooSlow()) return
    this.#options.link.send({ kind: 'update', update, isAnswer: false })
  }

  #tellAwareness(states: Uint8Array): void {
    if (!this.#isTooSlow()) this.#options.link.send({ kind: 'awareness', states })
  }

  #isTooSlow(): boolean {
    const { link, limits } = this.#options
    if (link.bufferedBytes() <= limits.bufferedBytesMax + this.#answerBytes) return false
    link.end(TOO_SLOW)
    return true
  }
}
