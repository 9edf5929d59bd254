/**
 * A job as one tab of several uses it: leads, or follows the one that does.
 *
 * Whoever holds the job's lock owns the worker that owns the file; the others have a line to that
 * worker. When the leader goes, the next in the queue for the lock opens the file in a worker of its
 * own, and each tab asks again what was not answered: all of it after a leader that closed, since what
 * such a one did not answer was not done; reads only after one that was killed. Of its writes nobody
 * knows, so they fail.
 */
import { UniverseError } from '@inner-universe/core'
import { createBroker, introduceSelf } from '../../main/broker.ts'
import {
  announcementChannel,
  broadcastLinkChannel,
  leaderLock,
  parseAnnouncement,
  presenceLock,
} from '../../rpc/announcement.ts'
import { decodeUniverseError, encodeError } from '../../rpc/error-transfer.ts'
import { BROKER_MS_MAX } from '../../rpc/limits.ts'
import { broadcastLink, portLink } from '../../rpc/link.ts'
import type {
  JobIntroduction,
  JobMessage,
  JobNote,
  JobRequest,
  NumberedRequest,
} from '../contract.ts'
import type { JobPort } from '../job-link.ts'
import { LOCKED_MS_MAX } from '../limits.ts'

/** What a shared job is made of. */
export interface SharedJobOptions {
  /** Its directory in OPFS, which is its name among tabs too. */
  readonly path: string
  readonly createWorker: () => Worker
  /** A new id of 32 hex digits. */
  readonly createId: () => string
  /** Leads within two seconds or fails with `storage/locked`: nobody else may use the job then. */
  readonly isAlone?: boolean
}

/** A way to the worker that serves the job. */
interface Line {
  readonly role: 'leader' | 'follower'
  send(requests: readonly NumberedRequest[]): void
  close(): void
}

