/**
 * Keeps a host in sync with a relay: wires the replica half of the protocol to the host's database on
 * one side and to its clients on the other. Loaded only where a universe is opened with `sync`.
 */
import type { Hash } from '@inner-universe/core'
import {
  AWARE_BYTES_MAX,
  type Compression,
  type Connect,
  hashOf,
  type ImageSource,
  ReplicaSync,
  type Scheduler,
  type SyncStatus,
} from '@inner-universe/sync'
import type { SyncRequest } from '../../rpc/commands.ts'
import type { SyncItem, SyncNews } from '../../rpc/contract.ts'
import { equalValue } from '../../rpc/equal-value.ts'
import { PEERS_MS_MIN, STATUS_MS_MIN } from '../../rpc/limits.ts'
import type { HostClient } from '../host-client.ts'
import type { OpenDatabase } from '../host-commands.ts'
import type { SyncHost, SyncPart } from '../sync-part.ts'
import { Confirmations } from './confirmations.ts'
import { HostHome } from './host-home.ts'
import { LogTrimmer } from './log-trimmer.ts'
import { Presences } from './presences.ts'
import { TokenDesk } from './token-desk.ts'

/** What a host's sync is made of. */
export interface HostSyncOptions {
  readonly host: SyncHost
  readonly database: OpenDatabase
  readonly request: SyncRequest
  readonly connect: Connect
  /** Where images come from, given where tokens do. */
  readonly imagesWith: (token: () => Promise<string>) => ImageSource
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly hashChunk: (bytes: Uint8Array) => Promise<Hash>
  /** A number from 0 up to 1. */
  readonly randomFloat: () => number
  readonly isOnline: boolean
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  readonly onFault: (error: unknown) => void
}

/** Name of this program in the relay's log. */
const AGENT = 'inner-universe/0.1'

/** The sync of one host. */
export class HostSync implements SyncPart {
  readonly #options: HostSyncOptions
  readonly #home: HostHome
  readonly #confirmations: Confirmations
  readonly #presences = new Presences(AWARE_BYTES_MAX)
  readonly #tokens: TokenDesk
  readonly #trimmer: LogTrimmer
  /** The token the relay took last; images are fetched with it. */
  #token: string | undefined
  #replicaSync: ReplicaSync | undefined
  #isPaused: boolean
  #isOnline: boolean
  /** What clients were told last. */
  #told: SyncStatus
  #isPokePlanned = false
  #stopStatusTimer: (() => void) | undefined
  #stopPeersTimer: (() => void) | undefined
  #hasBeenLive = false

