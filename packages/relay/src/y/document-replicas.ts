/** The replicas of the universes whose documents Yjs clients have open, and who may open which. */
import { join } from 'node:path'
import {
  APPEND_REDUCER,
  isUniverseError,
  type Module,
  type StreamId,
  UniverseError,
} from '@inner-universe/core'
import { type Scheduler, textHash } from '@inner-universe/sync'
import {
  type LogStore,
  type Policy,
  type RelaySide,
  rightsIn,
  type TokenClaims,
} from '@inner-universe/sync/relay-side'
import { unauthorized } from '../claims.ts'
import type { FoldSystem } from '../fold/fold.ts'
import { DocumentReplica } from './document-replica.ts'
import type { Admission, AdmissionDesk } from './membership.ts'
import type { UpdateRow } from './replica-document.ts'
import { connectWithin } from './replica-pipe.ts'
import { removeReplica, startReplica } from './replica-start.ts'
import type { AwarenessLimits } from './shared-awareness.ts'
import type { DocumentAuthor, UniverseDocument } from './shared-document.ts'

/** What the replicas are made of. */
export interface DocumentReplicasOptions {
  readonly store: LogStore
  readonly relay: Pick<RelaySide, 'accept'>
  /** Who the replicas are to the relay, and by which token. */
  readonly identity: string
  readonly token: string
  readonly verifyToken: (token: string) => Promise<TokenClaims>
  readonly policy: Policy | undefined
  readonly modules: readonly Module[]
  /** Where their files are; undefined: in memory. */
  readonly folder: string | undefined
  readonly system: FoldSystem
  readonly scheduler: Scheduler
  readonly awarenessLimits: AwarenessLimits
  /** Bytes of the log of one universe. */
  readonly universeBytesMax: number
  /** How long a replica that nobody uses stays open, ms. */
  readonly idleMs: number
  readonly onFault: (error: unknown) => void
}

interface Entry {
  readonly opening: Promise<OpenReplica>
  leaseCount: number
  cancelIdle: () => void
}

interface OpenReplica {
  readonly replica: DocumentReplica
  readonly schemaHash: string
}

/** The replicas of a relay: opened with the first client of a universe, closed a while after the last. */
export class DocumentReplicas implements AdmissionDesk {
  readonly #options: DocumentReplicasOptions
  readonly #entries = new Map<string, Entry>()
  /** Those that are being closed: their files are still in use. */
  readonly #closing = new Map<string, Promise<void>>()
  #isClosed = false

  constructor(options: DocumentReplicasOptions) {
    this.#options = options
  }

  async admit(token: string, address: UniverseDocument): Promise<Admission> {
    const claims = await this.renew(token, address)
    const { universe } = address
    const entry = await this.#entry(universe)
    entry.leaseCount += 1
    entry.cancelIdle()
    const release = (): void => {
      entry.leaseCount -= 1
      if (entry.leaseCount === 0) this.#planClose(universe, entry)
    }
    try {
      const { replica } = await entry.opening
      const lease = replica.lease(address)
      return {
        claims,
        lease: {
          document: lease.document,
          release: () => {
            lease.release()
            release()
          },
        },
      }
    } catch (error) {
      release()
      throw error
    }
  }

  async renew(token: string, { universe }: UniverseDocument): Promise<TokenClaims> {
    const { verifyToken, scheduler } = this.#options
    const claims = await verifyToken(token)
    // Clocks may differ a little where tokens are checked, and not where they end.
    if (claims.expiresMs <= scheduler.now()) throw unauthorized('it has expired')
    if (rightsIn(claims, universe)?.read !== true) throw notFound()
    return claims
  }

