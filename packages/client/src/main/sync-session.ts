/**
 * The page's part of sync: what it was last told of the relay, and what it has asked or said itself.
 *
 * It outlives any worker: whichever welcomes this client is told again what this tab says of itself
 * and which confirmations it waits for. Whether sync is paused is remembered by every tab, because
 * any of them may lead next.
 */
import {
  type JsonValue,
  type KeptConflict,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import type { PageItem, Peer, SyncNews, SyncStatus } from '../rpc/contract.ts'
import { equalValue } from '../rpc/equal-value.ts'
import { decodeUniverseError, encodeError } from '../rpc/error-transfer.ts'
import { PRESENCE_BYTES_MAX } from '../rpc/limits.ts'
import { callSafely } from './call-safely.ts'
import type { Presence, SyncOptions } from './universe.ts'

type Listener<Value> = (value: Value) => void

interface Confirmation {
  readonly delta: StreamSeq
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const OFF: SyncStatus = { kind: 'off', unsyncedCount: 0, lastContactMs: undefined }

/** One client's view of sync. */
export class SyncSession {
  readonly presence: Presence
  /** Told of what others' documents say, one value per tab. */
  onDocuments: ((documents: readonly JsonValue[]) => void) | undefined
  readonly #send: (item: PageItem) => boolean
  readonly #options: SyncOptions | undefined
  readonly #statusListeners = new Set<Listener<SyncStatus>>()
  readonly #peerListeners = new Set<Listener<readonly Peer[]>>()
  readonly #conflictListeners = new Set<Listener<readonly KeptConflict[]>>()
  readonly #confirmations = new Map<number, Confirmation>()
  #lastConfirmationId = 0
  #status: SyncStatus
  #peers: readonly Peer[] = []
  #said: Extract<PageItem, { kind: 'presence' }> | undefined
  #isPaused: boolean
  /** What the app asked for while there was no worker to tell. */
  #pauseToSend: boolean | undefined
  #isOnline: boolean | undefined
  #end: UniverseError | undefined

  constructor(send: (item: PageItem) => boolean, options: SyncOptions | undefined) {
    this.#send = send
    this.#options = options
    this.#isPaused = options?.paused ?? false
    this.#status =
      options === undefined
        ? OFF
        : {
            kind: this.#isPaused ? 'paused' : 'connecting',
            unsyncedCount: 0,
            lastContactMs: undefined,
          }
    const session = this
    this.presence = {
      get others() {
        return session.#peers
      },
      set: (state) => {
        this.#assertConfigured()
        this.#said = { kind: 'presence', state: presenceOf(state) }
        send(this.#said)
      },
      onChange: (listener) => listen(this.#peerListeners, listener),
    }
  }

  get status(): SyncStatus {
    return this.#status
  }

  /** Whether a worker that is opened now begins paused. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether this page can be asked for a token. */
  get hasToken(): boolean {
    return this.#options !== undefined
  }

  onStatus(listener: Listener<SyncStatus>): () => void {
    return listen(this.#statusListeners, listener)
  }

  onConflicts(listener: Listener<readonly KeptConflict[]>): () => void {
    return listen(this.#conflictListeners, listener)
  }

  /** Pauses or goes on, in all tabs. @throws UniverseError `sync/not-configured`. */
  setPaused(isPaused: boolean): void {
    this.#assertConfigured()
    this.#isPaused = isPaused
    this.#pauseToSend = this.#send({ kind: 'pause', isPaused }) ? undefined : isPaused
  }

  /** The browser has noticed that the network went or came. */
  setOnline(isOnline: boolean): void {
    if (this.#options === undefined) return
    this.#isOnline = isOnline
    this.#send({ kind: 'network', isOnline })
  }

  /** Resolves when the delta is in the relay's log; undefined: there is nothing to wait for. */
  async confirm(delta: StreamSeq | undefined): Promise<void> {
    this.#assertConfigured()
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
    if (this.#options === undefined) return []
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
  receive(news: SyncNews): void {
    switch (news.kind) {
      case 'sync-status':
        this.#receiveStatus(news.status)
        return
      case 'peers':
        this.onDocuments?.(news.documents)
        if (equalValue(news.peers, this.#peers)) return
        this.#peers = news.peers
        tell(this.#peerListeners, this.#peers)
        return
      case 'conflicts':
        tell(this.#conflictListeners, news.conflicts)
        return
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

  #assertConfigured(): void {
    if (this.#options === undefined) throw syncNotConfigured()
  }

  #receiveStatus(status: SyncStatus): void {
    this.#isPaused = status.kind === 'paused'
    if (equalValue(status, this.#status)) return
    this.#status = status
    tell(this.#statusListeners, status)
  }

  #takeConfirmation(id: number): Confirmation | undefined {
    const confirmation = this.#confirmations.get(id)
    this.#confirmations.delete(id)
    return confirmation
  }

  async #giveToken(id: number): Promise<void> {
    try {
      const given = this.#options?.token
      const token = typeof given === 'function' ? await given() : given
      if (typeof token !== 'string') throw syncNotConfigured()
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

function syncNotConfigured(): UniverseError {
  return new UniverseError(
    'sync/not-configured',
    'the universe was opened without sync; give openUniverse the address of a relay',
  )
}

function listen<Value>(listeners: Set<Listener<Value>>, listener: Listener<Value>): () => void {
  const own: Listener<Value> = (value) => listener(value)
  listeners.add(own)
  return () => listeners.delete(own)
}

function tell<Value>(listeners: ReadonlySet<Listener<Value>>, value: Value): void {
  for (const listener of [...listeners]) callSafely(() => listener(value))
}
