/**
 * The page's part of sync: what it was last told of the relay. It outlives any worker. What it says itself
 * is code of its own (`sync-voice.ts`), loaded where a universe is opened with `sync`.
 *
 * Whether sync is paused is remembered by every tab, because any of them may lead next.
 */
import {
  type JsonValue,
  type KeptConflict,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import type { PageItem, Peer, SyncNews, SyncStatus } from '../rpc/contract.ts'
import { equalValue } from '../rpc/equal-value.ts'
import { callSafely } from './call-safely.ts'
import type { SyncVoice, VoiceNews } from './sync-voice.ts'
import type { Presence, SyncOptions } from './universe.ts'

type Listener<Value> = (value: Value) => void

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
  #status: SyncStatus
  #peers: readonly Peer[] = []
  #isPaused: boolean
  #voice: SyncVoice | undefined
  /** What came for the voice before it was there. */
  #early: VoiceNews[] = []

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
      set: (state) => this.#speaking().sayPresence(state),
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

  /** Gives it its voice. A universe that syncs is not handed out before. */
  speakWith(Voice: typeof SyncVoice): void {
    if (this.#options === undefined) return
    this.#voice = new Voice(this.#send, this.#options)
    for (const news of this.#early.splice(0)) this.#voice.receive(news)
  }

  /** Pauses or goes on, in all tabs. @throws UniverseError `sync/not-configured`. */
  setPaused(isPaused: boolean): void {
    this.#speaking().setPaused(isPaused)
    this.#isPaused = isPaused
  }

  /** The browser has noticed that the network went or came. */
  setOnline(isOnline: boolean): void {
    this.#voice?.setOnline(isOnline)
  }

  /** Resolves when the delta is in the relay's log; undefined: there is nothing to wait for. */
  async confirm(delta: StreamSeq | undefined): Promise<void> {
    await this.#speaking().confirm(delta)
  }

  /** What a new worker is told. */
  itemsToSend(): PageItem[] {
    return this.#voice?.itemsToSend() ?? []
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
      default:
        if (this.#voice === undefined) this.#early.push(news)
        else this.#voice.receive(news)
    }
  }

  /** Ends everything that waits. */
  fail(error: UniverseError): void {
    this.#voice?.fail(error)
  }

  #speaking(): SyncVoice {
    if (this.#voice !== undefined) return this.#voice
    throw new UniverseError(
      'sync/not-configured',
      'the universe was opened without sync; give openUniverse the address of a relay',
    )
  }

  #receiveStatus(status: SyncStatus): void {
    this.#isPaused = status.kind === 'paused'
    if (equalValue(status, this.#status)) return
    this.#status = status
    tell(this.#statusListeners, status)
  }
}

function listen<Value>(listeners: Set<Listener<Value>>, listener: Listener<Value>): () => void {
  const own: Listener<Value> = (value) => listener(value)
  listeners.add(own)
  return () => listeners.delete(own)
}

function tell<Value>(listeners: ReadonlySet<Listener<Value>>, value: Value): void {
  for (const listener of [...listeners]) callSafely(() => listener(value))
}
