/**
 * The host: owns the engine, serves any number of clients, and decides what runs when.
 *
 * It knows no worker and no port, only lanes, so it runs in a worker and in Node alike. Work is done
 * in turns. A turn takes one group of waiting calls into one transaction, tells who must know, then
 * gives reads their share, so neither starves the other; between turns messages come in and gather.
 * A read never overtakes the calls its own client sent before it.
 */
import { type Changeset, isUniverseError } from '@inner-universe/core'
import type { Connection, Engine, Undo } from '@inner-universe/engine'
import type {
  Hello,
  LiveRead,
  PageItem,
  PageMessage,
  Read,
  WorkerMessage,
} from '../rpc/contract.ts'
import { encodeError } from '../rpc/error-transfer.ts'
import type { Lane } from '../rpc/link.ts'
import { parsePageMessage } from '../rpc/parse-page-message.ts'
import { CallQueue, type WaitingCall } from './call-queue.ts'
import { checkHello } from './check-hello.ts'
import { type AnswerHistory, isHistoryRead, noHistory, tellHistory } from './history-part.ts'
import { HostClient } from './host-client.ts'
import type { HostOptions } from './host-options.ts'
import { IdleFilling } from './idle-filling.ts'
import { LatePart } from './late-part.ts'
import { Leftovers } from './leftovers.ts'
import type { LiveHost, LivePart } from './live-part.ts'
import { answerRead, type PlainRead } from './read.ts'
import { ReadQueue } from './read-queue.ts'
import { type SyncPart, syncOff } from './sync-part.ts'
import { answerUndo, isUndoRead, tellUndoOf } from './undo-states.ts'
import { WakeTimer } from './wake-timer.ts'

/** Delay before a failed run of scheduled rows is tried again, in ms. */
const SCHEDULE_RETRY_MS = 1_000

/** The server of one open universe. */
export class Host {
  readonly #options: HostOptions
  readonly #clients = new Map<string, HostClient>()
  readonly #live: LatePart<LivePart>
  readonly #undo: LatePart<Undo | null>
  readonly #leftovers: Leftovers
  #engine: Engine
  readonly #calls: CallQueue
  readonly #reads: ReadQueue
  readonly #sync: SyncPart
  readonly #timer: WakeTimer
  readonly #filling: IdleFilling
  readonly #answerHistory: AnswerHistory
  /** Messages that came while suspended. */
  #postponed: (() => void)[] = []
  #isTurnPlanned = false
  #isSuspended = false
  #isClosed = false
  #dueAtMs: number | undefined

