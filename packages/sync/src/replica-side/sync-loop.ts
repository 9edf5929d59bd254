/**
 * Keeps the replica of one universe in step with a relay: connects and connects again, opens a
 * session, and rebuilds the replica when that is what it takes.
 *
 *     offline ─▶ connecting ─▶ session (catching up, live) ─▶ rebuild ─▶ session …
 *        ▲            └───────────────┴───────── end of connection, wait ┘
 *
 * Own deltas are never lost here: they leave the replica's outbox only by the relay's word, or by a
 * rebuild that says what became of each.
 */
import { type HashFunction, hashOf, UniverseError } from '@inner-universe/core'
import { AWARE_BYTES_MAX } from '../limits.ts'
import { planOf } from './adoption.ts'
import { type Aftermath, afterEnd, afterError, afterRefusal } from './aftermath.ts'
import { Alarm } from './alarm.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import { createClockOffset } from './clock-offset.ts'
import { isOtherEpoch, type OpenedMessage } from './opening.ts'
import { Rebuild } from './rebuild.ts'
import { type ChannelMessage, RelayLink } from './relay-link.ts'
import type { AdoptionPlan, RebuildReason, TakeOverResult } from './replica-home.ts'
import { ReplicaSession } from './replica-session.ts'
import type { BlockedCode, RebuildWish } from './session-events.ts'
import type { ReplicaSyncOptions } from './sync-options.ts'
import { isSameStatus, type SyncState, type SyncStatus } from './sync-status.ts'
import { TokenRenewal } from './token-renewal.ts'

/** How long a session must last for the next failure to be a first one, ms. */
const LIVE_MS = 60_000

/** Within this time one rebuild for each reason, and no more than a few, begin at once, ms. */
const REBUILD_APART_MS = 60_000

/** Rebuilds for different reasons within that time, before the next waits. */
const REBUILDS_MAX = 3

/** Before trying again what needs a person or a new version, ms. */
const SLOW_RETRY_MS = 300_000

/** Keeps one replica in step. */
export class ReplicaSync {
  readonly #options: ReplicaSyncOptions
  readonly #hash: HashFunction
  readonly #clock = createClockOffset()
  readonly #retryBackoff: Backoff
  readonly #rebuildBackoff: Backoff
  readonly #pushBackoff: Backoff
  #isStarted = false
  #isPaused = false
  #isOnline = true
  /** Raised whenever what is under way is not wanted any more. */
  #attempt = 0
  #isConnecting = false
  #link: RelayLink | undefined
  #session: ReplicaSession | undefined
  #nextChannel = 1
  #opened: OpenedMessage | undefined
  #wish: RebuildWish | undefined
  /** Of a wish that had waited for this session, which may wish for the same again. */
  #waitedFor: RebuildReason | undefined
  #rebuild: Rebuild | undefined
  /** The run of the rebuild; settled before another run or session begins. */
  #running: Promise<void> = Promise.resolve()
  #rebuilds: { readonly reason: RebuildReason; readonly atMs: number }[] = []
  #tokenRefusals = 0
  #awareness: Uint8Array | undefined
  readonly #retryDue: Alarm
  readonly #renewal: TokenRenewal
  /** Goes off when a session has been live for longer than the wait that would follow it. */
  readonly #lasted: Alarm
  readonly #settled: Alarm
  /** Told instead of `offline` and `connecting` until a session is open. */
  #trouble: SyncState | undefined
  /** Told instead of `live`: the session reads and does not push. */
  #blocked: BlockedCode | undefined
  #progress: Extract<SyncState, { kind: 'catching-up' | 'live' }> | undefined
  #lastContactMs: number | undefined
  #status: SyncStatus

  constructor(options: ReplicaSyncOptions) {
    this.#options = options
    this.#hash = options.hash ?? hashOf
    this.#retryBackoff = createBackoff(options.randomFloat)
    this.#rebuildBackoff = createBackoff(options.randomFloat)
    this.#pushBackoff = createBackoff(options.randomFloat)
    this.#retryDue = new Alarm(options.scheduler)
    this.#renewal = new TokenRenewal(options, this.#clock)
    this.#lasted = new Alarm(options.scheduler)
    this.#settled = new Alarm(options.scheduler)
    this.#status = this.#currentStatus()
  }

  /** Where it stands now. */
  get status(): SyncStatus {
    return this.#status
  }

  /** Connects, and stays connected. */
  start(): void {
    this.#isStarted = true
    this.#tryNow()
  }

  /** Disconnects for good. Resolves when nothing of it uses the home any more. */
  async stop(): Promise<void> {
    this.#isStarted = false
    this.#disconnect()
    this.#tell()
    await this.#running
  }

  /** Disconnects until `resume`. What is written meanwhile waits. */
  pause(): void {
    this.#isPaused = true
    this.#disconnect()
    this.#tell()
  }

  resume(): void {
    this.#isPaused = false
    this.#tryNow()
  }

  /** What the system says of the network. Coming back, it connects at once. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline
    if (isOnline) this.#tryNow()
    else this.#disconnect()
    this.#tell()
  }

  /** Own deltas were committed. */
  poke(): void {
    this.#session?.poke()
    this.#tell()
  }

