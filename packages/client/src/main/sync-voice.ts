/**
 * What a page says of itself where a universe syncs: presence, pauses, the network, tokens, and which
 * confirmations it waits for. Whichever worker welcomes this client is told again.
 */
import { type JsonValue, type StreamSeq, UniverseError } from '@inner-universe/core'
import type { PageItem, SyncNews } from '../rpc/contract.ts'
import { decodeUniverseError, encodeError } from '../rpc/error-transfer.ts'
import { PRESENCE_BYTES_MAX } from '../rpc/piece-limits.ts'
import type { SyncOptions } from './universe.ts'

export { relayAddress } from './relay-address.ts'

/** What is told to it. */
export type VoiceNews = Extract<
  SyncNews,
  { readonly kind: 'confirmed' | 'unconfirmed' | 'token-wanted' }
>

interface Confirmation {
  readonly delta: StreamSeq
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One client's part of the talk. */
export class SyncVoice {
  readonly #send: (item: PageItem) => boolean
  readonly #options: SyncOptions
  readonly #confirmations = new Map<number, Confirmation>()
  #lastConfirmationId = 0
  #said: Extract<PageItem, { kind: 'presence' }> | undefined
  /** What the app asked for while there was no worker to tell. */
  #pauseToSend: boolean | undefined
  #isOnline: boolean | undefined
  #end: UniverseError | undefined

  constructor(send: (item: PageItem) => boolean, options: SyncOptions) {
    this.#send = send
    this.#options = options
  }

  /** @throws UniverseError `call/too-large`. */
  sayPresence(state: JsonValue | undefined): void {
    this.#said = { kind: 'presence', state: presenceOf(state) }
    this.#send(this.#said)
  }

  setPaused(isPaused: boolean): void {
    this.#pauseToSend = this.#send({ kind: 'pause', isPaused }) ? undefined : isPaused
  }

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline
    this.#send({ kind: 'network', isOnline })
  }

  /** Resolves when the delta is in the relay's log; undefined: there is nothing to wait for. */
  async confirm(delta: StreamSeq | undefined): Promise<void> {
    if (delta === undefined) return
    if (this.#end !== undefined) throw this.#end
    await new Promise<void>((resolve, reject) => {
      const id = ++this.#lastConfirmationId
      this.#confirmations.set(id, { delta, resolve, reject })
      this.#send({ kind: 'confirm', id, delta })
    })
  }

  /** What a new worker is told. */
  itemsToSend(): PageItem[] {
    const isPaused = this.#pauseToSend
    this.#pauseToSend = undefined
    return [
      ...(isPaused === undefined ? [] : [{ kind: 'pause', isPaused } as const]),
      ...(this.#isOnline === undefined
        ? []
        : [{ kind: 'network', isOnline: this.#isOnline } as const]),
      ...(this.#said === undefined ? [] : [this.#said]),
      ...[...this.#confirmations].map(
        ([id, { delta }]) => ({ kind: 'confirm', id, delta }) as const,
      ),
    ]
  }

  /** Takes what the worker tells. */
  receive(news: VoiceNews): void {
    switch (news.kind) {
      case 'confirmed':
        this.#takeConfirmation(news.id)?.resolve()
        return
      case 'unconfirmed':
        this.#takeConfirmation(news.id)?.reject(decodeUniverseError(news.error, 'sync/dropped'))
        return
      case 'token-wanted':
        void this.#giveToken(news.id)
        return
    }
  }

  /** Ends everything that waits. */
  fail(error: UniverseError): void {
    this.#end = error
    for (const id of [...this.#confirmations.keys()]) this.#takeConfirmation(id)?.reject(error)
  }

  #takeConfirmation(id: number): Confirmation | undefined {
    const confirmation = this.#confirmations.get(id)
    this.#confirmations.delete(id)
    return confirmation
  }

  async #giveToken(id: number): Promise<void> {
    try {
      const given = this.#options.token
      const token = typeof given === 'function' ? await given() : given
      if (typeof token !== 'string') {
        throw new UniverseError('sync/not-configured', 'the app gave no token; give a text')
      }
      this.#send({ kind: 'token', id, token })
    } catch (error) {
      this.#send({ kind: 'token-failed', id, error: encodeError(error) })
    }
  }
}

/** The state as it is now, as JSON has it. */
function presenceOf(state: JsonValue | undefined): JsonValue | undefined {
  if (state === undefined) return undefined
  const text = JSON.stringify(state)
  const byteCount = new TextEncoder().encode(text).length
  if (byteCount > PRESENCE_BYTES_MAX) {
    throw new UniverseError(
      'call/too-large',
      `a presence of ${byteCount} bytes; ${PRESENCE_BYTES_MAX} are allowed: say less`,
      { details: { byteCount, byteCountMax: PRESENCE_BYTES_MAX } },
    )
  }
  return JSON.parse(text) as JsonValue
}
