/**
 * Takes over what a replaced file held: local rows and answers as they were, pending deltas as they
 * were or authored anew. All in the open transaction. STORAGE.md SY10.
 */
import {
  type AdoptedDelta,
  type Base,
  createSegmentWriter,
  type Delta,
  type KeptConflict,
  type MergedRows,
  mergeOperations,
  type SealedBatch,
  type StreamId,
} from '@inner-universe/core'
import type { CarriedLocal, CarriedStream } from './carry-over.ts'
import { ConflictFinder } from './conflict-finder.ts'
import type { LogRow } from './delta-log.ts'
import type { AdoptOptions, CarryOver, PendingDelta } from './engine.ts'
import type { HeldLog } from './held-log.ts'
import { keepConflicts } from './kept-conflicts.ts'
import { writeFold } from './merge-fold.ts'
import {
  isInit,
  Reauthoring,
  type ReauthoringOptions,
  type ReauthoringParts,
} from './reauthoring.ts'
import { quoteName } from './schema.ts'
import type { Author } from './transaction.ts'
import { makeUndoTables, UNDO_TABLES, withNewStamps } from './undo/undo-schema.ts'
import type { WriteScope } from './write-scope.ts'

/** What taking over needs besides the open transaction. */
export interface AdoptParts extends ReauthoringParts {
  readonly log: HeldLog
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
  const { sync } = parts
  const local = carryOver.local as CarriedLocal
  const { headHlcs } = local
  const finder = new ConflictFinder(scope, parts, sync.position.epoch)
  const compare = (fold: MergedRows) => finder.lookOwn(fold, headHlcs)
  // An `init` that a relay has lost was how the universe began: what others wrote may need its rows.
  const isJoining = !local.hasLost && sync.position.offset > 0
  if (local.hasLost) sync.noteLost()
  const kept = new Set<StreamId>()
  const adopted: AdoptedDelta[] = []
  for (const carried of local.streams) {
    if (!canKeep(scope, parts, carryOver, carried, { ...options, isJoining })) continue
    kept.add(carried.stream)
    adopted.push(...keepStream(scope, parts, carryOver, carried.stream, compare))
  }
  const writer = new Reauthoring(author, parts, { ...options, isJoining }, compare)
  // The order in which they were written, whatever their streams.
  const anew = carryOver.pending.filter(({ delta }) => !kept.has(delta.stream))
  anew.sort((a, b) => a.delta.hlc - b.delta.hlc)
  for (const pending of anew) {
    const { stream, seq } = pending.delta
    const isRead = seq <= readSeq(scope, parts.log, carryOver.sealed, stream)
    adopted.push(isRead ? { kind: 'settled', from: { stream, seq } } : writer.write(pending))
  }
  // Order matters: reducers that ran again may have written local rows, which are carried over whole.
  restoreLocal(scope, local, (version) => writer.newStampOf(version))
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
  { log }: AdoptParts,
  { pending, sealed }: CarryOver,
  { stream, ackedSeq, ackedHash }: CarriedStream,
  { keepsStream, denied, settled, isJoining }: ReauthoringOptions,
): boolean {
  if ([...denied, ...settled].some((one) => one.stream === stream)) return false
  const own = pending.filter(({ delta }) => delta.stream === stream)
  // What is wholly acknowledged can be authored anew only by whom it belongs to, should a relay lose it.
  if (!keepsStream && (own.length > 0 || ackedSeq === 0)) return false
  if (isJoining && own.some(({ delta }) => isInit(delta))) return false
  const held = scope.streams.find(stream)
  const seq = held?.headSeq ?? 0
  // Below a floor the batches are not held here, and pending ones would leave a gap.
  if (seq < ackedSeq) return false
  if (seq === ackedSeq) return seq === 0 || held?.batchHash === ackedHash
  return seq === readSeq(scope, log, sealed, stream)
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
function restoreLocal(
  { driver }: WriteScope,
  { tables }: CarriedLocal,
  newStampOf: (stamp: string) => string,
): void {
  if (tables.some(({ name }) => Object.hasOwn(UNDO_TABLES, name))) makeUndoTables(driver)
  for (const { name, columns, rows } of tables) {
    const places = columns.map((_, index) => `?${index + 1}`).join(', ')
    const list = columns.map(quoteName).join(', ')
    driver.exec(`DELETE FROM ${quoteName(name)}`)
    for (const row of withNewStamps(name, rows, newStampOf)) {
      driver.prepare(`INSERT INTO ${quoteName(name)} (${list}) VALUES (${places})`).run(row)
    }
  }
}