  constructor(options: HostSyncOptions) {
    this.#options = options
    const { host, database, request, scheduler, isOnline, onFault } = options
    this.#isPaused = request.isPaused
    this.#isOnline = isOnline
    this.#home = new HostHome({ database, hash: hashOf })
    this.#confirmations = new Confirmations(() => host.engine.replica)
    this.#tokens = new TokenDesk({
      givers: () => host.clients(),
      flush: () => host.flush(),
      setTimer: (run, delayMs) => scheduler.setTimer(delayMs, run),
    })
    this.#trimmer = new LogTrimmer({ engine: () => host.engine, scheduler, onFault })
    this.#told = {
      kind: request.isPaused ? 'paused' : 'offline',
      unsyncedCount: host.engine.replica.unsyncedCount(),
      lastContactMs: undefined,
    }
  }

  start(): void {
    const { host, database, request, connect, imagesWith, scheduler, compression, hashChunk } =
      this.#options
    const { randomFloat } = this.#options
    const fetchToken = async (): Promise<string> => {
      this.#token = await this.#tokens.fetch()
      return this.#token
    }
    const sync = new ReplicaSync({
      universe: request.universe,
      home: this.#home,
      connect,
      images: imagesWith(async () => this.#token ?? fetchToken()),
      scheduler,
      randomFloat,
      compression,
      hashChunk,
      getToken: fetchToken,
      agent: AGENT,
      onStatus: (status) => this.#statusChanged(status),
      onConfirmed: () => {
        this.#confirmations.settle()
        host.flush()
      },
      onChangeset: (changeset) => host.publish(changeset),
      onConflicts: (conflicts) => this.#tellAll({ kind: 'conflicts', conflicts }),
      onTakenIn: () => this.#trimmer.check(),
      onRebuilt: ({ adopted }) => {
        this.#confirmations.adopt(adopted)
        host.flush()
      },
      onAware: (sessionId, state) => {
        this.#presences.hear(sessionId, state)
        this.#planPeers()
      },
      onClockOffset: (offsetMs) => {
        database.clock.offsetMs = offsetMs
      },
    })
    this.#replicaSync = sync
    this.#trimmer.check()
    if (this.#isPaused) sync.pause()
    if (!this.#isOnline) sync.setOnline(false)
    sync.setAwareness(this.#presences.encode())
    sync.start()
  }

  async stop(): Promise<void> {
    const sync = this.#replicaSync
    this.#replicaSync = undefined
    this.#trimmer.stop()
    await sync?.stop()
    this.#home.release()
  }

  close(): void {
    this.#stopStatusTimer?.()
    this.#stopPeersTimer?.()
    this.stop().catch(this.#options.onFault)
  }

  welcome(client: HostClient): void {
    client.post({ kind: 'sync-status', status: this.#told })
    this.#tellPeers(client)
    this.#tokens.welcome(client)
    // Perhaps whoever opened it has signed in before.
    if (client.hasToken && this.#told.kind === 'denied') this.#replicaSync?.renewToken()
  }

  leave(client: HostClient): void {
    this.#confirmations.drop(client)
    this.#tokens.drop(client)
    this.#say(client, { kind: 'presence', state: undefined })
    this.#say(client, { kind: 'documents', state: undefined })
  }

  take(client: HostClient, item: SyncItem): void {
    switch (item.kind) {
      case 'confirm':
        this.#confirmations.ask(client, item.id, item.delta)
        return
      case 'pause':
        this.#isPaused = item.isPaused
        if (item.isPaused) this.#replicaSync?.pause()
        else this.#replicaSync?.resume()
        return
      case 'presence':
      case 'documents':
        this.#say(client, item)
        return
      case 'network':
        this.#isOnline = item.isOnline
        this.#replicaSync?.setOnline(item.isOnline)
        return
      case 'token':
      case 'token-failed':
        this.#tokens.take(item)
        return
    }
  }

  /** After the turn: sealing and sending must not delay the answers to the calls. */
  committed(): void {
    if (this.#isPokePlanned) return
    this.#isPokePlanned = true
    this.#options.defer(() => {
      this.#isPokePlanned = false
      this.#replicaSync?.poke()
    })
  }

  #say(
    { clientId }: HostClient,
    { kind, state }: Extract<SyncItem, { kind: 'presence' | 'documents' }>,
  ): void {
    const isNew =
      kind === 'presence'
        ? this.#presences.say(clientId, state)
        : this.#presences.sayDocuments(clientId, state)
    if (isNew) this.#replicaSync?.setAwareness(this.#presences.encode())
    // Whoever opens the first document has not listened before.
    if (isNew || kind === 'documents') this.#planPeers()
  }

  #tellPeers(client: HostClient): void {
    const peers = this.#presences.peersOf(client.clientId)
    client.post({ kind: 'peers', peers, documents: this.#presences.documentsOf(client.clientId) })
  }

  #tellAll(news: SyncNews): void {
    for (const client of this.#options.host.clients()) client.post(news)
    this.#options.host.flush()
  }

  /** At once when it is another state; a count alone changes with every call, and waits a little. */
  #statusChanged({ kind }: SyncStatus): void {
    if (kind === 'live' && !this.#hasBeenLive) {
      this.#hasBeenLive = true
      // Nothing is being rebuilt, so what an earlier worker left half done is of no use any more.
      this.#home.dropStaged().catch(this.#options.onFault)
    }
    if (kind !== this.#told.kind) this.#tellStatus()
    else {
      this.#stopStatusTimer ??= this.#options.scheduler.setTimer(STATUS_MS_MIN, () =>
        this.#tellStatus(),
      )
    }
  }

  #tellStatus(): void {
    this.#stopStatusTimer?.()
    this.#stopStatusTimer = undefined
    const status = this.#replicaSync?.status
    if (status === undefined || equalValue(status, this.#told)) return
    this.#told = status
    this.#tellAll({ kind: 'sync-status', status })
  }

  #planPeers(): void {
    this.#stopPeersTimer ??= this.#options.scheduler.setTimer(PEERS_MS_MIN, () => {
      this.#stopPeersTimer = undefined
      const { host } = this.#options
      for (const client of host.clients()) this.#tellPeers(client)
      host.flush()
    })
  }
}