/** See the file's head. A {@link JobPort} whose worker may change. */
export class SharedJob implements JobPort {
  readonly #options: SharedJobOptions
  readonly #clientId: string
  readonly #channel: BroadcastChannel
  readonly #closing = new AbortController()
  readonly #left = Promise.withResolvers<void>()
  #onMessage: (message: JobMessage) => void = () => undefined
  #onEnd: (error: UniverseError) => void = () => undefined
  /** In the order of their numbers. */
  readonly #unanswered = new Map<number, NumberedRequest>()
  readonly #watches = new Map<number, NumberedRequest>()
  #open: NumberedRequest | undefined
  #line: Line | undefined
  /** The worker at the other end has the job open: what is unanswered was sent to it. */
  #isServed = false
  #wasServed = false
  #followedId: string | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: SharedJobOptions) {
    this.#options = options
    this.#clientId = options.createId()
    this.#channel = new BroadcastChannel(announcementChannel(options.path))
  }

  listen(onMessage: (message: JobMessage) => void, onEnd: (error: UniverseError) => void): void {
    this.#onMessage = onMessage
    this.#onEnd = onEnd
    this.#start().catch((cause: unknown) => {
      if (this.#closing.signal.aborted) return
      const text = 'this browser refused a lock, channel or worker; see the cause'
      this.#fail(new UniverseError('client/unsupported', text, { cause }))
    })
  }

  post(requests: readonly NumberedRequest[]): void {
    for (const numbered of requests) {
      const { number, request } = numbered
      this.#unanswered.set(number, numbered)
      if (request.kind === 'watch') this.#watches.set(request.watchId, numbered)
      else if (request.kind === 'unwatch') this.#watches.delete(request.watchId)
      else if (request.kind === 'open' || request.kind === 'drop') this.#open = numbered
    }
    if (this.#isServed) this.#send(requests)
    else if (requests.some((numbered) => numbered === this.#open)) this.#sendOpen()
  }

  async terminate(): Promise<void> {
    this.#closing.abort()
    this.#line?.close()
    this.#line = undefined
    this.#channel.close()
    this.#left.resolve()
    await this.#queue
  }

  /** Queues to lead, makes this tab's presence known, and asks who leads. */
  async #start(): Promise<void> {
    const { path, isAlone = false } = this.#options
    const signals = [this.#closing.signal, ...(isAlone ? [AbortSignal.timeout(LOCKED_MS_MAX)] : [])]
    const leading = navigator.locks.request(
      leaderLock(path),
      { signal: AbortSignal.any(signals) },
      () => this.#lead(),
    )
    this.#queue = leading.catch(() => undefined)
    if (isAlone) {
      await leading.catch((error: unknown) => {
        if ((error as Error).name !== 'TimeoutError') throw error
        const text = `another tab has the job in "${path}" open; close it there first`
        this.#fail(new UniverseError('storage/locked', text, { cause: error }))
      })
      return
    }
    await this.#holdPresence()
    this.#channel.onmessage = ({ data }) => this.#hear(data)
    this.#channel.postMessage({ kind: 'seek' })
    await leading
  }

  /** Until it has left, so that a worker notices a tab that was killed. */
  #holdPresence(): Promise<void> {
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(presenceLock(this.#options.path, this.#clientId), () => {
          resolve()
          return this.#left.promise
        })
        .catch(reject)
    })
  }

  /** Holds the lock until it resolves. */
  async #lead(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#detach()
    let worker: Worker
    try {
      worker = this.#options.createWorker()
    } catch (cause) {
      const text = 'the function that makes the worker of the job threw; see the cause'
      this.#fail(new UniverseError('client/worker-failed', text, { cause }))
      return
    }
    const line: Line = {
      role: 'leader',
      send: (requests) => worker.postMessage(requests),
      close: () => worker.terminate(),
    }
    worker.addEventListener('message', ({ data }: MessageEvent<JobMessage | JobNote>) => {
      if ('note' in data) introduce(worker)
      else this.#take(line, data)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      if (line === this.#line) this.#fail(workerFailed(event))
    })
    this.#attach(line)
    await this.#left.promise
  }

  #hear(data: unknown): void {
    const announcement = parseAnnouncement(data)
    if (announcement?.kind !== 'leader' || this.#line?.role === 'leader') return
    const { leaderId, brokerUrl } = announcement
    if (leaderId === this.#followedId) return
    // The one before is gone.
    this.#detach()
    if (brokerUrl === undefined) {
      this.#channel.postMessage({ kind: 'seek' })
      return
    }
    this.#followedId = leaderId
    void this.#follow(leaderId, brokerUrl)
  }

  async #follow(leaderId: string, brokerUrl: string | null): Promise<void> {
    const ports = brokerUrl === null ? undefined : await introduceSelf(brokerUrl, BROKER_MS_MAX)
    // Meanwhile another may lead, or this tab.
    if (this.#followedId !== leaderId || this.#line !== undefined || this.#closing.signal.aborted) {
      ports?.data.close()
      ports?.commands.close()
      return
    }
    const links = ports ? undefined : new BroadcastChannel(broadcastLinkChannel(leaderId))
    const link = ports
      ? portLink(ports.data, ports.commands)
      : broadcastLink(links as BroadcastChannel, this.#clientId, leaderId)
    const line: Line = {
      role: 'follower',
      send: (requests) => link.data.send(requests),
      close: () => {
        link.close()
        links?.close()
      },
    }
    link.data.onMessage = (message) => this.#take(line, message as JobMessage)
    this.#attach(line)
  }

  #attach(line: Line): void {
    this.#line = line
    this.#sendOpen()
  }

  /** Opens or joins first: what else there is to ask follows when that is answered. */
  #sendOpen(): void {
    if (this.#open !== undefined && this.#line !== undefined) this.#send([this.#open])
  }

  #send(requests: readonly NumberedRequest[]): void {
    const line = this.#line
    line?.send(
      requests.map(({ number, request }) => ({ number, request: this.#said(request, line.role) })),
    )
  }

  /** A request as it is said in the tab's role. */
  #said(request: JobRequest, role: Line['role']): JobRequest {
    if (role === 'leader') {
      return request.kind === 'open' ? { ...request, leaderId: this.#options.createId() } : request
    }
    if (request.kind === 'open') return { kind: 'join', clientId: this.#clientId }
    return request.kind === 'close' ? { kind: 'leave' } : request
  }

  #take(line: Line, message: JobMessage): void {
    if (line !== this.#line) return
    const opened = this.#isServed
      ? undefined
      : message.answers.find(({ number }) => number === this.#open?.number)
    for (const { number } of message.answers) this.#unanswered.delete(number)
    if (opened?.ok === false && this.#wasServed) {
      this.#fail(decodeUniverseError(opened.error, 'kv/backend'))
      return
    }
    this.#onMessage(message)
    if (opened?.ok === true) this.#goOn()
    // What such a leader has not answered it has not done: it can be asked of the next.
    if (message.hasMoved) this.#leaveLine()
  }

  /** The worker has the job open: it is told of the watches, and asked what is not answered yet. */
  #goOn(): void {
    this.#isServed = true
    const watches = [...this.#watches.values()].filter(
      ({ number }) => !this.#unanswered.has(number),
    )
    const requests = [...watches, ...this.#unanswered.values()]
    if (requests.length > 0) this.#send(requests)
    if (this.#wasServed) this.#tellGaps()
    this.#wasServed = true
  }

  #tellGaps(): void {
    const watched = [...this.#watches.values()].flatMap(({ request }) =>
      request.kind === 'watch'
        ? [{ watchId: request.watchId, changes: [{ kind: 'gap', key: request.prefix } as const] }]
        : [],
    )
    this.#onMessage({ answers: [], watched })
  }

  /** The leader is gone without a word: writes that it has not answered are done, or not. */
  #detach(): void {
    const wasServed = this.#isServed
    this.#leaveLine()
    if (!wasServed) return
    const error = encodeError(
      new UniverseError(
        'kv/closed',
        'the tab that served the job is gone, and whether this was written is not known; ' +
          'read, and write it again if it is not there',
      ),
    )
    const lost = [...this.#unanswered.values()].filter(({ request }) => request.kind === 'write')
    for (const { number } of lost) this.#unanswered.delete(number)
    const answers = lost.map(({ number }) => ({ number, ok: false, error }) as const)
    this.#onMessage({ answers, watched: [] })
  }

  #leaveLine(): void {
    this.#line?.close()
    this.#line = undefined
    this.#isServed = false
  }

  #fail(error: UniverseError): void {
    if (this.#closing.signal.aborted) return
    void this.terminate()
    this.#onEnd(error)
  }
}

/** Fetches the broker over which other tabs reach a worker, and hands the worker its port. */
function introduce(worker: Worker): void {
  const broker = createBroker()
  const introduction: JobIntroduction = {
    control: 'introduce',
    broker: broker?.port ?? null,
    brokerUrl: broker?.url ?? '',
  }
  worker.postMessage(introduction, broker === null ? [] : [broker.port])
}

/** The error of a worker that could not be loaded, or threw. */
export function workerFailed({ message }: ErrorEvent): UniverseError {
  return new UniverseError(
    'client/worker-failed',
    `the worker script of the job could not be loaded or threw${message ? `: ${message}` : ''}; ` +
      'check its URL and the console, then open the job again',
  )
}
