/**
 * The relay's own replica of a universe, by which Yjs clients read and write its documents. It speaks
 * the protocol of all replicas, within the process.
 *
 *     starting ──live, nothing unconfirmed──▶ serving ──lost, or closed──▶ closed
 *
 * It is lost when it would have to be built anew, or may not write: its file goes, its clients come back
 * to another one with all they have. Nothing is lost by that: what was told to anyone is in the log.
 */
import {
  type Changeset,
  type ClientId,
  createClientId,
  formatCallId,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import {
  type Compression,
  type Connect,
  ReplicaSync,
  type Scheduler,
  type SyncStatus,
} from '@inner-universe/sync'
import type { FoldSystem } from '../fold/fold.ts'
import { type Closing, closingOf, RESTARTED } from './closing.ts'
import { documentKey } from './document-address.ts'
import { DocumentPresence } from './document-presence.ts'
import { ReplicaDocument, type UpdateRow } from './replica-document.ts'
import { type AwarenessLimits, SharedAwareness } from './shared-awareness.ts'
import type { DocumentAuthor, DocumentLease, UniverseDocument } from './shared-document.ts'

/** How long a replica may take until it can serve, ms: it reads a log that is near. */
const START_MS_MAX = 30_000

/** How long it may be refused room before its clients are told, ms. */
const QUOTA_MS = 10_000

/** Bytes of its log dropped at a time once a floor is below them, and the pause between, ms. */
const TRIM_BYTES: number = 256 * 1024
const TRIM_MS = 30

/** What a replica is made of. */
export interface DocumentReplicaOptions {
  readonly universe: string
  readonly engine: Engine
  /** Who it is to the relay. */
  readonly identity: string
  readonly token: string
  readonly connect: Connect
  readonly system: FoldSystem
  readonly scheduler: Scheduler
  readonly awarenessLimits: AwarenessLimits
  /** @throws UniverseError (rejects) why an author may not write a row now. */
  readonly permit: (
    row: Omit<UpdateRow, 'id'>,
    of: { readonly table: string; readonly author: DocumentAuthor },
  ) => Promise<void>
  /** Its file is to be removed. Its clients have been told. */
  readonly onLost: () => void
  readonly onFault: (error: unknown) => void
}

interface Pending extends StreamSeq {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface OpenDocument {
  readonly document: ReplicaDocument
  leaseCount: number
}

/** A replica that serves documents. */
export class DocumentReplica {
  readonly #options: DocumentReplicaOptions
  readonly #sync: ReplicaSync
  readonly #presence: DocumentPresence
  readonly #client: ClientId
  readonly #open = new Map<string, OpenDocument>()
  readonly #lost = Promise.withResolvers<never>()
  #pending: Pending[] = []
  #callCount = 0
  #trimmedOffset = 0
  #closed: Promise<void> | undefined
  #onStatus: (status: SyncStatus) => void = () => undefined
  #cancelTrim: (() => void) | undefined
  #cancelLoss: (() => void) | undefined

  constructor(options: DocumentReplicaOptions) {
    const { engine, system } = options
    this.#options = options
    this.#client = createClientId(system.randomBytes)
    // Whoever waits for the start hears of it; later nobody does.
    this.#lost.promise.catch(() => undefined)
    const compression: Compression = { deflate: system.deflate, inflate: system.inflate }
    const noImages = async (): Promise<never> => {
      throw new UniverseError('sync/image-invalid', 'this replica is built without images')
    }
    this.#sync = new ReplicaSync({
      universe: options.universe,
      home: {
        replica: engine.replica,
        // Order matters: what asks for it is not to be stopped from within.
        stage: async () => {
          options.scheduler.setTimer(0, () => this.#lose(RESTARTED))
          throw new Error('the replica is to be built anew')
        },
      },
      connect: options.connect,
      images: { manifest: noImages, chunk: noImages },
      scheduler: options.scheduler,
      randomFloat: () => (system.randomBytes(1)[0] as number) / 256,
      compression,
      hash: system.hash,
      getToken: () => options.token,
      agent: 'inner-universe/relay documents',
      onStatus: (status) => this.#heard(status),
      onConfirmed: (confirmed) => this.#confirm(confirmed),
      onChangeset: (changeset) => this.#changed(changeset),
      onTakenIn: () => this.#trim(),
      onAware: (sessionId, state) => this.#presence.hear(sessionId, state),
    })
    this.#presence = new DocumentPresence({
      scheduler: options.scheduler,
      say: (state) => this.#sync.setAwareness(state),
    })
  }

  /** True until it is lost or closed. */
  get isOpen(): boolean {
    return this.#closed === undefined
  }

  /** Connects; resolves when everything it shows is in the log, and all of the log is in it. */
  async start(): Promise<void> {
    const { scheduler, universe } = this.#options
    const started = Promise.withResolvers<void>()
    const cancel = scheduler.setTimer(START_MS_MAX, () => {
      const message = `the documents of ${universe} could not be opened in ${START_MS_MAX} ms`
      started.reject(new UniverseError('relay/unavailable', message))
    })
    this.#onStatus = ({ kind, unsyncedCount }) => {
      if (kind === 'live' && unsyncedCount === 0) started.resolve()
    }
    this.#sync.start()
    try {
      await Promise.race([started.promise, this.#lost.promise])
    } finally {
      cancel()
      this.#onStatus = () => undefined
    }
  }

  /**
   * A document, shared by all who have it open.
   *
   * @throws UniverseError `document/not-found`, `table/row-not-found`.
   */
  lease(address: UniverseDocument): DocumentLease {
    const { engine, onFault } = this.#options
    const { table, row, document: column } = address
    const updatesTable = this.#updatesTable(table, column)
    if (engine.get(table, row) === undefined) throw rowNotFound(table)
    const key = documentKey(address)
    const entry = this.#open.get(key) ?? {
      document: new ReplicaDocument({
        address,
        updatesTable,
        rows: {
          call: (reducer, args, sender) => this.#call(reducer, args, sender),
          permit: (update, author) => this.#options.permit(update, { table: updatesTable, author }),
          onFault,
        },
        stored: this.#stored(updatesTable, row, column),
        awareness: new SharedAwareness(this.#options.awarenessLimits),
      }),
      leaseCount: 0,
    }
    if (entry.leaseCount === 0) this.#presence.open(key, entry.document.awareness)
    this.#open.set(key, entry)
    entry.leaseCount += 1
    return {
      document: entry.document,
      release: () => {
        entry.leaseCount -= 1
        if (entry.leaseCount > 0) return
        if (this.#open.get(key) === entry) this.#forget(key)
        entry.document.destroy()
      },
    }
  }

  /** Ends its clients, who come back. */
  restart(): void {
    this.#endDocuments(RESTARTED)
  }

  /** Stops; what is unconfirmed is pushed by the next one. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#cancelTrim?.()
    this.#cancelLoss?.()
    this.#presence.stop()
    await this.#sync.stop()
    const closed = new UniverseError('engine/closed', 'the documents of this universe were closed')
    for (const { reject } of this.#pending.splice(0)) reject(closed)
    this.#options.engine.close()
  }

  #updatesTable(table: string, column: string): string {
    const { definitions } = this.#options.engine
    const documents = Object.hasOwn(definitions, table) ? definitions[table]?.documents : undefined
    const found = Object.entries(definitions).find(([, { documentsOf }]) => documentsOf === table)
    if (documents === undefined || !Object.hasOwn(documents, column) || found === undefined) {
      throw new UniverseError('document/not-found', 'there is no such document column here')
    }
    return found[0]
  }

  #stored(table: string, row: string, column: string): readonly UpdateRow[] {
    return this.#options.engine.query({
      table,
      where: {
        kind: 'and',
        of: [
          { kind: 'compare', column: 'row', operator: 'eq', value: row },
          { kind: 'compare', column: 'document', operator: 'eq', value: column },
        ],
      },
      orderBy: [{ column: 'id', direction: 'asc' }],
    }) as unknown as readonly UpdateRow[]
  }

  #call(
    reducer: string,
    args: object,
    sender: string | undefined,
  ): { readonly value: unknown; readonly confirmed: Promise<void> } {
    const { engine, system, identity } = this.#options
    if (!this.isOpen) throw new UniverseError('engine/closed', 'the replica was closed')
    this.#callCount += 1
    const [outcome] = engine.commit([
      {
        callId: formatCallId(this.#client, this.#callCount),
        reducer,
        args,
        timestampMs: Math.floor(system.now()),
        sender: sender ?? identity,
        connectionId: null,
        oldestPendingNumber: this.#callCount,
      },
    ]).outcomes
    if (outcome?.ok !== true) throw outcome?.error
    const { value, delta } = outcome
    if (delta === undefined) return { value, confirmed: Promise.resolve() }
    const { promise: confirmed, resolve, reject } = Promise.withResolvers<void>()
    this.#pending.push({ ...delta, resolve, reject })
    this.#sync.poke()
    return { value, confirmed }
  }

  /** In the order of the stream, which is that of the calls. */
  #confirm(confirmed: readonly StreamSeq[]): void {
    const seqs = new Map(confirmed.map(({ stream, seq }) => [stream, seq]))
    this.#pending = this.#pending.filter(({ stream, seq, resolve }) => {
      if (seq > (seqs.get(stream) ?? 0)) return true
      resolve()
      return false
    })
  }

  /** What others wrote. */
  #changed({ tables, changes }: Changeset): void {
    if (this.#open.size === 0) return
    const { definitions } = this.#options.engine
    const isConcerned = [...tables].some(
      (table) => definitions[table]?.documentsOf ?? definitions[table]?.documents,
    )
    if (!isConcerned) return
    for (const { table, id, before, after } of changes) {
      const owner = definitions[table]?.documentsOf
      if (owner !== undefined) {
        const { row, document } = (after ?? before) as unknown as UpdateRow
        const open = this.#open.get(documentKey({ table: owner, row, document }))
        if (after === undefined) open?.document.rowRemoved(id)
        else open?.document.rowAdded(after as unknown as UpdateRow)
      } else if (after === undefined) {
        for (const document of Object.keys(definitions[table]?.documents ?? {})) {
          const key = documentKey({ table, row: id, document })
          const open = this.#open.get(key)
          if (open === undefined) continue
          // Order matters: a row that comes again is read again.
          this.#forget(key)
          open.document.end(closingOf(rowNotFound(table)))
        }
      }
    }
  }

  #forget(key: string): void {
    this.#open.delete(key)
    this.#presence.close(key)
  }

  #heard(status: SyncStatus): void {
    this.#onStatus(status)
    this.#cancelLoss?.()
    this.#cancelLoss = undefined
    const { kind } = status
    if (kind === 'denied') this.#lose(RESTARTED)
    if (kind !== 'blocked') return
    const closing = closingOf(new UniverseError(status.code, status.message))
    // Too much in too little time passes; a universe that is full does not.
    const waitMs = status.code === 'sync/quota' ? QUOTA_MS : 0
    this.#cancelLoss = this.#options.scheduler.setTimer(waitMs, () => this.#lose(closing))
  }

  #lose(closing: Closing): void {
    if (!this.isOpen) return
    this.#endDocuments(closing)
    this.#lost.reject(
      new UniverseError('relay/unavailable', `the replica was lost: ${closing.reason}`),
    )
    const { onLost, onFault } = this.#options
    this.close().then(onLost, onFault)
  }

  #endDocuments(closing: Closing): void {
    for (const { document } of [...this.#open.values()]) document.end(closing)
  }

  /** Forgets what the log no longer needs, a slice at a time. */
  #trim(): void {
    const { engine, scheduler, onFault } = this.#options
    const floor = engine.replica.lastFloor()
    if (floor === undefined || floor.offset === this.#trimmedOffset) return
    this.#cancelTrim ??= scheduler.setTimer(TRIM_MS, () => {
      this.#cancelTrim = undefined
      try {
        if (engine.dropLog(floor.baseOffset, TRIM_BYTES) === 0) this.#trimmedOffset = floor.offset
        else this.#trim()
      } catch (error) {
        onFault(error)
      }
    })
  }
}

function rowNotFound(table: string): UniverseError {
  return new UniverseError('table/row-not-found', `the row of ${table} is not there, or no longer`)
}
