/**
 * One tab's part among all tabs of a universe: leads, or follows the one that does.
 *
 * Every tab queues for the leader's lock and asks who leads. Whoever holds the lock owns the worker
 * that owns the files; the others have a link to that worker and a warm worker of their own, so that
 * the next in the queue takes over at once. The lock, not a port, says that a leader is gone.
 */
import { UniverseError } from '@inner-universe/core'
import {
  type Announcement,
  announcementChannel,
  broadcastLinkChannel,
  leaderLock,
  parseAnnouncement,
  presenceLock,
} from '../rpc/announcement.ts'
import type { Commands, OpenRequest, SyncRequest } from '../rpc/commands.ts'
import { BROKER_MS_MAX, RESTART_WINDOW_MS, RESTARTS_MAX } from '../rpc/limits.ts'
import { broadcastLink, type Link, portLink } from '../rpc/link.ts'
import { loaded } from '../rpc/loaded.ts'
import type { Session, SessionLink } from './session.ts'
import { type WorkerEnd, WorkerProcess } from './worker-process.ts'

/** What a tab is made of. */
export interface TabOptions {
  readonly name: string
  readonly clientId: string
  readonly session: Session
  readonly createWorker: () => Worker
  readonly storage: 'opfs' | 'memory'
  readonly durability: 'power' | 'process'
  readonly reducerMsMax: number
  readonly newOwner: string
  /** The relay, if the universe is synced. */
  readonly relay: Promise<Omit<SyncRequest, 'isPaused'>> | undefined
  /** A new id of 32 hex digits. */
  readonly createId: () => string
}

/** How often a follower looks whether its calls move, in ms. */
const STUCK_LOOK_MS = 1_000

/** How long a follower waits to be welcomed before it asks again who leads, in ms. */
const LINKLESS_MS_MAX = 5_000

/** Only where there is a second tab. */
const loadBroker = () => loaded(import('./broker.ts'))

