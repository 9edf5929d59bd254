/**
 * The page's side of the contract: one client, over whatever link there is now.
 *
 *     detached ──attach──▶ greeting ──welcome──▶ open ──detach──▶ detached
 *         │                   │ refused            │ refused, not understood
 *         └───── close ───────┴──────▶ closed, failed (final)
 *
 * Nothing is queued while there is no link: the registers of calls, reads, feeds and listeners are
 * the truth, and a worker that welcomes this client is sent all of it. While open, items leave
 * together at the end of the microtask in which they were made.
 */
import { type ClientId, type Module, UniverseError } from '@inner-universe/core'
import type { Commands, Outcome } from '../rpc/commands.ts'
import { unwrap } from '../rpc/commands.ts'
import {
  CONTRACT_VERSION,
  type PageItem,
  type PageMessage,
  type Welcome,
  type WorkerItem,
} from '../rpc/contract.ts'
import { decodeUniverseError } from '../rpc/error-transfer.ts'
import { BATCH_ITEMS_MAX } from '../rpc/limits.ts'
import type { Lane } from '../rpc/link.ts'
import { parseWorkerMessage } from '../rpc/parse-worker-message.ts'
import { ChangeListeners } from './change-listeners.ts'
import type { Clock } from './clock.ts'
import { LateFeeds } from './late-feeds.ts'
import { PendingCalls } from './pending-calls.ts'
import { PendingReads } from './pending-reads.ts'
import { SyncSession } from './sync-session.ts'
import type { ConnectionState, SyncOptions } from './universe.ts'

/** What a session is made of. */
export interface SessionOptions {
  readonly module: Module
  readonly clientId: ClientId
  /** Undefined: the universe's owner. */
  readonly identity: string | undefined
  readonly clock: Clock
  readonly sync: SyncOptions | undefined
}

/** A way to a worker: the lane of messages, and the commands. */
export interface SessionLink {
  readonly data: Lane
  /** Runs a command. The code that carries it may have to be fetched first. */
  command<Result>(run: (commands: Commands) => Promise<Result>): Promise<Result>
  close(): void
}

/** A client's session, over any number of workers one after the other. */
export class Session {
  readonly calls: PendingCalls
  readonly reads: PendingReads
  readonly live: LateFeeds
  readonly changes: ChangeListeners
  readonly sync: SyncSession
  /** What it was made of. */
  readonly options: SessionOptions
  /** Saves what is unsaved before it closes. */
  onClosing: (() => Promise<void>) | undefined
  readonly #listeners = new Set<(state: ConnectionState) => void>()
  #connection: ConnectionState = { kind: 'connecting' }
  #link: SessionLink | undefined
  #role: 'leader' | 'follower' = 'follower'
  #welcome: Welcome | undefined
  #outgoing: PageItem[] = []
  #onLeft: (() => void) | undefined

  constructor(options: SessionOptions) {
    this.options = options
    const send = (item: PageItem): boolean => this.send(item)
    const { clientId, module, clock } = options
    this.sync = new SyncSession(send, options.sync)
    this.calls = new PendingCalls({
      clientId,
      clock,
      send,
      confirm: (delta) => this.sync.confirm(delta),
    })
    this.reads = new PendingReads(send)
    this.live = new LateFeeds({
      send,
      setTimer: clock.setTimer,
      primaryKeyOf: (table) =>
        Object.hasOwn(module.tables, table)
          ? module.tables[table]?.definition.primaryKey
          : undefined,
    })
    this.changes = new ChangeListeners(send)
  }

  get connection(): ConnectionState {
    return this.#connection
  }

  /** The worker's last welcome. Undefined until the first. */
  get welcome(): Welcome | undefined {
    return this.#welcome
  }

  /** Calls back at each change of the connection; returns the end of it. */
  onConnection(listener: (state: ConnectionState) => void): () => void {
    const own = (state: ConnectionState): void => listener(state)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** Goes on over a new link, leaving any other. */
  attach(link: SessionLink, role: 'leader' | 'follower'): void {
    this.detach()
    if (this.#isOver) {
      link.close()
      return
    }
    this.#link = link
    this.#role = role
    link.data.onMessage = (message) => {
      if (this.#link === link) this.#receive(message)
    }
    const { clientId, identity, module } = this.options
    this.#post({
      kind: 'hello',
      contractVersion: CONTRACT_VERSION,
      clientId,
      identity,
      moduleName: module.name,
      schemaVersion: module.version,
      hasToken: this.sync.hasToken,
    })
  }

  /** The worker is gone, or the way to it. */
  detach(): void {
    const link = this.#link
    if (link === undefined) return
    this.#link = undefined
    this.#outgoing = []
    link.close()
    if (!this.#isOver) this.#setConnection({ kind: 'connecting' })
  }

  /** Resolves when welcomed for the first time. @throws why it never will be. */
  opened(): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (this.#connection.kind === 'failed') reject(this.#connection.error)
        else if (this.#connection.kind === 'closed') reject(this.#closedError())
        else if (this.#connection.kind === 'open' && this.#welcome) resolve(this.#welcome)
        else return
        stop()
      }
      const stop = this.onConnection(check)
      check()
    })
  }