  /**
   * Tells the others of the universe a state; undefined: nothing any more.
   *
   * @throws UniverseError `call/too-large` above {@link AWARE_BYTES_MAX}.
   */
  setAwareness(state: Uint8Array | undefined): void {
    if (state !== undefined && state.length > AWARE_BYTES_MAX) {
      const text = `an awareness state of ${state.length} bytes; ${AWARE_BYTES_MAX} are allowed`
      throw new UniverseError('call/too-large', text)
    }
    this.#awareness = state
    this.#session?.setAwareness(state)
  }

  /** The app has another token: it is asked for and told, or tried at once. */
  renewToken(): void {
    this.#tokenRefusals = 0
    if (this.#link?.limits === undefined) this.#tryNow()
    else void this.#renewal.renew()
  }

  get #isWanted(): boolean {
    return this.#isStarted && !this.#isPaused && this.#isOnline
  }

  #tryNow(): void {
    this.#retryDue.cancel()
    if (this.#isWanted && this.#link === undefined && !this.#isConnecting) void this.#connect()
    this.#tell()
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt
    const { connect, scheduler, agent, getToken } = this.#options
    this.#isConnecting = true
    this.#tell()
    try {
      const token = await getToken()
      // Invariant: one run of a rebuild, one link.
      await this.#running
      if (attempt !== this.#attempt) return
      this.#isConnecting = false
      const link = new RelayLink({
        connect,
        scheduler,
        clock: this.#clock,
        agent,
        token,
        onWelcome: () => {
          this.#renewal.start(link, token)
          this.#openSession(link)
        },
        onMessage: (message) => this.#hear(message),
        onEnd: (end) => this.#failed(afterEnd(end)),
        onClock: () => this.#options.onClockOffset?.(this.#clock.current()),
      })
      this.#link = link
    } catch (error) {
      if (attempt !== this.#attempt) return
      this.#isConnecting = false
      this.#failed(afterError(error))
    }
  }

  /** Ends what there is, and plans nothing. */
  #disconnect(): void {
    this.#attempt += 1
    this.#isConnecting = false
    this.#retryDue.cancel()
    this.#renewal.stop()
    this.#lasted.cancel()
    this.#settled.cancel()
    this.#session?.close()
    this.#session = undefined
    this.#rebuild?.suspend()
    this.#lastContactMs = this.#link?.lastHeardMs ?? this.#lastContactMs
    this.#link?.close()
    this.#link = undefined
    this.#progress = undefined
    this.#blocked = undefined
  }

  /** Ends what there is, and tries again after a wait. */
  #retry(waitMs: number): void {
    this.#disconnect()
    if (this.#isWanted) this.#retryDue.set(waitMs, () => this.#tryNow())
    this.#tell()
  }

  #failed(aftermath: Aftermath): void {
    switch (aftermath.kind) {
      case 'retry':
        this.#retry(this.#retryBackoff.next(aftermath.atLeastMs))
        break
      case 'displaced':
        // A rebuild has a stream of its own already, in the replica it builds.
        if (this.#rebuild === undefined) this.#options.home.replica.startStream()
        this.#retry(this.#retryBackoff.next(aftermath.atLeastMs))
        break
      case 'unauthorized':
        this.#unauthorized(aftermath.message)
        break
      case 'blocked':
        this.#trouble = aftermath
        this.#retry(this.#retryBackoff.next(SLOW_RETRY_MS))
        break
    }
  }

  /** A fresh token once, at once; then only now and again. */
  #unauthorized(message: string): void {
    this.#tokenRefusals += 1
    if (this.#tokenRefusals === 1) {
      this.#disconnect()
      this.#tryNow()
    } else {
      this.#trouble = { kind: 'denied', message }
      this.#retry(this.#retryBackoff.next(SLOW_RETRY_MS))
    }
  }

  #openSession(link: RelayLink): void {
    const { universe, home, scheduler, compression } = this.#options
    this.#progress = undefined
    const session = new ReplicaSession({
      link,
      channel: this.#nextChannel++,
      universe,
      mode: 'replica',
      replica: home.replica,
      scheduler,
      compression,
      hash: this.#hash,
      backoff: this.#pushBackoff,
      events: {
        onOpened: (opened) => this.#sessionOpened(opened),
        onRefused: (refused) => this.#failed(afterRefusal(refused)),
        onResult: ({ changeset, conflicts, confirmed }) => {
          if (changeset !== undefined) this.#options.onChangeset?.(changeset)
          if (conflicts.length > 0) this.#options.onConflicts?.(conflicts)
          if (confirmed.length > 0) this.#options.onConfirmed?.(confirmed)
          this.#options.onTakenIn?.()
          this.#tell()
        },
        onProgress: (offset, head) => this.#progressed('log', offset, head),
        onRebuild: (wish) => this.#wanted(wish),
        onBlocked: (blocked) => {
          this.#blocked = blocked
          this.#tell()
        },
        onAware: (sessionId, state) => this.#options.onAware?.(sessionId, state),
        onFailed: (error) => this.#link?.fail(error),
      },
    })
    session.setAwareness(this.#awareness)
    this.#session = session
    this.#tell()
  }