  constructor(options: HostOptions) {
    this.#options = options
    this.#engine = options.engine
    this.#calls = new CallQueue(options)
    this.#reads = new ReadQueue(options.now)
    this.#timer = new WakeTimer({
      now: options.now,
      setTimer: options.setTimer,
      onWake: () => this.#plan(),
    })
    const onSettled = (): void => this.#plan()
    this.#live = new LatePart({
      load: () => this.#loadLive(),
      purpose: 'keeps queries up to date',
      onSettled,
    })
    this.#undo = new LatePart({
      load: options.loadUndo ?? (() => null),
      purpose: 'undoes',
      onSettled,
    })
    // Who has used it will again.
    if (this.#engine.undo.isUsed()) this.#undo.prepare()
    this.#answerHistory = options.answerHistory ?? noHistory(options.module)
    this.#filling = new IdleFilling({
      engine: () => this.#engine,
      hasVersions: options.answerHistory !== undefined,
      // Live queries that could not read a view now can.
      onViews: () => this.#live.part?.retry(),
      onVersions: () => {
        this.#sync.committed()
        tellHistory(this.#clients.values())
      },
      onFault: options.onFault,
    })
    this.#leftovers = new Leftovers({
      watchPresence: options.watchPresence,
      onGone: (connection) => this.#disconnect(connection),
    })
    this.#leftovers.replace(this.#engine.connections())
    this.#dueAtMs = this.#engine.nextDueMs()
    this.noteViews()
    this.#armTimer()
    this.#sync = options.createSync?.(this) ?? syncOff()
  }

  get engine(): Engine {
    return this.#engine
  }

  /** What keeps it in sync with a relay. */
  get sync(): SyncPart {
    return this.#sync
  }

  /** All clients that are connected. */
  clients(): Iterable<HostClient> {
    return this.#clients.values()
  }

  /** Tells clients of what came from elsewhere, as of what is committed here. */
  publish(changeset: Changeset | undefined): void {
    this.#publish({ changeset })
    this.#dueAtMs = this.#engine.nextDueMs()
    this.flush()
    this.#armTimer()
  }

  /** Serves a client on a lane, from its hello on; calls back when it has gone. */
  accept(lane: Lane, onGone: () => void): void {
    let client: HostClient | undefined
    const receive = (received: unknown): void => {
      if (this.#isClosed) return
      if (this.#isSuspended) {
        this.#postponed.push(() => receive(received))
        return
      }
      try {
        const message = parsePageMessage(received)
        if (message.kind === 'hello') client = this.#welcome(message, lane, onGone)
        // A link that was replaced by a newer one of the same client has no say any more.
        else if (client !== undefined && this.#clients.get(client.clientId) === client) {
          this.#receive(client, message)
        }
      } catch (error) {
        lane.send({ kind: 'refused', error: encodeError(error) } satisfies WorkerMessage)
        if (client !== undefined) this.#leave(client)
      }
    }
    lane.onMessage = receive
  }

  /** Declared views may have been begun anew: they are filled, slice by slice, from the next turn on. */
  noteViews(): void {
    this.#filling.note()
    if (this.#filling.isBusy) this.#plan()
  }

  /** Lets what comes in wait, while the database is being replaced. */
  suspend(): void {
    this.#isSuspended = true
    this.#leftovers.clear()
  }

  /** Goes on with another database; all clients go on with it. */
  resume(engine: Engine): void {
    if (this.#isClosed) {
      engine.close()
      return
    }
    this.#isSuspended = false
    this.#engine = engine
    // A copy has the connections of its time: maybe of these clients, maybe of tabs long gone.
    this.#leftovers.replace(engine.connections())
    for (const client of this.#clients.values()) {
      client.post({ kind: 'gap' })
      try {
        this.#connect(client)
      } catch (error) {
        this.#options.onFault(error)
      }
    }
    this.#live.part?.reopen()
    // What fits into a slice is there before anybody hears of the new database.
    this.#live.part?.run()
    this.#dueAtMs = engine.nextDueMs()
    this.noteViews()
    this.flush()
    for (const receive of this.#postponed.splice(0)) receive()
    this.#plan()
  }

  /** Sends what has gathered. Answers wait for live queries that were asked for before, or are behind. */
  flush(): void {
    const live = this.#live.part
    live?.deliver()
    for (const client of this.#clients.values()) {
      const isWaiting = this.#reads.isSubscribing(client) || live?.isBehind(client) === true
      client.flush({ withAnswers: !isWaiting })
    }
  }

  /** The database cannot be had any more: the host must be started anew. */
  abandon(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.onUnusable()
  }

  /** Stops serving and closes the engine. Calls not begun stay unanswered: the next leader gets them. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sync.close()
    this.#timer.cancel()
    for (const client of this.#clients.values()) {
      client.stopWatching()
      client.onGone()
    }
    this.#clients.clear()
    this.#leftovers.clear()
    this.#engine.close()
  }

  #loadLive(): LivePart | Promise<LivePart> {
    const host = this
    const { module, now, loadLive } = this.#options
    const liveHost: LiveHost = {
      module,
      get engine() {
        return host.#engine
      },
      now,
      withDeadline: (body) => host.#withDeadline(body),
    }
    const loaded = loadLive()
    return loaded instanceof Promise ? loaded.then((create) => create(liveHost)) : loaded(liveHost)
  }

  #withDeadline<Value>(body: () => Value): Value {
    const { now, readMsMax, setDeadline } = this.#options
    const endMs = now() + readMsMax
    setDeadline(() => now() > endMs)
    try {
      return body()
    } finally {
      setDeadline(undefined)
    }
  }

  #welcome(hello: Hello, lane: Lane, onGone: () => void): HostClient {
    checkHello(hello, this.#options.module)
    const { clientId } = hello
    const identity = hello.identity ?? this.#engine.info.owner
    const known = this.#clients.get(clientId)
    const client = new HostClient({ clientId, identity, hasToken: hello.hasToken, lane, onGone })
    if (known === undefined) this.#connect(client)
    else this.#forget(known)
    this.#clients.set(clientId, client)
    client.stopWatching = this.#options.watchPresence(clientId, () => this.#leave(client))
    const { storage, storageReason } = this.#options
    client.send({ kind: 'welcome', identity, storage, storageReason })
    this.#sync.welcome(client)
    this.flush()
    // A turn with nothing to do is when the code of live queries is fetched.
    this.#plan()
    return client
  }

  /** Connects a client, unless it still is from before its last host died. */
  #connect(client: HostClient): void {
    if (this.#leftovers.take(client.clientId)) return
    try {
      this.#publish(this.#engine.connect(connectionOf(client)))
    } catch (error) {
      // Where no reducer has a say, a full disk must not keep people from what they have.
      const isRefusal = this.#options.module.lifecycle.connected !== undefined
      if (isRefusal || !isUniverseError(error, 'storage/quota-exceeded')) throw error
      this.#options.onFault(error)
    }
  }

  #receive(client: HostClient, message: Exclude<PageMessage, Hello>): void {
    if (message.kind === 'bye') {
      this.#leave(client)
      client.send({ kind: 'left' })
      client.close()
      return
    }
    client.oldestPendingNumber = message.oldestPendingNumber
    for (const item of message.items) this.#take(client, item)
    this.#plan()
  }

  #take(client: HostClient, item: PageItem): void {
    switch (item.kind) {
      case 'call':
        client.callsReceived += 1
        this.#calls.push(client, item)
        return
      case 'read':
      case 'subscribe':
        this.#reads.push(client, item)
        return
      case 'cancel-call':
        this.#calls.cancel(client, item.number)
        return
      case 'cancel-read':
        this.#reads.cancel(client, 'read', item.id)
        return
      case 'unsubscribe':
        this.#reads.cancel(client, 'subscribe', item.id)
        this.#live.part?.unsubscribe(client, item.id)
        return
      case 'acknowledge':
        this.#live.part?.acknowledge(client)
        return
      case 'watch':
        client.watched = new Set(item.tables)
        return
      default:
        this.#sync.take(client, item)
    }
  }

  #plan(): void {
    if (this.#isTurnPlanned || this.#isSuspended || this.#isClosed) return
    this.#isTurnPlanned = true
    this.#options.defer(() => {
      this.#isTurnPlanned = false
      if (!this.#isClosed && !this.#isSuspended) this.#turn()
    })
  }

  #turn(): void {
    this.#runGroup()
    this.#runScheduled()
    const isReading = this.#runReads()
    this.#live.part?.run()
    // Where no call waits.
    if (!this.#calls.hasMore) this.#filling.run()
    this.flush()
    if (!this.#options.isUsable()) {
      this.abandon()
      return
    }
    this.#armTimer()
    const isBusy = this.#filling.isBusy || this.#live.part?.isBusy
    if (this.#calls.hasMore || isReading || isBusy) this.#plan()
    // Nothing else to do: the first live query shall not wait for its code.
    else this.#live.prepare()
  }

  #runGroup(): void {
    // Where it could not be loaded the engine says so, of those that have not run before.
    const group = this.#calls.take(({ undo }) => undo === undefined || this.#undo.want())
    if (group.length === 0) return
    const { now, onGroup } = this.#options
    const calls = group.map(({ call }) => call)
    onGroup(calls.length === 1 ? calls[0]?.callId : undefined)
    const startMs = now()
    try {
      const commit = this.#engine.commit(calls)
      this.#publish(commit)
      tellUndoOf(this.#engine, this.#clients.values(), group, commit.outcomes)
      this.#filling.noteCalls(calls)
      commit.outcomes.forEach((outcome, index) => {
        const { client, item } = group[index] as WaitingCall
        client.answer(
          outcome.ok
            ? {
                kind: 'answer',
                number: item.number,
                value: outcome.value,
                delta: outcome.delta,
              }
            : { kind: 'refusal', number: item.number, error: encodeError(outcome.error) },
        )
      })
    } catch (thrown) {
      // The whole transaction was refused (disk full): nobody's call took effect.
      const error = encodeError(thrown)
      for (const { client, item } of group) {
        client.answer({ kind: 'refusal', number: item.number, error })
      }
    }
    for (const { client } of group) client.callsEnded += 1
    this.#calls.learn(group.length, now() - startMs)
    this.#dueAtMs = this.#engine.nextDueMs()
  }

  #runScheduled(): void {
    const { wallMs, onFault, onGroup } = this.#options
    if (this.#dueAtMs === undefined || this.#dueAtMs > wallMs()) return
    onGroup(undefined)
    try {
      for (const commit of this.#engine.runDue(wallMs())) {
        for (const outcome of commit.outcomes) if (!outcome.ok) onFault(outcome.error)
        this.#publish(commit)
      }
      this.#dueAtMs = this.#engine.nextDueMs()
    } catch (error) {
      // A full disk, say. Nobody waits for it; it is reported and tried again.
      onFault(error)
      this.#dueAtMs = wallMs() + SCHEDULE_RETRY_MS
    }
  }

  /** True: some wait for the next turn. */
  #runReads(): boolean {
    const isTimeUp = this.#reads.run(
      (client, item) => {
        if (item.kind === 'subscribe') this.#subscribe(client, item.id, item.read)
        else this.#read(client, item.id, item.read)
      },
      ({ kind, read }) =>
        (kind === 'read' && (isPlain(read) || isHistoryRead(read))) ||
        (isUndoRead(read) ? this.#undo : this.#live).want(),
    )
    this.#live.forgetFailure()
    this.#undo.forgetFailure()
    return isTimeUp
  }

  #subscribe(client: HostClient, id: number, read: LiveRead): void {
    try {
      this.#live.take().subscribe(client, id, read)
    } catch (error) {
      client.post({ kind: 'live-cut', news: [{ kind: 'failed', id, error: encodeError(error) }] })
    }
  }

  #read(client: HostClient, id: number, read: Read): void {
    try {
      if (isUndoRead(read)) {
        const value = answerUndo(this.#engine, this.#clients.values(), client, read)
        client.post({ kind: 'value', id, value })
        return
      }
      // Reducers run in it, which may not end.
      if (isHistoryRead(read) && read.request.kind === 'draft') this.#options.onGroup(undefined)
      const transfer: Transferable[] = []
      const item = this.#withDeadline(() =>
        isHistoryRead(read)
          ? this.#answerHistory(
              { engine: this.#engine, id, request: read.request, identity: client.identity },
              transfer,
            )
          : isPlain(read)
            ? answerRead(this.#engine, id, read, transfer)
            : this.#live.take().answer(id, read, transfer),
      )
      client.post(item, transfer)
    } catch (error) {
      client.post({ kind: 'read-failed', id, error: encodeError(error) })
    }
  }

  /** Tells watchers and live queries of a transaction. Answers are sent after, by `flush`. */
  #publish({ changeset }: { readonly changeset: Changeset | undefined }): void {
    this.#sync.committed()
    if (changeset === undefined) return
    const { origin, changes } = changeset
    for (const client of this.#clients.values()) {
      if (client.watched.size === 0) continue
      const wanted = changes.filter((change) => client.watched.has(change.table))
      if (wanted.length > 0) client.post({ kind: 'changes', origin, changes: wanted })
    }
    this.#live.part?.onChanges(changes)
    this.#filling.noteChanges(changes)
    if (this.#filling.isBusy) this.#plan()
  }

  /** For schedules, and for live queries that wait their turn. */
  #armTimer(): void {
    const { now, wallMs } = this.#options
    const liveDueMs = this.#live.part?.nextDueMs()
    this.#timer.arm([
      ...(this.#dueAtMs === undefined ? [] : [this.#dueAtMs - wallMs()]),
      ...(liveDueMs === undefined ? [] : [liveDueMs - now()]),
    ])
  }

  /** The client's tab closed it or is gone. */
  #leave(client: HostClient): void {
    if (this.#clients.get(client.clientId) !== client) return
    if (this.#isSuspended) {
      this.#postponed.push(() => this.#leave(client))
      return
    }
    this.#forget(client)
    this.#disconnect(connectionOf(client))
  }

  #disconnect(connection: Connection): void {
    try {
      const commit = this.#engine.disconnect(connection)
      for (const outcome of commit.outcomes) if (!outcome.ok) this.#options.onFault(outcome.error)
      this.#publish(commit)
    } catch (error) {
      this.#options.onFault(error)
    }
    this.flush()
  }

  #forget(client: HostClient): void {
    this.#dropWork(client)
    client.stopWatching()
    this.#live.part?.leave(client)
    client.onGone()
    if (this.#clients.get(client.clientId) === client) this.#clients.delete(client.clientId)
    this.#sync.leave(client)
  }

  #dropWork(client: HostClient): void {
    this.#calls.drop(client)
    this.#reads.drop(client)
  }
}

function isPlain(read: Read): read is PlainRead {
  const isPlanned = read.kind === 'explain' || read.kind === 'relation'
  return !isPlanned && !isUndoRead(read) && !isHistoryRead(read)
}

function connectionOf({ clientId, identity }: HostClient): Connection {
  return { connectionId: clientId, identity }
}
