/**
 * One dedicated worker as its page sees it: started, opened, watched, ended.
 *
 *     starting ──ready──▶ warm ──open──▶ serving ──▶ ended (hung, crashed, stopped)
 *
 * A reducer in an endless loop cannot be stopped from inside. The worker says when a group of calls
 * begins; from then on the watchdog pings until an answer shows that the group is over. Ticks are
 * counted, not time: a laptop that slept has not kept anyone waiting.
 */
import { type ErrorCode, UniverseError } from '@inner-universe/core'
import { workerLock } from '../rpc/announcement.ts'
import {
  type OpenRequest,
  type Outcome,
  unwrap,
  type WorkerControl,
  type WorkerNote,
} from '../rpc/commands.ts'
import {
  COMMAND_MS_MAX,
  WATCHDOG_MARGIN_MS,
  WATCHDOG_TICK_MS,
  WORKER_START_MS_MAX,
} from '../rpc/limits.ts'

/** Why a worker ended. */
export type WorkerEnd =
  /** The call it hung in, if there was only one it could be. */
  | { readonly kind: 'hung'; readonly callId: string | undefined }
  | { readonly kind: 'crashed'; readonly error: UniverseError }
  | { readonly kind: 'stopped' }

/** What a process is started with. */
export interface WorkerProcessOptions {
  readonly create: () => Worker
  readonly reducerMsMax: number
  readonly onBrokerWanted: () => void
}

