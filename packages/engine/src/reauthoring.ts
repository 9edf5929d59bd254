/** Authoring pending deltas anew, where they cannot stay as they were. STORAGE.md SY15. */
import {
  type AdoptedDelta,
  type Cells,
  type Conflict,
  type Delta,
  type HlcClock,
  type MergedRows,
  type Module,
  mergeOperations,
  type Origin,
  originHash,
  parseCallId,
  type RowOperation,
  type Stamp,
  type StoredValue,
  type StreamId,
} from '@inner-universe/core'
import { inSavepoint } from '@inner-universe/sqlite'
import { callError, isStorageError } from './call-error.ts'
import type { CallFacts } from './call-scope.ts'
import type { ConflictParts } from './conflict-finder.ts'
import type { AdoptOptions, PendingDelta } from './engine.ts'
import { writeFold } from './merge-fold.ts'
import type { SyncState } from './sync-state.ts'
import type { Author } from './transaction.ts'

/** What authoring anew needs besides the open transaction. */
export interface ReauthoringParts extends ConflictParts {
  readonly module: Module
  readonly clock: HlcClock
  readonly sync: SyncState
}

/** How pending deltas are authored anew. */
export interface ReauthoringOptions extends AdoptOptions {
  /** True where the universe was begun by others: what `init` wrote here is left out. */
  readonly isJoining: boolean
}

/** Whether a delta is the one of a module's `init`. */
export function isInit({ reducer }: Delta): boolean {
  return reducer === 'init'
}

/** Authors pending deltas anew, each on top of those before. */
export class Reauthoring {
  readonly #author: Author
  readonly #parts: ReauthoringParts
  readonly #options: ReauthoringOptions
  readonly #compare: (fold: MergedRows) => void
  /** Old stamp → new: removals of set elements name the stamps of own additions. */
  readonly #stamps = new Map<string, Stamp>()
  readonly conflicts: Conflict[] = []

  constructor(
    author: Author,
    parts: ReauthoringParts,
    options: ReauthoringOptions,
    compare: (fold: MergedRows) => void,
  ) {
    this.#author = author
    this.#parts = parts
    this.#options = options
    this.#compare = compare
  }

  write(pending: PendingDelta): AdoptedDelta {
    const { delta } = pending
    const from = { stream: delta.stream, seq: delta.seq }
    const isThis = (one: { readonly stream: StreamId; readonly seq: number }) =>
      one.stream === from.stream && one.seq === from.seq
    const denied = this.#options.denied.find(isThis)
    if (denied !== undefined) {
      this.#note(delta, 'denied', denied.reason, rowsOf(delta.operations))
      return { kind: 'dropped', from, code: 'sync/denied', reason: denied.reason }
    }
    if (this.#options.settled.some(isThis)) return { kind: 'settled', from }
    if (isInit(delta) && this.#options.isJoining) return { kind: 'settled', from }
    const origin = pending.origin ?? { ...from, hash: originHash(delta) }
    const mode = this.#parts.module.reducers[delta.reducer]?.mode
    return mode === 'recheck' && pending.call !== undefined
      ? this.#runAgain(pending, origin)
      : this.#reissue(delta, origin)
  }

  /** What stands for a write now, both as `hlc stream`. */
  newStampOf(stamp: string): string {
    const now = this.#stamps.get(stamp)
    return now === undefined ? stamp : stampKey(now)
  }

  #runAgain({ delta, call }: PendingDelta, origin: Origin): AdoptedDelta {
    const from = { stream: delta.stream, seq: delta.seq }
    const { scope } = this.#author
    const { reducer, args } = delta
    const { callId, sender, timestampMs } = call as NonNullable<PendingDelta['call']>
    const facts: CallFacts = {
      callId,
      ...parseCallId(callId),
      reducer,
      timestampMs,
      sender,
      connectionId: null,
    }
    try {
      const seq = inSavepoint(scope.driver, () =>
        scope.changes.undoable(() => this.#author.run(facts, args, origin) ?? null),
      )
      if (seq === null) return { kind: 'settled', from }
      this.#noteStamp(delta)
      return this.#reauthored(from, seq)
    } catch (error) {
      if (isStorageError(error) || !scope.driver.isInTransaction) throw error
      const { message } = callError(error, reducer)
      this.#note(delta, 'dropped', message, rowsOf(delta.operations))
      return { kind: 'dropped', from, code: 'sync/dropped', reason: message }
    }
  }

  #reissue(delta: Delta, origin: Origin): AdoptedDelta {
    const from = { stream: delta.stream, seq: delta.seq }
    const { operations, lost, isGone } = this.#stillPossible(delta)
    const reason = 'the row is not there any more'
    this.#note(delta, 'dropped', reason, lost)
    if (operations.length === 0) {
      if (isInit(delta)) return { kind: 'settled', from }
      if (isGone && lost.length === 0) return { kind: 'settled', from }
      return { kind: 'dropped', from, code: 'sync/dropped', reason }
    }
    const { scope } = this.#author
    const { clock, tables } = this.#parts
    const hlc = clock.send()
    const stream = scope.streams.writing.id
    const fold: MergedRows = new Map()
    mergeOperations(fold, { hlc, stream, operations }, tables)
    this.#compare(fold)
    writeFold(scope, fold)
    const { reducer, args } = delta
    const entry = { hlc, reducer, operations }
    const seq = this.#author.append(args === undefined ? entry : { ...entry, args }, { origin })
    this.#noteStamp(delta)
    return this.#reauthored(from, seq)
  }

  /** The operations on rows that are there, or that the delta itself brings. */
  #stillPossible(delta: Delta): {
    readonly operations: readonly RowOperation[]
    readonly lost: readonly RowOperation[]
    /** True when something was to be deleted that is gone already. */
    readonly isGone: boolean
  } {
    const { rows, schema } = this.#author.scope
    // All of them: a row may refer to one that comes after it.
    const born = new Set<string>()
    for (const { kind, table, id } of delta.operations) {
      if (kind === 'insert') born.add(`${table} ${id}`)
    }
    const possible: RowOperation[] = []
    const lost = new Map<string, RowOperation>()
    let isGone = false
    for (const operation of isInit(delta) ? this.#notBegun(delta) : delta.operations) {
      const { kind, table: name, id } = operation
      const key = `${name} ${id}`
      const table = schema.get(name)
      if (born.has(key) || (table !== undefined && rows.has(table, id))) {
        possible.push(this.#asOfNow(operation, born))
      } else if (kind === 'delete') {
        isGone = true
        lost.delete(key)
      } else {
        lost.set(key, operation)
      }
    }
    return { operations: possible, lost: [...lost.values()], isGone }
  }

  /** The operations on rows that nobody has begun: what `init` wrote may have been changed since. */
  #notBegun({ operations }: Delta): readonly RowOperation[] {
    const { rows, schema } = this.#author.scope
    return operations.filter(({ table: name, id }) => {
      const table = schema.get(name)
      if (table === undefined || rows.has(table, id)) return false
      const isBegun = (rows.getHidden(table, id)?.hlc ?? 0) > 0
      return !isBegun && rows.getTombstone(table, id) === undefined
    })
  }

