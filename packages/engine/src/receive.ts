/**
 * Takes in entries of the relay's log, in the order of their offsets. STORAGE.md SY5, SY6.
 *
 * What the entries mean is settled before anything is written: a batch is new, held already, or one
 * that this file cannot have met in an honest log, and then nothing is done at all.
 */
import {
  type Delta,
  decodeSegment,
  type Epoch,
  type HlcClock,
  type KeptConflict,
  type LogEntry,
  type LogPosition,
  type MergedRows,
  mergeOperations,
  type ReceiveResult,
  type StreamId,
  type StreamSeq,
  UniverseError,
  ZERO_HASH,
} from '@inner-universe/core'
import { noteUnapplied } from './apply.ts'
import { noteOffsets } from './claim-offsets.ts'
import { ConflictFinder, type ConflictParts } from './conflict-finder.ts'
import type { LogRow } from './delta-log.ts'
import { applyFloor } from './floor.ts'
import type { HeldLog } from './held-log.ts'
import { keepConflicts } from './kept-conflicts.ts'
import { writeFold } from './merge-fold.ts'
import type { StreamEntry, Streams } from './streams.ts'
import type { SyncState } from './sync-state.ts'
import type { WriteScope } from './write-scope.ts'

/** What taking in needs besides the open transaction. */
export interface ReceiveParts extends ConflictParts {
  readonly log: HeldLog
  readonly clock: HlcClock
  readonly sync: SyncState
  readonly keepsLog: boolean
}

type BatchEntry = Extract<LogEntry, { readonly kind: 'batch' }>
type FloorEntry = Extract<LogEntry, { readonly kind: 'floor' }>

/** What is to be done about one entry. */
type Step =
  | { readonly kind: 'merge'; readonly entry: BatchEntry; readonly deltas: readonly Delta[] }
  | {
      readonly kind: 'note'
      readonly stream: StreamId
      readonly firstSeq: number
      readonly offset: number
    }
  | { readonly kind: 'floor'; readonly entry: FloorEntry }

/** Why nothing is done. */
export type Fork = Extract<ReceiveResult, { readonly kind: 'forked' }>

/** The last batch of a stream, as it will be after the steps before. */
interface Head {
  readonly seq: number
  readonly hlc: number
  /** Undefined: the deltas did not come as a batch. */
  readonly hash: string | undefined
}

/**
 * Decides about each entry, writing nothing.
 *
 * @throws UniverseError `engine/delta-invalid` for content that is no segment or another than its
 * batch says.
 */
export function planEntries(
  streams: Streams,
  log: HeldLog,
  entries: readonly LogEntry[],
  lastFloorOffset: number,
): readonly Step[] | Fork {
  const heads = new Map<StreamId, Head>()
  const planned = new Map<string, string>()
  const steps: Step[] = []
  for (const entry of entries) {
    if (entry.kind === 'floor') {
      if (entry.offset > lastFloorOffset) steps.push({ kind: 'floor', entry })
      continue
    }
    const { stream, firstSeq, deltaCount, hash } = entry.kind === 'own' ? entry : entry.batch
    const known = streams.find(stream)
    const lastSeq = firstSeq + deltaCount - 1
    const forked = (reason: string): Fork => ({ kind: 'forked', stream, reason })
    const head = heads.get(stream) ?? headOf(known)
    const isOwn = known?.isOwn === true
    if (lastSeq <= (isOwn ? known.batchSeq : head.seq)) {
      const held = known && log.rowAt(known, firstSeq)
      const heldHash = planned.get(`${stream} ${firstSeq}`) ?? held?.hash
      const isSame = heldHash === undefined ? isForgotten(held, known) : heldHash === hash
      if (!isSame) return forked(`another batch is held at seq ${firstSeq}`)
      steps.push({ kind: 'note', stream, firstSeq, offset: entry.offset })
      continue
    }
    if (isOwn || entry.kind === 'own') return forked(`seq ${lastSeq} was not written here`)
    if (firstSeq !== head.seq + 1) return forked(`seq ${firstSeq} follows seq ${head.seq}`)
    if (head.hash !== undefined && head.hash !== entry.previous) {
      return forked(`seq ${firstSeq} continues another batch than the one held`)
    }
    const deltas = deltasOf(entry, head.hlc)
    heads.set(stream, { seq: lastSeq, hlc: (deltas.at(-1) as Delta).hlc, hash })
    planned.set(`${stream} ${firstSeq}`, hash)
    steps.push({ kind: 'merge', entry, deltas })
  }
  return steps
}

function headOf(stream: StreamEntry | undefined): Head {
  if (stream === undefined) return { seq: 0, hlc: 0, hash: ZERO_HASH }
  const { headSeq, headHlc, batchSeq, batchHash } = stream
  return { seq: headSeq, hlc: headHlc, hash: batchSeq === headSeq ? batchHash : undefined }
}

/** Whether a batch below the head cannot be compared: its row was dropped, or it came as no batch. */
function isForgotten(held: LogRow | undefined, stream: StreamEntry | undefined): boolean {
  return stream?.isOwn === true ? held === undefined : true
}

function deltasOf({ batch }: BatchEntry, headHlc: number): readonly Delta[] {
  const segment = decodeSegment(batch.content)
  const isAsSaid =
    segment.stream === batch.stream &&
    segment.firstSeq === batch.firstSeq &&
    segment.deltaCount === batch.deltaCount
  if (!isAsSaid || (segment.deltas[0] as Delta).hlc <= headHlc) {
    throw new UniverseError(
      'engine/delta-invalid',
      `batch ${batch.firstSeq} of stream ${batch.stream} is not what its header says, or its clock does not rise; nothing was applied`,
    )
  }
  return segment.deltas
}