/** A worker and the watch over it. */
export class WorkerProcess {
  readonly ended: Promise<WorkerEnd>
  readonly #options: WorkerProcessOptions
  readonly #worker: Worker
  readonly #url: string
  readonly #ready: Promise<void>
  readonly #opened: PromiseWithResolvers<Outcome<undefined>> = Promise.withResolvers()
  readonly #closed: PromiseWithResolvers<Outcome<undefined>> = Promise.withResolvers()
  readonly #ending = new AbortController()
  #end!: (end: WorkerEnd) => void
  #isReady = false
  #isOpen = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The group or command under way, if it has not been seen to end. */
  #work: { readonly callId: string | undefined; readonly msMax: number } | undefined
  #waitedMs = 0
  #lastTickMs = 0
  #isPingOut = false
  #hasWorked = false

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const { worker, url } = create(options.create)
    this.#worker = worker
    this.#url = url
    this.#ready = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.#failed(`did not call serve() within ${WORKER_START_MS_MAX} ms`)),
        WORKER_START_MS_MAX,
      )
      worker.addEventListener('message', ({ data }: MessageEvent<WorkerNote>) => {
        if (data?.note !== 'ready') return
        clearTimeout(timer)
        this.#isReady = true
        resolve()
      })
      worker.addEventListener('error', (event) => {
        event.preventDefault()
        clearTimeout(timer)
        const what = this.#isReady ? 'stopped' : 'could not be loaded or threw while starting'
        const error = this.#failed(`${what}${event.message ? `: ${event.message}` : ''}`)
        reject(error)
        if (this.#isReady) this.#finish({ kind: 'crashed', error })
      })
    })
    // Whoever opens is told; a warm worker that fails has nobody waiting yet.
    this.#ready.catch(() => undefined)
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerNote>) => this.#take(data))
  }

  /**
   * Opens the database in it, to be served over these ports.
   *
   * @throws UniverseError why it could not; the worker is then stopped.
   */
  async open(request: OpenRequest, data: MessagePort, commands: MessagePort): Promise<void> {
    try {
      const ended = this.ended.then((end) => {
        throw end.kind === 'crashed' ? end.error : this.#failed('was stopped')
      })
      await Promise.race([this.#ready, ended])
      this.#tell({ control: 'open', request, data, commands }, [data, commands])
      unwrap(await Promise.race([this.#opened.promise, ended]))
      this.#isOpen = true
      this.#watchLock(request.leaderId)
    } catch (error) {
      this.#finish({ kind: 'stopped' })
      throw error
    }
  }

  /** Closes the database and ends the worker. */
  async close(): Promise<void> {
    if (this.#isOpen) {
      this.#tell({ control: 'close' })
      await Promise.race([this.#closed.promise, this.ended])
    }
    this.stop()
  }

  /** Hands over the port of a broker, over which followers send theirs; null: there is none. */
  introduce(broker: MessagePort | null, brokerUrl: string): void {
    this.#tell({ control: 'introduce', broker, brokerUrl }, broker === null ? [] : [broker])
  }

  /** Ends the worker as it is. */
  stop(): void {
    this.#finish({ kind: 'stopped' })
  }

  /** Looks after the worker although it has not said that it works: a tab waits for it in vain. */
  suspect(): void {
    // What is still loaded has a limit of its own.
    if (!this.#isReady) return
    if (this.#work === undefined) this.#watch(undefined, this.#callMsMax)
    else this.tick()
  }

  /** Looks after the worker. Other tabs' complaints count as ticks: this page's timers may sleep. */
  tick(): void {
    if (this.#work === undefined) return
    const nowMs = performance.now()
    this.#waitedMs += Math.min(nowMs - this.#lastTickMs, 2 * WATCHDOG_TICK_MS)
    this.#lastTickMs = nowMs
    if (this.#isPingOut && this.#waitedMs > this.#work.msMax) {
      this.#finish({ kind: 'hung', callId: this.#work.callId })
      return
    }
    if (!this.#isPingOut) this.#ping()
    this.#arm()
  }

  /** Whether it has got a group of calls done: a worker that works and dies is not in a crash loop. */
  get hasWorked(): boolean {
    return this.#hasWorked
  }

  get #callMsMax(): number {
    return this.#options.reducerMsMax + WATCHDOG_MARGIN_MS
  }

  /** The worker holds its lock as long as it lives: having it means that it is gone. */
  #watchLock(leaderId: string): void {
    const { signal } = this.#ending
    navigator.locks
      .request(workerLock(leaderId), { signal }, () => {
        this.#finish({ kind: 'crashed', error: this.#failed('was killed') })
      })
      .catch((error: unknown) => {
        // Called off because the worker was ended from here.
        if (!signal.aborted) throw error
      })
  }

  #take(message: WorkerNote): void {
    switch (message?.note) {
      case 'group':
        this.#watch(message.callId, this.#callMsMax)
        return
      case 'long':
        this.#watch(undefined, COMMAND_MS_MAX)
        return
      case 'pong':
        this.#isPingOut = false
        if (this.#work !== undefined) this.#hasWorked = true
        this.#work = undefined
        return
      case 'broker-wanted':
        this.#options.onBrokerWanted()
        return
      case 'open':
        this.#opened.resolve(message.outcome)
        return
      case 'close':
        this.#closed.resolve(message.outcome)
        return
      default:
        // `ready`, which the constructor takes, and what the app's own script posts.
        return
    }
  }

  /** Work begins, which ends what was under way before. */
  #watch(callId: string | undefined, msMax: number): void {
    if (this.#work !== undefined) this.#hasWorked = true
    this.#work = { callId, msMax }
    this.#waitedMs = 0
    this.#lastTickMs = performance.now()
    // A ping sent before the work began is answered after it all the same: messages keep their order.
    if (this.#timer === undefined) this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.tick()
    }, WATCHDOG_TICK_MS)
  }

  #ping(): void {
    this.#isPingOut = true
    this.#tell({ control: 'ping' })
  }

  #tell(control: WorkerControl, transfer: Transferable[] = []): void {
    this.#worker.postMessage(control, transfer)
  }

  #finish(end: WorkerEnd): void {
    clearTimeout(this.#timer)
    this.#work = undefined
    this.#ending.abort()
    this.#worker.terminate()
    this.#end(end)
  }

  #failed(what: string): UniverseError {
    const code: ErrorCode = 'client/worker-failed'
    return new UniverseError(
      code,
      `the worker script ${this.#url} ${what}; check its URL and the console`,
      {
        details: { url: this.#url },
      },
    )
  }
}

/**
 * Runs the app's factory. A Worker does not tell its URL, which the error about a script that is not
 * there should name; so the constructor is watched while the factory runs.
 */
function create(factory: () => Worker): { readonly worker: Worker; readonly url: string } {
  const Original = globalThis.Worker
  let url = 'of unknown URL'
  globalThis.Worker = class extends Original {
    constructor(script: string | URL, options?: WorkerOptions) {
      super(script, options)
      url = new URL(script, globalThis.location?.href).href
    }
  }
  try {
    return { worker: factory(), url }
  } catch (cause) {
    throw new UniverseError(
      'client/worker-failed',
      'the function that makes the worker threw; see the cause',
      { cause },
    )
  } finally {
    globalThis.Worker = Original
  }
}