  #asOfNow(operation: RowOperation, born: ReadonlySet<string>): RowOperation {
    switch (operation.kind) {
      case 'remove':
        return this.#withNewDots(operation)
      case 'insert':
      case 'update':
        return { ...operation, cells: this.#withoutForgotten(operation, born) }
      default:
        return operation
    }
  }

  /** A floor forgets only rows that nobody can refer to any more: who does so anew refers to nothing. */
  #withoutForgotten(
    { table: name, cells }: Extract<RowOperation, { readonly kind: 'insert' | 'update' }>,
    born: ReadonlySet<string>,
  ): Cells {
    const { rows, schema } = this.#author.scope
    const kept: Record<string, StoredValue> = { ...cells }
    for (const { column, target } of schema.get(name)?.references ?? []) {
      const id = kept[column.name]
      if (typeof id !== 'string' || !column.definition.isOptional) continue
      const isKnown =
        born.has(`${target.name} ${id}`) ||
        rows.has(target, id) ||
        rows.getHidden(target, id) !== undefined ||
        rows.getTombstone(target, id) !== undefined
      if (!isKnown) kept[column.name] = null
    }
    return kept
  }

  #withNewDots(operation: Extract<RowOperation, { readonly kind: 'remove' }>): RowOperation {
    const elements = operation.elements.map(({ element, dots }) => ({
      element,
      dots: dots.map((dot) => this.#stamps.get(stampKey(dot)) ?? dot),
    }))
    return { ...operation, elements }
  }

  #noteStamp(delta: Delta): void {
    const stream = this.#author.scope.streams.writing.id
    this.#stamps.set(stampKey(delta), { hlc: this.#parts.clock.last, stream })
  }

  #reauthored(from: AdoptedDelta['from'], seq: number): AdoptedDelta {
    const to = { stream: this.#author.scope.streams.writing.id, seq }
    return { kind: 'reauthored', from, to }
  }

  #note(
    { reducer }: Delta,
    kind: 'denied' | 'dropped',
    reason: string,
    operations: readonly RowOperation[],
  ): void {
    for (const { table, id } of operations) {
      this.conflicts.push({
        kind,
        table,
        id,
        column: null,
        ours: null,
        theirs: null,
        winner: 'theirs',
        reducer,
        reason,
        atMs: Math.floor(this.#parts.now()),
      })
    }
  }
}

/** One operation for each row that a delta touched. */
function rowsOf(operations: readonly RowOperation[]): readonly RowOperation[] {
  const rows = new Map(operations.map((one) => [`${one.table} ${one.id}`, one]))
  return [...rows.values()]
}

function stampKey({ hlc, stream }: Stamp): string {
  return `${hlc} ${stream}`
}