/** A tab's place among the tabs of one universe. */
export class Tab {
  readonly #options: TabOptions
  readonly #channel: BroadcastChannel
  readonly #closing = new AbortController()
  readonly #left: Promise<void>
  #leave!: () => void
  #warm: WorkerProcess | undefined
  #process: WorkerProcess | undefined
  #isLeader = false
  #followedId: string | undefined
  #links: BroadcastChannel | undefined
  #stuckTimer: ReturnType<typeof setInterval> | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: TabOptions) {
    this.#options = options
    this.#channel = new BroadcastChannel(announcementChannel(options.name))
    this.#left = new Promise((resolve) => {
      this.#leave = resolve
    })
  }

  /** Makes this tab's presence known, asks who leads, and queues to lead. */
  async start(): Promise<void> {
    const { name, clientId, session } = this.#options
    // Order matters: a worker that is greeted by a client watches its presence, which must be there.
    const isPresent = this.#holdPresence(presenceLock(name, clientId))
    this.#queue = navigator.locks
      .request(leaderLock(name), { signal: this.#closing.signal }, async () => {
        await isPresent
        await this.#lead()
      })
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) session.fail(unsupported(error))
      })
    await isPresent
    this.#channel.onmessage = ({ data }) => this.#hear(parseAnnouncement(data))
    this.#say({ kind: 'seek' })
    this.#stuckTimer = setInterval(this.#createStuckLook(), STUCK_LOOK_MS)
  }

  /** Gives up its place. The session has been closed, or has failed. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#stuckTimer)
    await this.#process?.close().catch((error: unknown) => {
      // A worker that cannot close its database is ended; the file recovers when it is next opened.
      console.warn('inner-universe:', error)
      this.#process?.stop()
    })
    this.#warm?.stop()
    await this.#queue
    this.#channel.close()
    this.#links?.close()
    this.#leave()
  }

  #say(announcement: Announcement): void {
    this.#channel.postMessage(announcement)
  }

  async #holdPresence(lock: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      navigator.locks
        .request(lock, () => {
          resolve()
          return this.#left
        })
        .catch(reject)
    })
  }

  #hear(announcement: Announcement | undefined): void {
    if (announcement === undefined || this.#closing.signal.aborted) return
    if (announcement.kind === 'stuck') this.#process?.suspect()
    if (announcement.kind !== 'leader' || this.#isLeader) return
    const { leaderId, brokerUrl } = announcement
    if (leaderId === this.#followedId) return
    if (brokerUrl === undefined) {
      this.#options.session.detach()
      this.#say({ kind: 'seek' })
      return
    }
    this.#followedId = leaderId
    this.#follow(leaderId, brokerUrl).catch((error: unknown) => {
      this.#options.session.fail(unsupported(error))
    })
  }

  async #follow(leaderId: string, brokerUrl: string | null): Promise<void> {
    const { clientId, session } = this.#options
    const ports =
      brokerUrl === null
        ? undefined
        : await (await loadBroker()).introduceSelf(brokerUrl, BROKER_MS_MAX)
    // Meanwhile another may lead, or this tab.
    if (this.#isLeader || this.#followedId !== leaderId || this.#closing.signal.aborted) return
    this.#links?.close()
    this.#links = undefined
    if (ports === undefined) {
      this.#links = new BroadcastChannel(broadcastLinkChannel(leaderId))
      session.attach(sessionLink(broadcastLink(this.#links, clientId, leaderId)), 'follower')
    } else {
      session.attach(sessionLink(portLink(ports.data, ports.commands)), 'follower')
    }
    this.#warmUp()
  }

  /** Starts a worker for the day this tab leads, when the page has nothing better to do. */
  #warmUp(): void {
    const warm = (): void => {
      if (this.#isLeader || this.#closing.signal.aborted) return
      this.#warm ??= this.#createProcess()
    }
    if (typeof requestIdleCallback === 'function') requestIdleCallback(warm, { timeout: 2_000 })
    else setTimeout(warm, 200)
  }

  #createProcess(): WorkerProcess {
    const { createWorker, reducerMsMax } = this.#options
    const process: WorkerProcess = new WorkerProcess({
      create: createWorker,
      reducerMsMax,
      onBrokerWanted: async () => {
        const { createBroker } = await loadBroker()
        const broker = createBroker()
        process.introduce(broker?.port ?? null, broker?.url ?? '')
      },
    })
    return process
  }

  /** Holds the lock until it resolves. */
  async #lead(): Promise<void> {
    const { session } = this.#options
    this.#isLeader = true
    session.detach()
    const condemned = new Set<string>()
    let isSuspicious = false
    const restarts: number[] = []
    try {
      while (!this.#closing.signal.aborted && session.connection.kind !== 'failed') {
        const end = await this.#serve(isSuspicious, condemned)
        if (end.kind === 'stopped') return
        session.detach()
        const nowMs = performance.now()
        if (this.#process?.hasWorked) restarts.length = 0
        while (restarts[0] !== undefined && restarts[0] < nowMs - RESTART_WINDOW_MS)
          restarts.shift()
        restarts.push(nowMs)
        if (restarts.length > RESTARTS_MAX) throw restartedTooOften(end)
        if (end.kind === 'crashed') console.error('inner-universe:', end.error)
        else {
          isSuspicious = true
          if (end.callId !== undefined) condemned.add(end.callId)
        }
      }
    } catch (error) {
      session.fail(error instanceof UniverseError ? error : unsupported(error))
    } finally {
      this.#isLeader = false
    }
  }

  /** Opens the database in a worker and serves until the worker ends. */
  async #serve(isSuspicious: boolean, condemned: ReadonlySet<string>): Promise<WorkerEnd> {
    const { name, newOwner, storage, durability, reducerMsMax, relay, createId, session } =
      this.#options
    const process = this.#warm ?? this.#createProcess()
    this.#warm = undefined
    this.#process = process
    const request: OpenRequest = {
      name,
      leaderId: createId(),
      newOwner,
      storage,
      durability,
      reducerMsMax,
      isSuspicious,
      condemnedCallIds: [...condemned],
      sync: relay && { ...(await relay), isPaused: session.sync.isPaused },
    }
    const data = new MessageChannel()
    const commands = new MessageChannel()
    // The hello waits in its port until the database is open.
    session.attach(sessionLink(portLink(data.port1, commands.port1)), 'leader')
    await process.open(request, data.port2, commands.port2)
    return process.ended
  }

  /** Looks whether calls move and a link comes about; what does not within bounds is asked for again. */
  #createStuckLook(): () => void {
    const { session, reducerMsMax } = this.#options
    let oldest = 0
    let waitedMs = 0
    let linklessMs = 0
    return () => {
      linklessMs = session.connection.kind === 'connecting' ? linklessMs + STUCK_LOOK_MS : 0
      if (linklessMs > LINKLESS_MS_MAX && !this.#isLeader) {
        // Whoever was followed may be gone, and the announcement of the next may have been overtaken.
        linklessMs = 0
        this.#followedId = undefined
        this.#say({ kind: 'seek' })
      }
      const { count, oldestPendingNumber } = session.calls
      waitedMs = count > 0 && oldestPendingNumber === oldest ? waitedMs + STUCK_LOOK_MS : 0
      oldest = oldestPendingNumber
      if (waitedMs <= reducerMsMax) return
      if (this.#isLeader) this.#process?.suspect()
      else this.#say({ kind: 'stuck' })
    }
  }
}

function sessionLink(link: Link): SessionLink {
  let remote: Promise<{ readonly commands: Commands }> | undefined
  return {
    data: link.data,
    async command(run) {
      remote ??= loaded(import('./remote-commands.ts')).then(({ remoteCommands }) => ({
        commands: remoteCommands(link.commands),
      }))
      return run((await remote).commands)
    },
    close: link.close,
  }
}

function unsupported(cause: unknown): UniverseError {
  return new UniverseError(
    'client/unsupported',
    'this browser refused a lock, channel or worker; see the cause',
    {
      cause,
    },
  )
}

function restartedTooOften(end: WorkerEnd): UniverseError {
  return new UniverseError(
    'client/worker-failed',
    `the worker ended ${RESTARTS_MAX + 1} times within ${RESTART_WINDOW_MS} ms without getting a call done; see the cause and the console`,
    end.kind === 'crashed' ? { cause: end.error } : {},
  )
}