  /**
   * Gives a command and waits for its end.
   *
   * @throws UniverseError `client/worker-failed` when the worker went away before it ended, besides
   * what the command throws.
   */
  async command<Value>(run: (commands: Commands) => Promise<Outcome<Value>>): Promise<Value> {
    await this.opened()
    const link = this.#link
    if (link === undefined) throw this.#workerGone()
    let stop: (() => void) | undefined
    const gone = new Promise<never>((_resolve, reject) => {
      stop = this.onConnection(() => reject(this.#isOver ? this.#overError() : this.#workerGone()))
    })
    try {
      return unwrap((await Promise.race([link.command(run), gone])) as Outcome<Value>)
    } finally {
      stop?.()
    }
  }

  /** Ends everything with an error that will not go away by itself. */
  fail(error: UniverseError): void {
    if (this.#isOver) return
    this.#end({ kind: 'failed', error }, error)
  }

  /** Lets pending calls end, then takes leave of the worker. Idempotent. */
  async close(): Promise<void> {
    if (this.#isOver) return
    await this.onClosing?.()
    // Also while another tab takes over: the calls are sent again to it.
    await this.calls.idle()
    if (this.#link !== undefined && this.#connection.kind === 'open') {
      const left = new Promise<void>((resolve) => {
        this.#onLeft = resolve
        // A worker that is gone does not answer.
        this.onConnection(() => resolve())
      })
      this.#flush()
      this.#post({ kind: 'bye' })
      await left
    }
    this.#end({ kind: 'closed' }, this.#closedError())
  }

  get #isOver(): boolean {
    return this.#connection.kind === 'failed' || this.#connection.kind === 'closed'
  }

  #closedError(): UniverseError {
    return new UniverseError('client/closed', 'the universe was closed; open it again')
  }

  #workerGone(): UniverseError {
    return new UniverseError(
      'client/worker-failed',
      'the tab that owned the database went away meanwhile; try again',
    )
  }

  #overError(): UniverseError {
    return this.#connection.kind === 'failed' ? this.#connection.error : this.#closedError()
  }

  #end(state: ConnectionState, error: UniverseError): void {
    this.#setConnection(state)
    this.detach()
    this.calls.fail(error)
    this.reads.fail(error)
    this.live.fail(error)
    this.sync.fail(error)
  }

  #setConnection(state: ConnectionState): void {
    this.#connection = state
    for (const listener of [...this.#listeners]) listener(state)
  }

  #receive(received: unknown): void {
    try {
      const message = parseWorkerMessage(received)
      switch (message.kind) {
        case 'welcome':
          this.#open(message)
          return
        case 'refused':
          this.fail(decodeUniverseError(message.error, 'client/protocol'))
          return
        case 'left':
          this.#onLeft?.()
          return
        case 'batch':
          for (const item of message.items) this.#take(item)
      }
    } catch (error) {
      // Only a message that does not fit throws: what listeners throw is caught where they are called.
      this.fail(error as UniverseError)
    }
  }

  #take(item: WorkerItem): void {
    switch (item.kind) {
      case 'answer':
      case 'refusal':
        this.calls.settle(item)
        return
      case 'rows':
      case 'value':
      case 'read-failed':
        this.reads.settle(item)
        return
      case 'live-part':
        this.live.feeds?.receivePart(item.id, item)
        return
      case 'live-cut':
        this.live.feeds?.receive(item.news)
        return
      case 'changes':
        this.changes.receive(item.origin, item.changes)
        return
      case 'gap':
        this.changes.gap()
        return
      default:
        this.sync.receive(item)
    }
  }

  #open(welcome: Welcome): void {
    const isReturning = this.#welcome !== undefined
    this.#welcome = welcome
    this.#outgoing = [
      ...this.changes.itemsToSend(),
      ...this.sync.itemsToSend(),
      ...this.calls.itemsToSend(),
      ...this.reads.itemsToSend(),
      ...(this.live.feeds?.itemsToSend() ?? []),
    ]
    this.#setConnection({ kind: 'open', role: this.#role })
    this.#flush()
    if (isReturning) this.changes.gap()
  }

  /** Puts an item on the wire; false when there is none now. */
  send(item: PageItem): boolean {
    if (this.#connection.kind !== 'open') return false
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush())
    this.#outgoing.push(item)
    return true
  }

  #flush(): void {
    const items = this.#outgoing
    this.#outgoing = []
    if (this.#link === undefined) return
    for (let start = 0; start < items.length; start += BATCH_ITEMS_MAX) {
      this.#postItems(
        items.length <= BATCH_ITEMS_MAX ? items : items.slice(start, start + BATCH_ITEMS_MAX),
      )
    }
  }

  #postItems(items: readonly PageItem[]): void {
    try {
      this.#post({ kind: 'batch', oldestPendingNumber: this.calls.oldestPendingNumber, items })
    } catch (cause) {
      const [item] = items
      if (item === undefined) return
      if (items.length > 1) {
        // One value that cannot be cloned must not take its neighbours with it.
        for (const single of items) this.#postItems([single])
        return
      }
      const error = new UniverseError(
        item.kind === 'call' ? 'reducer/invalid-arguments' : 'query/invalid',
        'a value cannot cross threads; give plain data',
        { cause },
      )
      if (item.kind === 'call') this.calls.reject(item.number, error)
      else if (item.kind === 'read') this.reads.reject(item.id, error)
    }
  }

  #post(message: PageMessage): void {
    this.#link?.data.send(message)
  }
}
