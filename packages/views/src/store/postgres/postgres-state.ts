/**
 * The state of one view in a Postgres database: loaded piece by piece for each step, written when it is
 * done, then forgotten, since others may write before the next.
 */
import { assert } from '@inner-universe/core'
import type { Circuit, Deltas } from '../../circuit.ts'
import { type MapKey, mapKey } from '../../map-key.ts'
import type { Bag, Cells, Need, OrderedBag, OrderTerm, StateName, StateStore } from '../../state.ts'
import { Digest, type DigestSeed, digestSeed } from '../digest.ts'
import {
  type PieceKind,
  pieceTable,
  STORE_FORMAT,
  storeChanged,
  storeCorrupt,
  type ViewIdentity,
  type ViewRecord,
} from '../format.ts'
import type { Connection } from './connection.ts'
import {
  createPiece,
  createRecordTables,
  dropPieces,
  type Names,
  type PieceEntry,
  writeRecord,
} from './postgres-record.ts'
import { RemoteBag } from './remote-bag.ts'
import { RemoteCells } from './remote-cells.ts'
import type { NeededKey, PieceOwner, RemotePiece } from './remote-piece.ts'

/** Where the state is, and what the database says of it. */
export interface PostgresStateOptions {
  readonly names: Names
  readonly view: string
  readonly record: ViewRecord | undefined
  readonly entries: ReadonlyMap<StateName, PieceEntry>
  /** The state is made from the start: pieces are created, those that are there dropped. */
  readonly isNew: boolean
}

/** A store whose state must be loaded before it is read. */
export class PostgresState implements StateStore, PieceOwner {
  readonly isRemote = true
  readonly #names: Names
  readonly #view: string
  readonly #entries: ReadonlyMap<StateName, PieceEntry>
  readonly #isNew: boolean
  readonly #pieces = new Map<StateName, RemotePiece>()
  readonly #kinds = new Map<StateName, PieceKind>()
  #record: ViewRecord | undefined
  #digest: Digest

  constructor({ names, view, record, entries, isNew }: PostgresStateOptions) {
    this.#names = names
    this.#view = view
    this.#record = record
    this.#entries = entries
    this.#isNew = isNew
    this.#digest = new Digest(isNew ? undefined : record?.digest)
  }

  /** As last read or flushed. */
  get record(): ViewRecord | undefined {
    return this.#record
  }

  /** The digest of the state with all that the step under way has changed in bags. */
  get digest(): Digest {
    return this.#digest
  }

  /** Whether the view has a piece of that name. */
  has(name: StateName): boolean {
    return this.#pieces.has(name)
  }

  bag<R>(name: StateName): Bag<R> {
    return this.#open(name, 'bag', (table, seed) => new RemoteBag<R>(table, this, seed, undefined))
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    return this.#open(name, 'ordered', (table, seed) => new RemoteBag<R>(table, this, seed, order))
  }

  cells<V>(name: StateName): Cells<V> {
    return this.#open(name, 'cells', (table, seed) => new RemoteCells<V>(table, this, seed))
  }

  /**
   * Drops what there is of the view and makes its tables, once the circuit has asked for them; keeps the
   * time of the view. In a transaction that has the schema to itself.
   */
  async start(by: Connection, identity: ViewIdentity): Promise<void> {
    assert(this.#isNew, 'only a view that is made from the start is started')
    await createRecordTables(by, this.#names)
    await dropPieces(by, this.#names, this.#view)
    for (const [name, kind] of this.#kinds) {
      const table = pieceTable(this.#view, name)
      await createPiece(by, this.#names, this.#view, name, { kind, table })
    }
    const { inputTime = -1, frontier = -1, flushes = 0 } = this.#record ?? {}
    this.#record = {
      definitionHash: identity.definitionHash,
      schemaVersion: identity.schemaVersion,
      format: STORE_FORMAT,
      phase: 'ready',
      inputTime,
      frontier,
      flushes,
      digest: this.#digest.text(),
    }
    await writeRecord(by, this.#names, this.#view, this.#record)
  }

  /** Takes a step, loading what it needs on the way; writes at each load too where `flushesEverySet`. */
  async step(
    by: Connection,
    circuit: Circuit,
    inputs: Deltas,
    flushesEverySet: boolean,
  ): Promise<Deltas> {
    const steps = circuit.steps(inputs)
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
      if (flushesEverySet) await this.#flushPieces(by)
      await this.#load(by, value)
    }
  }

  /** Writes what the step has changed, and the record. */
  async flush(
    by: Connection,
    notes: Partial<Pick<ViewRecord, 'inputTime' | 'frontier'>> = {},
  ): Promise<void> {
    assert(this.#record !== undefined, 'a view is started before it is flushed')
    await this.#flushPieces(by)
    this.#record = {
      ...this.#record,
      ...notes,
      flushes: this.#record.flushes + 1,
      digest: this.#digest.text(),
    }
    await writeRecord(by, this.#names, this.#view, this.#record)
  }

  /** Forgets all that was loaded and changed, and takes up a record as it is now. */
  discard(record: ViewRecord | undefined): void {
    for (const piece of this.#pieces.values()) piece.discard()
    this.#record = record
    this.#digest = new Digest(record?.digest)
  }

  /** The digest of what the tables hold. In a transaction. Cost: reads all tables of the view. */
  async readDigest(by: Connection): Promise<string> {
    const digest = new Digest()
    for (const piece of this.#pieces.values()) await piece.addTo(by, digest)
    return digest.text()
  }

  async #load(by: Connection, needs: readonly Need[]): Promise<void> {
    const byPiece = new Map<StateName, Map<MapKey, NeededKey>>()
    for (const { name, key, rowsMax = Infinity } of needs) {
      const keys = byPiece.get(name) ?? new Map<MapKey, NeededKey>()
      byPiece.set(name, keys)
      const mark = mapKey(key)
      if ((keys.get(mark)?.rowsMax ?? 0) < rowsMax) keys.set(mark, { key, rowsMax })
    }
    for (const [name, keys] of byPiece) {
      const piece = this.#pieces.get(name)
      assert(piece !== undefined, `a piece that is announced is there: ${name}`)
      await piece.load(by, keys)
    }
  }

  async #flushPieces(by: Connection): Promise<void> {
    for (const piece of this.#pieces.values()) await piece.flush(by)
  }

  #open<P extends RemotePiece>(
    name: StateName,
    kind: PieceKind,
    create: (table: string, seed: DigestSeed) => P,
  ): P {
    if (!this.#isNew) {
      const entry = this.#entries.get(name)
      if (entry?.kind !== kind) throw storeChanged(this.#view)
      if (!entry.isThere) throw storeCorrupt(this.#view, `the table of ${name} is gone`)
    }
    const table = this.#names.table(pieceTable(this.#view, name))
    const piece = create(table, digestSeed(name))
    this.#pieces.set(name, piece)
    this.#kinds.set(name, kind)
    return piece
  }
}