  #hear(message: ChannelMessage): void | Promise<void> {
    for (const session of [this.#session, this.#rebuild?.session]) {
      if (session?.channel === message.channel) return session.handle(message)
    }
    // Sent before the relay heard that the channel was closed.
  }

  #sessionOpened(opened: OpenedMessage): void {
    this.#opened = opened
    this.#trouble = undefined
    this.#tokenRefusals = 0
    this.#settled.set(LIVE_MS, () => this.#rebuildBackoff.reset())
    // Order matters: what a restored relay lacks is given back from the replica in use, which a rebuild
    // replaces. The session does that, and asks for a rebuild again if one is needed still.
    if (this.#wish === undefined) return
    if (isOtherEpoch(this.#options.home.replica, opened)) {
      this.#waitedFor = this.#wish.reason
      this.#wish = undefined
    } else {
      this.#runRebuild(this.#wish, opened)
    }
  }

  /** Once caught up, a session stays live: what arrives then is no catching up. */
  #progressed(phase: 'log' | 'image', done: number, total: number): void {
    if (this.#progress?.kind === 'live') return
    const isLive = phase === 'log' && done >= total && this.#rebuild === undefined
    this.#progress = isLive ? { kind: 'live' } : { kind: 'catching-up', phase, done, total }
    // So a relay that drops whom it has served is asked half the time at most.
    if (isLive) this.#lasted.set(this.#retryBackoff.ceilingMs, () => this.#retryBackoff.reset())
    this.#tell()
  }

  /** One that comes again soon waits: no loop is ever tight. */
  #wanted(wish: RebuildWish): void {
    this.#session = undefined
    this.#wish = wish
    const nowMs = this.#options.scheduler.now()
    if (wish.relayTimeMs !== undefined) {
      this.#clock.restart({ nowMs, relayMs: wish.relayTimeMs })
      this.#options.onClockOffset?.(this.#clock.current())
    }
    this.#rebuilds = this.#rebuilds.filter(({ atMs }) => Math.abs(nowMs - atMs) < REBUILD_APART_MS)
    const hasWaited = this.#waitedFor === wish.reason
    this.#waitedFor = undefined
    const isAgain =
      this.#rebuilds.length >= REBUILDS_MAX ||
      this.#rebuilds.some(({ reason }) => reason === wish.reason)
    if (isAgain && !hasWaited) this.#retry(this.#rebuildBackoff.next())
    else if (this.#opened !== undefined) this.#runRebuild(wish, this.#opened)
  }

  #runRebuild(wish: RebuildWish, opened: OpenedMessage): void {
    const link = this.#link
    if (link === undefined) return
    this.#session?.close()
    this.#session = undefined
    this.#progress = undefined
    this.#blocked = undefined
    const { home, universe, images, scheduler, compression, randomFloat } = this.#options
    this.#rebuilds.push({ reason: wish.reason, atMs: scheduler.now() })
    this.#rebuild ??= new Rebuild({
      home,
      universe,
      images,
      scheduler,
      compression,
      hash: this.#hash,
      hashChunk: this.#options.hashChunk ?? this.#hash,
      createBackoff: () => createBackoff(randomFloat),
      onProgress: (phase, done, total) => this.#progressed(phase, done, total),
    })
    const channel = this.#nextChannel++
    const plan = (): AdoptionPlan => planOf(wish, this.#clock.current())
    this.#running = this.#rebuild.run({ link, channel, opened, plan }).then(
      (result) => this.#rebuilt(wish, result),
      (error: unknown) => {
        if (this.#link === link) link.fail(error)
      },
    )
  }

  #rebuilt({ reason }: RebuildWish, result: TakeOverResult | undefined): void {
    if (result === undefined) return
    this.#wish = undefined
    this.#rebuild = undefined
    const { onRebuilt, onConflicts } = this.#options
    onRebuilt?.({ reason, adopted: result.adopted })
    if (result.conflicts.length > 0) onConflicts?.(result.conflicts)
    if (this.#link !== undefined) this.#openSession(this.#link)
    this.#tell()
  }

  #currentStatus(): SyncStatus {
    const unsyncedCount = this.#options.home.replica.unsyncedCount()
    const lastContactMs = this.#link?.lastHeardMs ?? this.#lastContactMs
    return { ...this.#state(), unsyncedCount, lastContactMs }
  }

  #state(): SyncState {
    if (!this.#isStarted) return { kind: 'offline' }
    if (this.#isPaused) return { kind: 'paused' }
    if (this.#trouble !== undefined) return this.#trouble
    if (this.#blocked !== undefined) return { kind: 'blocked', ...this.#blocked }
    if (this.#progress !== undefined) return this.#progress
    const isTrying = this.#link !== undefined || this.#isConnecting
    return { kind: isTrying ? 'connecting' : 'offline' }
  }

  #tell(): void {
    const status = this.#currentStatus()
    if (isSameStatus(status, this.#status)) return
    this.#status = status
    this.#options.onStatus?.(status)
  }
}