  /** Closes all replicas. Their clients are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#entries].map(([universe, entry]) => this.#close(universe, entry)))
    await Promise.all(this.#closing.values())
  }

  /** The replica of a universe: another one when its tables have changed. */
  async #entry(universe: string): Promise<Entry> {
    const record = await this.#options.store.find(universe)
    // What is not there is not made by asking for it.
    if (record === undefined) throw notFound()
    const known = this.#entries.get(universe)
    if (known !== undefined) {
      const found = await known.opening.catch(() => undefined)
      if (found?.replica.isOpen && found.schemaHash === record.schemaHash) return known
      found?.replica.restart()
      await this.#close(universe, known)
    }
    const opened = this.#entries.get(universe)
    if (opened !== undefined) return opened
    if (this.#isClosed) throw new UniverseError('relay/unavailable', 'the relay is going down')
    const entry: Entry = {
      opening: this.#open(universe),
      leaseCount: 0,
      cancelIdle: () => undefined,
    }
    this.#entries.set(universe, entry)
    entry.opening.catch(() => this.#forget(universe, entry))
    return entry
  }

  async #open(universe: string): Promise<OpenReplica> {
    await this.#closing.get(universe)
    const { store, relay, modules, identity, token, system, scheduler } = this.#options
    const { awarenessLimits, onFault } = this.#options
    const record = await store.find(universe)
    if (record === undefined) throw notFound()
    const path = this.#pathOf(universe)
    const start = { record, store, modules, path, identity, system, scheduler }
    const engine = await startReplica(start).catch((error: unknown) => {
      if (isUniverseError(error, 'relay/unavailable')) throw error
      // Its file cannot be used, perhaps: once more without it.
      onFault(error)
      removeReplica(path)
      return startReplica(start)
    })
    const replica: DocumentReplica = new DocumentReplica({
      universe,
      engine,
      identity,
      token,
      connect: connectWithin(scheduler, (connection) => relay.accept(connection)),
      system,
      scheduler,
      awarenessLimits,
      permit: (row, of) => this.#permit(universe, engine.info.stream, row, of),
      onLost: () => removeReplica(path),
      onFault,
    })
    try {
      await replica.start()
    } catch (error) {
      await replica.close()
      throw error
    }
    return { replica, schemaHash: record.schemaHash }
  }

  /** What the relay would refuse the author, if it pushed by itself. */
  async #permit(
    universe: string,
    stream: StreamId,
    row: Omit<UpdateRow, 'id'>,
    { table, author }: { readonly table: string; readonly author: DocumentAuthor },
  ): Promise<void> {
    const { store, policy, universeBytesMax, system } = this.#options
    const record = await store.find(universe)
    if ((record?.byteCount ?? 0) + row.update.length > universeBytesMax) {
      throw new UniverseError('sync/quota', 'the universe is full')
    }
    const cells = { ...row, created: Math.floor(system.now()) }
    const outcome = policy?.(
      { kind: 'insert', table, id: '', cells },
      { universe, identity: author.identity, stream, reducer: APPEND_REDUCER },
    )
    if (typeof outcome === 'string') throw new UniverseError('sync/denied', outcome)
  }

  #planClose(universe: string, entry: Entry): void {
    const { scheduler, idleMs, onFault } = this.#options
    entry.cancelIdle = scheduler.setTimer(idleMs, () => {
      this.#close(universe, entry).catch(onFault)
    })
  }

  async #close(universe: string, entry: Entry): Promise<void> {
    entry.cancelIdle()
    if (!this.#forget(universe, entry)) return this.#closing.get(universe)
    const closing = entry.opening
      .then(
        ({ replica }) => replica.close(),
        // It never opened.
        () => undefined,
      )
      .finally(() => {
        if (this.#closing.get(universe) === closing) this.#closing.delete(universe)
      })
    this.#closing.set(universe, closing)
    return closing
  }

  #forget(universe: string, entry: Entry): boolean {
    return this.#entries.get(universe) === entry && this.#entries.delete(universe)
  }

  /** A universe may be named what no file can: its file is named by a hash. */
  #pathOf(universe: string): string | undefined {
    const { folder, system } = this.#options
    return folder === undefined ? undefined : join(folder, `${textHash(universe, system.hash)}.db`)
  }
}

/** What may not be read is as if it were not there. */
function notFound(): UniverseError {
  return new UniverseError('document/not-found', 'there is no such universe')
}
