/**
 * The state of one view in a SQLite database, inside the transactions of whoever owns the driver.
 *
 * Life: `openSqliteState` reads the record; `start` (in a transaction) drops what is there and begins
 * anew; the circuit asks for its pieces once; then steps, each in a transaction that ends with `flush`
 * and COMMIT, or with ROLLBACK and `discard`.
 */
import { assert } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Bag, Cells, OrderedBag, OrderTerm, StateName, StateStore } from '../../state.ts'
import { Digest, type DigestSeed, digestSeed } from '../digest.ts'
import {
  checkViewName,
  isSameView,
  type PieceKind,
  pieceTable,
  STORE_FORMAT,
  storeChanged,
  storeCorrupt,
  type ViewIdentity,
  type ViewPhase,
  type ViewRecord,
} from '../format.ts'
import type { Piece, PieceOwner } from './piece.ts'
import { SqliteBag } from './sqlite-bag.ts'
import { SqliteCells } from './sqlite-cells.ts'
import {
  createPiece,
  createRecordTables,
  dropPieces,
  type PieceEntry,
  readPieces,
  readRecord,
  rereadRecord,
  updateRecord,
  writeRecord,
} from './sqlite-record.ts'

/** Groups or values remembered per piece of state unless told otherwise: a few MB each. */
export const CACHED_MAX = 10_000

/** Where the state is, and how much of it is remembered. */
export interface SqliteStateOptions {
  readonly driver: Driver
  readonly view: string
  /** Groups and values remembered per piece of state. Default {@link CACHED_MAX}. */
  readonly cachedMax?: number
}

/** What a flush says of the view. */
export interface FlushNotes {
  readonly phase?: ViewPhase
  readonly inputTime?: number
  readonly frontier?: number
}

/**
 * Reads what a database knows of a view. Writes nothing.
 *
 * @throws UniverseError `views/store-too-new`; `views/invalid-graph` for a name that is none.
 */
export function openSqliteState(options: SqliteStateOptions): SqliteState {
  checkViewName(options.view)
  return new SqliteState(options)
}

/** See the head of this file. */
export class SqliteState implements StateStore, PieceOwner {
  readonly isRemote = false
  readonly cachedMax: number
  readonly #driver: Driver
  readonly #view: string
  #record: ViewRecord | undefined
  #digest: Digest
  #entries: ReadonlyMap<StateName, PieceEntry>
  /** State is being made from the start: pieces may be created. */
  #isNew = false
  readonly #pieces: Piece[] = []

  constructor({ driver, view, cachedMax = CACHED_MAX }: SqliteStateOptions) {
    this.#driver = driver
    this.#view = view
    this.cachedMax = cachedMax
    this.#record = readRecord(driver, view)
    this.#digest = new Digest(this.#record?.digest)
    this.#entries = readPieces(driver, view)
  }

  /** As last read, started or flushed. Undefined: the database knows nothing of the view. */
  get record(): ViewRecord | undefined {
    return this.#record
  }

  /** The digest of the state as it is now, what waits for the flush left out. */
  get digest(): Digest {
    return this.#digest
  }

  /** True when there is state, made by this definition. */
  isOf(identity: ViewIdentity): boolean {
    return this.#record !== undefined && isSameView(this.#record, identity)
  }

  /**
   * Drops what there is of the view and begins anew, keeping its time. To be called before the circuit
   * is made. Asserts an open transaction.
   */
  start(identity: ViewIdentity, phase: ViewPhase): void {
    assert(this.#driver.isInTransaction, 'a view is started in a transaction')
    assert(this.#pieces.length === 0, 'a view is started before its circuit is made')
    createRecordTables(this.#driver)
    dropPieces(this.#driver, this.#view)
    const { inputTime = -1, frontier = -1, flushes = 0 } = this.#record ?? {}
    this.#digest = new Digest()
    this.#entries = new Map()
    this.#isNew = true
    this.#record = {
      definitionHash: identity.definitionHash,
      schemaVersion: identity.schemaVersion,
      format: STORE_FORMAT,
      phase,
      inputTime,
      frontier,
      flushes: flushes + 1,
      digest: this.#digest.text(),
    }
    writeRecord(this.#driver, this.#view, this.#record)
  }

  bag<R>(name: StateName): Bag<R> {
    return this.#bag(name, undefined)
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    return this.#bag(name, order)
  }

  cells<V>(name: StateName): Cells<V> {
    return this.#open(name, 'cells', (table, seed) => {
      return new SqliteCells<V>(this.#driver, table, this, seed)
    })
  }

  /**
   * Reads the record again, as the first thing of a transaction where others may have written; forgets
   * what was read before if they have.
   *
   * @throws UniverseError `views/store-changed` when the view was built anew from another definition.
   */
  refresh(): void {
    const known = this.#record
    const record = rereadRecord(this.#driver, this.#view)
    if (record === undefined || known === undefined || !isSameView(record, known)) {
      throw storeChanged(this.#view)
    }
    // The digest too: a view that was dropped and made anew counts its flushes from the start.
    if (record.flushes !== known.flushes || record.digest !== known.digest) this.discard()
  }

  /** Writes what waits, and the record. Asserts an open transaction. */
  flush(notes: FlushNotes = {}): void {
    assert(this.#driver.isInTransaction, 'state is flushed in a transaction')
    assert(this.#record !== undefined, 'a view is started before it is flushed')
    for (const piece of this.#pieces) piece.flush()
    const { flushes } = this.#record
    this.#record = {
      ...this.#record,
      ...notes,
      flushes: flushes + 1,
      digest: this.#digest.text(),
    }
    updateRecord(this.#driver, this.#view, this.#record)
  }

  /**
   * Forgets what was read and what waits, after the transaction (or savepoint) was rolled back; reads the
   * record again.
   */
  discard(): void {
    for (const piece of this.#pieces) piece.discard()
    this.#record = readRecord(this.#driver, this.#view)
    this.#digest = new Digest(this.#record?.digest)
  }

  /** Compares the whole state with its digest. Cost: reads all tables of the view. */
  verify(): boolean {
    const digest = new Digest()
    for (const piece of this.#pieces) piece.addTo(digest)
    return digest.text() === this.#record?.digest
  }

  #bag<R>(name: StateName, order: readonly OrderTerm<R>[] | undefined): SqliteBag<R> {
    return this.#open(name, order === undefined ? 'bag' : 'ordered', (table, seed) => {
      return new SqliteBag<R>(this.#driver, table, this, seed, order)
    })
  }

  #open<P extends Piece>(
    name: StateName,
    kind: PieceKind,
    create: (table: string, seed: DigestSeed) => P,
  ): P {
    const table = pieceTable(this.#view, name)
    const entry = this.#entries.get(name)
    if (entry === undefined && this.#isNew) {
      createPiece(this.#driver, this.#view, name, { kind, table })
    } else if (entry?.kind !== kind) throw storeChanged(this.#view)
    else if (!entry.isThere) throw storeCorrupt(this.#view, `the table of ${name} is gone`)
    const piece = create(table, digestSeed(name))
    this.#pieces.push(piece)
    return piece
  }
}
