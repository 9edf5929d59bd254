/**
 * Homes of documents in memory: replicas that hold rows as tables do, and tell each other of them when
 * the test lets them: late, twice, in any order.
 */
import { DOCUMENT_UPDATE_KINDS, UniverseError } from '@inner-universe/core'
import type { DocumentAddress, DocumentHome, StoredUpdate } from '../document-home.ts'

/** What one transaction did: rows it added, ids it deleted. */
export interface RowsDelta {
  readonly added: readonly (StoredUpdate & { readonly place: string })[]
  readonly deleted: readonly string[]
}

type Listener = (delta: RowsDelta) => void

/** The rows of one replica. Deletes win, whenever they come. */
export class MemoryReplica {
  /** What others have not heard yet. */
  readonly outgoing: RowsDelta[] = []
  readonly #name: string
  readonly #rows = new Map<string, StoredUpdate & { readonly place: string }>()
  readonly #deleted = new Set<string>()
  readonly #listeners = new Set<Listener>()
  #lastNumber = 0
  /** When set, writes fail with it. */
  failure: UniverseError | undefined

  constructor(name: string) {
    this.#name = name
  }

  /** Number of rows that are there. */
  get rowCount(): number {
    return this.#rows.size
  }

  /** All rows. */
  get rows(): readonly StoredUpdate[] {
    return [...this.#rows.values()].sort((left, right) => (left.id < right.id ? -1 : 1))
  }

  /** Adds a row as it is, as another program could. Gives its id. */
  insert(address: DocumentAddress, update: Uint8Array, kind: number): string {
    const id = this.#newId()
    this.#commit({ added: [{ id, update, kind, place: placeOf(address) }], deleted: [] })
    return id
  }

  /** Takes what another replica did; what it has already changes nothing. */
  take({ added, deleted }: RowsDelta): void {
    const isNew = added.filter(({ id }) => !this.#rows.has(id) && !this.#deleted.has(id))
    const wasThere = deleted.filter((id) => !this.#deleted.has(id))
    for (const id of wasThere) {
      this.#deleted.add(id)
      this.#rows.delete(id)
    }
    for (const row of isNew) this.#rows.set(row.id, row)
    for (const listener of [...this.#listeners]) listener({ added: isNew, deleted: wasThere })
  }

  /** A home over it, as one tab has; `end` is its crash. */
  open(): MemoryHome {
    return new MemoryHome(this)
  }

  /** For homes. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** For homes: one transaction. @throws UniverseError the failure that is set. */
  compact(address: DocumentAddress, checkpoint: Uint8Array, covers: readonly string[]): void {
    const place = placeOf(address)
    const deleted = covers.filter((id) => this.#rows.get(id)?.place === place)
    if (deleted.length === 0) return
    const kind = DOCUMENT_UPDATE_KINDS.checkpoint
    this.#commit({ added: [{ id: this.#newId(), update: checkpoint, kind, place }], deleted })
  }

  #newId(): string {
    this.#lastNumber += 1
    return `${String(this.#lastNumber).padStart(6, '0')}-${this.#name}`
  }

  #commit(delta: RowsDelta): void {
    if (this.failure !== undefined) throw this.failure
    this.outgoing.push(delta)
    this.take(delta)
  }
}

/** One tab's home over a replica. */
export class MemoryHome implements DocumentHome {
  /** Updates whose append resolved. */
  readonly resolved: Uint8Array[] = []
  /** Calls back `onHide` listeners. */
  readonly hides: Set<() => void> = new Set<() => void>()
  readonly #replica: MemoryReplica
  readonly #stops = new Set<() => void>()
  readonly #gaps = new Set<() => void>()
  #isOver = false

  constructor(replica: MemoryReplica) {
    this.#replica = replica
  }

  async updates(address: DocumentAddress): Promise<readonly StoredUpdate[]> {
    await this.#turn()
    const place = placeOf(address)
    return this.#replica.rows.filter((row) => 'place' in row && row.place === place)
  }

  onUpdates(
    address: DocumentAddress,
    listener: (added: readonly StoredUpdate[], removed?: readonly string[]) => void,
    onGap: () => void,
  ): () => void {
    const place = placeOf(address)
    const stopListening = this.#replica.listen(({ added, deleted }) => {
      const own = added.filter((row) => row.place === place)
      if (own.length > 0 || deleted.length > 0) listener(own, deleted)
    })
    this.#gaps.add(onGap)
    const stop = (): void => {
      stopListening()
      this.#gaps.delete(onGap)
      this.#stops.delete(stop)
    }
    this.#stops.add(stop)
    return stop
  }

  async append(address: DocumentAddress, update: Uint8Array): Promise<void> {
    await this.#turn()
    this.#replica.insert(address, update, DOCUMENT_UPDATE_KINDS.update)
    this.resolved.push(update)
  }

  async compact(
    address: DocumentAddress,
    checkpoint: Uint8Array,
    covers: readonly string[],
  ): Promise<void> {
    await this.#turn()
    this.#replica.compact(address, checkpoint, covers)
  }

  onHide(listener: () => void): () => void {
    this.hides.add(listener)
    return () => this.hides.delete(listener)
  }

  /** Listeners may have missed something. */
  gap(): void {
    for (const onGap of [...this.#gaps]) onGap()
  }

  /** The tab dies: nothing of it is heard or written any more. */
  end(): void {
    this.#isOver = true
    for (const stop of [...this.#stops]) stop()
  }

  async #turn(): Promise<void> {
    await Promise.resolve()
    if (this.#isOver) throw new UniverseError('client/closed', 'this tab is gone')
  }
}

function placeOf({ table, row, document }: DocumentAddress): string {
  return JSON.stringify([table, row, document])
}
