/**
 * Takes over what a replaced file held: local rows and answers as they were, pending deltas as they
 * were or authored anew. All in the open transaction. STORAGE.md SY10.
 */
import {
  type AdoptedDelta,
  type Base,
  type Cells,
  type Conflict,
  createSegmentWriter,
  type Delta,
  type HlcClock,
  type KeptConflict,
  type MergedRows,
  type Module,
  mergeOperations,
  type Origin,
  originHash,
  parseCallId,
  type RowOperation,
  type SealedBatch,
  type Stamp,
  type StoredValue,
  type StreamId,
} from '@inner-universe/core'
import { inSavepoint } from '@inner-universe/sqlite'
import { callError, isStorageError } from './call-error.ts'
import type { CallFacts } from './call-scope.ts'
import type { CarriedLocal, CarriedStream } from './carry-over.ts'
import { ConflictFinder, type ConflictParts } from './conflict-finder.ts'
import type { LogRow } from './delta-log.ts'
import type { AdoptOptions, CarryOver, PendingDelta } from './engine.ts'
import type { HeldLog } from './held-log.ts'
import { keepConflicts } from './kept-conflicts.ts'
import { writeFold } from './merge-fold.ts'
import { quoteName } from './schema.ts'
import type { SyncState } from './sync-state.ts'
import type { Author } from './transaction.ts'
import type { WriteScope } from './write-scope.ts'

/** What taking over needs besides the open transaction. */
export interface AdoptParts extends ConflictParts {
  readonly module: Module
  readonly log: HeldLog
  readonly clock: HlcClock
  readonly sync: SyncState
}

/** What became of the pending deltas. */
export interface Adopted {
  readonly adopted: readonly AdoptedDelta[]
  readonly conflicts: readonly KeptConflict[]
  /** The stream to write on in; undefined: the one this engine began. */
  readonly stream: StreamId | undefined
}

/** Takes everything over. The file has read the relay's log and holds nothing of its own. */
export function adoptAll(
  author: Author,
  parts: AdoptParts,
  carryOver: CarryOver,
  options: AdoptOptions,
): Adopted {
  const { scope } = author
  const local = carryOver.local as CarriedLocal
  const { headHlcs } = local
  const finder = new ConflictFinder(scope, parts, parts.sync.position.epoch)
  const compare = (fold: MergedRows) => finder.lookOwn(fold, headHlcs)
  const kept = new Set<StreamId>()
  const adopted: AdoptedDelta[] = []
  for (const carried of local.streams) {
    if (!canKeep(scope, parts, carryOver, carried, options)) continue
    kept.add(carried.stream)
    adopted.push(...keepStream(scope, parts, carryOver, carried.stream, compare))
  }
  const writer = new Reauthoring(author, parts, options, compare)
  // The order in which they were written, whatever their streams.
  const anew = carryOver.pending.filter(({ delta }) => !kept.has(delta.stream))
  anew.sort((a, b) => a.delta.hlc - b.delta.hlc)
  for (const pending of anew) {
    const { stream, seq } = pending.delta
    const isRead = seq <= readSeq(scope, parts.log, carryOver.sealed, stream)
    adopted.push(isRead ? { kind: 'settled', from: { stream, seq } } : writer.write(pending))
  }
  // Order matters: reducers that ran again may have written local rows, which are carried over whole.
  restoreLocal(scope, local)
  const conflicts = keepConflicts(scope.driver, [...writer.conflicts, ...finder.conflicts()])
  const isContinued = kept.has(carryOver.stream)
  const isBegun = adopted.some(({ kind }) => kind === 'reauthored')
  // Nothing was written to the stream that this engine began: it stays nobody's.
  if (isContinued && !isBegun) scope.streams.setOwn(scope.streams.writing, false)
  return { adopted, conflicts, stream: isContinued ? carryOver.stream : undefined }
}

/** The last of some sealed deltas that this file has read in the log; 0: none. */
function readSeq(
  { streams }: WriteScope,
  log: HeldLog,
  sealed: readonly SealedBatch[],
  id: StreamId,
): number {
  const stream = streams.find(id)
  if (stream === undefined) return 0
  // Each batch names the one before: where one is the same, so are all below it.
  const last = sealed.findLast(
    ({ stream: of, firstSeq, hash }) =>
      of === id && (hash === stream.batchHash || hash === log.rowAt(stream, firstSeq)?.hash),
  )
  return last === undefined ? 0 : last.firstSeq + last.deltaCount - 1
}

/** Whether an own stream can go on where it stood: the log ends it at a batch that this replica sealed. */
function canKeep(
  scope: WriteScope,
  { sync, log }: AdoptParts,
  { pending, sealed }: CarryOver,
  { stream, ackedSeq, ackedHash }: CarriedStream,
  { keepsStream, denied, settled }: AdoptOptions,
): boolean {
  if (!keepsStream) return false
  if ([...denied, ...settled].some((one) => one.stream === stream)) return false
  const isJoining = sync.position.offset > 0
  if (isJoining && pending.some(({ delta }) => delta.stream === stream && isInit(delta)))
    return false
  const held = scope.streams.find(stream)
  const seq = held?.headSeq ?? 0
  // Below a floor the batches are not held here, and pending ones would leave a gap.
  if (seq < ackedSeq) return false
  if (seq === ackedSeq) return seq === 0 || held?.batchHash === ackedHash
  return seq === readSeq(scope, log, sealed, stream)
}

