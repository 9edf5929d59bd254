/** A view in memory: gone with the process. */
import type { Circuit, Deltas } from '../circuit.ts'
import { MemoryState } from '../memory-state.ts'
import type { Bag, Cells, Datum, OrderedBag, OrderTerm, StateName, StateStore } from '../state.ts'
import { checkViewName, unknownPiece } from './format.ts'
import { rebuildFrom } from './rebuild.ts'
import { type BatchBackend, TimedRuns } from './timed-runs.ts'
import { UndoState } from './undo-state.ts'
import {
  type CacheEntry,
  type CacheRange,
  type ReadonlyCache,
  type StoreStatus,
  type Time,
  type ViewStore,
  type ViewStoreOptions,
  WAIT_MS_MAX,
} from './view-store.ts'

/**
 * Opens a view in memory. It is always new: `rebuild`, where given, fills it.
 *
 * @throws UniverseError `views/…`; what `rebuild` throws.
 */
export async function openMemoryStore(options: ViewStoreOptions): Promise<ViewStore> {
  checkViewName(options.view)
  const backend = new MemoryBackend(options)
  await rebuildFrom(options, 'missing', (inputs) => backend.step(inputs, undefined))
  await backend.commit()
  const { clock, timeoutMs = WAIT_MS_MAX } = options
  return new MemoryStore(backend, new TimedRuns({ backend, clock, timeoutMs }))
}

class MemoryStore implements ViewStore {
  readonly kind = 'memory'
  readonly #backend: MemoryBackend
  readonly #runs: TimedRuns

  constructor(backend: MemoryBackend, runs: TimedRuns) {
    this.#backend = backend
    this.#runs = runs
  }

  run(inputs: Deltas, time?: Time): Promise<Deltas> {
    return this.#runs.run(inputs, time)
  }

  skip(inputTime: number): Promise<void> {
    return this.#runs.skip(inputTime)
  }

  status(): Promise<StoreStatus> {
    return this.#runs.inTurn(() => this.#backend.status())
  }

  cache<R>(name: StateName): ReadonlyCache<R> {
    const piece = this.#backend.pieces.get(name)
    if (piece === undefined) throw unknownPiece(name)
    return new MemoryCache<R>(piece, this.#runs)
  }

  /** True: nothing was written anywhere that could differ. */
  verify(): Promise<boolean> {
    return this.#runs.inTurn(async () => true)
  }

  close(): Promise<void> {
    return this.#runs.close()
  }
}

type Piece =
  | { readonly kind: 'bag'; readonly bag: Bag<unknown> }
  | { readonly kind: 'ordered'; readonly bag: OrderedBag<unknown> }
  | { readonly kind: 'cells'; readonly cells: Cells<unknown> }

/** Remembers which pieces of state a circuit asked for. */
class ListedState implements StateStore {
  readonly isRemote: boolean
  readonly pieces = new Map<StateName, Piece>()
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
    this.isRemote = store.isRemote
  }

  bag<R>(name: StateName): Bag<R> {
    const bag = this.#store.bag<R>(name)
    this.pieces.set(name, { kind: 'bag', bag: bag as Bag<unknown> })
    return bag
  }

  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    const bag = this.#store.orderedBag(name, order)
    this.pieces.set(name, { kind: 'ordered', bag: bag as OrderedBag<unknown> })
    return bag
  }

  cells<V>(name: StateName): Cells<V> {
    const cells = this.#store.cells<V>(name)
    this.pieces.set(name, { kind: 'cells', cells: cells as Cells<unknown> })
    return cells
  }
}

class MemoryBackend implements BatchBackend {
  readonly pieces: ReadonlyMap<StateName, Piece>
  readonly #state = new UndoState(new MemoryState())
  readonly #circuit: Circuit
  #committed: StoreStatus = { inputTime: -1, frontier: -1, skipped: [] }
  #pending: StoreStatus = this.#committed

  constructor({ definition }: ViewStoreOptions) {
    const listed = new ListedState(this.#state)
    this.#circuit = definition.createCircuit(listed)
    this.pieces = listed.pieces
  }

  async inputTime(): Promise<number> {
    return this.#pending.inputTime
  }

  async begin(): Promise<boolean> {
    return true
  }

  async step(inputs: Deltas, time: Time | undefined): Promise<Deltas> {
    const outputs = this.#circuit.step(inputs)
    if (time !== undefined) {
      const { inputTime, skipped } = this.#pending
      this.#pending = {
        inputTime: Math.max(inputTime, time.inputTime),
        frontier: time.frontier,
        skipped: skipped.filter((each) => each !== time.inputTime),
      }
    }
    return outputs
  }

  async commit(): Promise<void> {
    this.#state.keep()
    this.#committed = this.#pending
  }

  async rollback(): Promise<void> {
    this.#state.takeBack()
    this.#pending = this.#committed
  }

  async skip(inputTimes: readonly number[]): Promise<void> {
    const { inputTime, frontier, skipped } = this.#pending
    this.#pending = {
      inputTime: Math.max(inputTime, ...inputTimes),
      frontier,
      skipped: [...new Set([...skipped, ...inputTimes])].sort((a, b) => a - b),
    }
    await this.commit()
  }

  async status(): Promise<StoreStatus> {
    return this.#pending
  }

  async close(): Promise<void> {
    // Nothing is held but memory.
  }
}

class MemoryCache<R> implements ReadonlyCache<R> {
  readonly #piece: Piece
  readonly #runs: TimedRuns

  constructor(piece: Piece, runs: TimedRuns) {
    this.#piece = piece
    this.#runs = runs
  }

  get(key: Datum, { from = 0, rowsMax = Infinity }: CacheRange = {}): Promise<CacheEntry<R>[]> {
    return this.#runs.inTurn(async () => {
      const piece = this.#piece
      const found: CacheEntry<R>[] = []
      if (piece.kind === 'cells') {
        const value = piece.cells.get(key)
        if (value !== undefined) found.push({ key, row: value as R, weight: 1 })
      } else {
        piece.bag.each(key, (row, weight) => {
          found.push({ key, row: row as R, weight })
          return undefined
        })
      }
      return found.slice(from, from + rowsMax)
    })
  }

  async *entries(): AsyncIterable<CacheEntry<R>> {
    yield* await this.#runs.inTurn(async () => {
      const piece = this.#piece
      const found: CacheEntry<R>[] = []
      if (piece.kind === 'cells') {
        piece.cells.eachEntry((key, row) => found.push({ key, row: row as R, weight: 1 }))
      } else {
        piece.bag.eachEntry((key, row, weight) => found.push({ key, row: row as R, weight }))
      }
      return found
    })
  }
}