/** What taking in did. */
export interface Received {
  readonly conflicts: readonly KeptConflict[]
  readonly confirmed: readonly StreamSeq[]
}

/** Does what was planned, in the open transaction. */
export function takeIn(
  scope: WriteScope,
  parts: ReceiveParts,
  steps: readonly Step[],
  position: LogPosition,
): Received {
  const receiver = new Receiver(scope, parts, position.epoch)
  for (const step of steps) {
    if (step.kind === 'merge') receiver.merge(step.entry, step.deltas)
    else if (step.kind === 'note') receiver.note(step.stream, step.firstSeq, step.offset)
    else receiver.takeFloor(step.entry)
  }
  const received = receiver.finish()
  parts.sync.setPosition(position)
  return received
}

/** Notes own deltas up to a seq as confirmed, whether or not their offset is known. */
export function confirmOwn(
  scope: WriteScope,
  parts: ReceiveParts,
  stream: StreamEntry,
  row: LogRow,
  offset: number | undefined,
): Received {
  const receiver = new Receiver(scope, parts, parts.sync.position.epoch)
  if (offset === undefined) receiver.confirm(stream, row)
  else receiver.note(stream.id, row.firstSeq, offset)
  return receiver.finish()
}

class Receiver {
  readonly #scope: WriteScope
  readonly #parts: ReceiveParts
  readonly #finder: ConflictFinder
  readonly #lastOf = new Map<StreamEntry, BatchEntry>()
  readonly #lastDeltaOf = new Map<StreamEntry, Delta>()
  readonly #confirmed = new Set<StreamEntry>()
  /** Batches of the fold that is not written yet, with the ends of their clocks. */
  #offsets: [streamIndex: number, firstHlc: number, lastHlc: number, offset: number][] = []
  #fold: MergedRows = new Map()

  constructor(scope: WriteScope, parts: ReceiveParts, epoch: Epoch) {
    this.#scope = scope
    this.#parts = parts
    this.#finder = new ConflictFinder(scope, parts, epoch)
  }

  merge(entry: BatchEntry, deltas: readonly Delta[]): void {
    const { log, tables, keepsLog, clock } = this.#parts
    const { batch, base, offset } = entry
    const stream = this.#scope.streams.intern(batch.stream, false)
    const [first, last] = [deltas[0] as Delta, deltas.at(-1) as Delta]
    this.#finder.look(base, deltas)
    const awaiting = deltas.filter((delta) => mergeOperations(this.#fold, delta, tables))
    if (keepsLog || awaiting.length > 0) {
      log.put(stream, {
        firstSeq: batch.firstSeq,
        deltaCount: batch.deltaCount,
        firstHlc: first.hlc,
        offset,
        base,
        hash: batch.hash,
        header: batch.header,
        origins: undefined,
        calls: undefined,
        bytes: batch.content,
      })
    }
    for (const { seq } of awaiting) noteUnapplied(this.#scope, batch.stream, seq)
    clock.receive(last.hlc)
    this.#offsets.push([stream.index, first.hlc, last.hlc, offset])
    this.#lastOf.set(stream, entry)
    this.#lastDeltaOf.set(stream, last)
  }

  /** A batch that is held already, wherever it was written. */
  note(id: StreamId, firstSeq: number, offset: number): void {
    const { streams } = this.#scope
    const { log } = this.#parts
    const stream = streams.find(id) as StreamEntry
    const row = log.rowAt(stream, firstSeq)
    if (row === undefined) return
    if (row.offset !== offset) {
      log.setOffset(stream, firstSeq, offset)
      this.#offsets.push([stream.index, row.firstHlc, this.#lastHlcOf(stream, row), offset])
    }
    if (stream.isOwn) this.confirm(stream, row)
  }

  /** An own batch is in the relay's log. */
  confirm(stream: StreamEntry, { firstSeq, deltaCount, hash }: LogRow): void {
    this.#confirmed.add(stream)
    const lastSeq = firstSeq + deltaCount - 1
    if (lastSeq <= stream.ackedSeq || hash === undefined) return
    this.#scope.streams.setAcked(stream, lastSeq, hash)
    this.#finder.noteAcknowledged()
  }

  takeFloor({ offset, floor }: FloorEntry): void {
    this.#write()
    applyFloor(this.#scope, floor)
    this.#parts.sync.setFloor({ offset, baseOffset: floor.baseOffset, hlc: floor.hlc })
  }

  finish(): Received {
    this.#write()
    const { streams } = this.#scope
    for (const [stream, { batch }] of this.#lastOf) {
      const { seq, hlc } = this.#lastDeltaOf.get(stream) as Delta
      streams.moveHead(stream, seq, hlc)
      streams.setBatch(stream, seq, batch.hash)
    }
    return {
      conflicts: keepConflicts(this.#scope.driver, this.#finder.conflicts()),
      confirmed: [...this.#confirmed].map(({ id, ackedSeq }) => ({ stream: id, seq: ackedSeq })),
    }
  }

  #write(): void {
    if (this.#fold.size > 0) writeFold(this.#scope, this.#fold)
    for (const range of this.#offsets) noteOffsets(this.#scope, ...range)
    this.#fold = new Map()
    this.#offsets = []
  }

  /** The clock of a row's last delta, or the bound that the row after it sets. */
  #lastHlcOf(stream: StreamEntry, { firstSeq, deltaCount, bytes }: LogRow): number {
    const nextSeq = firstSeq + deltaCount
    if (nextSeq > stream.headSeq) return stream.headHlc
    const next = this.#parts.log.rowAt(stream, nextSeq)
    return next === undefined ? (decodeSegment(bytes).deltas.at(-1)?.hlc ?? 0) : next.firstHlc - 1
  }
}