function isInit({ reducer }: Delta): boolean {
  return reducer === 'init'
}

/** Puts the pending deltas of one stream back as they were. */
function keepStream(
  scope: WriteScope,
  { log, tables, clock }: AdoptParts,
  { pending, sealed }: CarryOver,
  id: StreamId,
  compare: (fold: MergedRows) => void,
): AdoptedDelta[] {
  const { streams } = scope
  const stream = streams.intern(id, true)
  const { headSeq } = stream
  streams.setOwn(stream, true)
  if (headSeq > 0) streams.setAcked(stream, headSeq, stream.batchHash)
  const own = pending.filter(({ delta }) => delta.stream === id)
  const left = own.filter(({ delta }) => delta.seq > headSeq)
  const fold: MergedRows = new Map()
  for (const { delta } of left) mergeOperations(fold, delta, tables)
  compare(fold)
  writeFold(scope, fold)
  const batches = sealed.filter(({ stream: of, firstSeq }) => of === id && firstSeq > headSeq)
  let at = 0
  for (const batch of batches) {
    log.put(stream, rowOf(left.slice(at, at + batch.deltaCount), batch))
    at += batch.deltaCount
  }
  // Not sealed yet: a row each, which sealing will group.
  for (const one of left.slice(at)) log.put(stream, rowOf([one], undefined))
  const last = left.at(-1)
  if (last !== undefined) {
    streams.moveHead(stream, last.delta.seq, last.delta.hlc)
    clock.receive(last.delta.hlc)
  }
  const lastBatch = batches.at(-1)
  if (lastBatch !== undefined) {
    streams.setBatch(stream, lastBatch.firstSeq + lastBatch.deltaCount - 1, lastBatch.hash)
  }
  return own.map(({ delta: { stream: of, seq } }) => ({
    kind: seq > headSeq ? 'kept' : 'settled',
    from: { stream: of, seq },
  }))
}

function rowOf(pending: readonly PendingDelta[], batch: SealedBatch | undefined): LogRow {
  const [first] = pending as readonly [PendingDelta]
  const hasOrigin = pending.some(({ origin }) => origin !== undefined)
  const hasCall = pending.some(({ call }) => call !== undefined)
  const base: Base | undefined = first.base.epoch === '' ? undefined : first.base
  return {
    firstSeq: first.delta.seq,
    deltaCount: pending.length,
    firstHlc: first.delta.hlc,
    offset: undefined,
    base,
    hash: batch?.hash,
    header: batch?.header,
    origins: hasOrigin ? pending.map(({ origin }) => origin) : undefined,
    calls: hasCall ? pending.map(({ call }) => call) : undefined,
    bytes: batch?.content ?? segmentOf(first.delta),
  }
}

function segmentOf(delta: Delta): Uint8Array {
  const { stream, seq, schemaVersion } = delta
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq: seq })
  writer.append(delta)
  return writer.finish()
}

/** Rows of local tables and of the engine's own, in place of what is there. */
function restoreLocal({ driver }: WriteScope, { tables }: CarriedLocal): void {
  for (const { name, columns, rows } of tables) {
    const places = columns.map((_, index) => `?${index + 1}`).join(', ')
    const list = columns.map(quoteName).join(', ')
    driver.exec(`DELETE FROM ${quoteName(name)}`)
    for (const row of rows) {
      driver.prepare(`INSERT INTO ${quoteName(name)} (${list}) VALUES (${places})`).run(row)
    }
  }
}

/** Authors pending deltas anew, each on top of those before. */
class Reauthoring {
  readonly #author: Author
  readonly #parts: AdoptParts
  readonly #options: AdoptOptions
  readonly #compare: (fold: MergedRows) => void
  /** Old stamp → new: removals of set elements name the stamps of own additions. */
  readonly #stamps = new Map<string, Stamp>()
  readonly conflicts: Conflict[] = []

  constructor(
    author: Author,
    parts: AdoptParts,
    options: AdoptOptions,
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
    if (isInit(delta) && this.#parts.sync.position.offset > 0) return { kind: 'settled', from }
    const origin = pending.origin ?? { ...from, hash: originHash(delta) }
    const mode = this.#parts.module.reducers[delta.reducer]?.mode
    return mode === 'recheck' && pending.call !== undefined
      ? this.#runAgain(pending, origin)
      : this.#reissue(delta, origin)
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
  #stillPossible({ operations }: Delta): {
    readonly operations: readonly RowOperation[]
    readonly lost: readonly RowOperation[]
    /** True when something was to be deleted that is gone already. */
    readonly isGone: boolean
  } {
    const { rows, schema } = this.#author.scope
    const born = new Set<string>()
    const possible: RowOperation[] = []
    const lost = new Map<string, RowOperation>()
    let isGone = false
    for (const operation of operations) {
      const { kind, table: name, id } = operation
      const key = `${name} ${id}`
      const table = schema.get(name)
      if (kind === 'insert') born.add(key)
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
