/**
 * Merges segments of the delta log from elsewhere: each delta once, each stream without gaps, all in
 * one transaction. MERGE.md MR1, MR12, MR14–MR16.
 */
import {
  createSegmentWriter,
  type Delta,
  decodeSegment,
  decodeSegmentHeader,
  type HlcClock,
  type MergedRows,
  mergeOperations,
  type Segment,
  type StreamId,
  type TableDefinitions,
  UniverseError,
} from '@inner-universe/core'
import type { DeltaLog } from './delta-log.ts'
import type { ApplyOutcome } from './engine.ts'
import { writeFold } from './merge-fold.ts'
import type { StreamEntry } from './streams.ts'
import type { WriteScope } from './write-scope.ts'

/** What applying needs besides the open transaction. */
export interface ApplyParts {
  readonly log: DeltaLog
  readonly clock: HlcClock
  /** Definitions of the module's tables. */
  readonly tables: TableDefinitions
}

/** New deltas of one segment, and the bytes that hold them and no others. */
interface Part {
  readonly stream: StreamId
  readonly deltas: readonly Delta[]
  readonly bytes: Uint8Array
}

/**
 * Applies segments, whatever their order; gives what became of each, in the order given.
 *
 * Everything is decoded before anything is written. Cost: about one statement per row.
 *
 * @throws UniverseError `engine/delta-invalid` for bytes that are no segment, a stream whose clock
 * does not rise from one segment to the next, and deltas of own streams that were not
 * written here; the caller rolls back.
 */
export function applySegments(
  scope: WriteScope,
  parts: ApplyParts,
  segments: readonly Uint8Array[],
): readonly ApplyOutcome[] {
  const { outcomes, accepted } = accept(scope, segments)
  const fold: MergedRows = new Map()
  const awaiting: Delta[] = []
  for (const { deltas } of accepted) {
    for (const delta of deltas) {
      if (mergeOperations(fold, delta, parts.tables)) awaiting.push(delta)
    }
  }
  for (const { stream, deltas, bytes } of accepted) {
    const [first, last] = [deltas[0] as Delta, deltas[deltas.length - 1] as Delta]
    const entry = scope.streams.intern(stream, false)
    parts.log.putSegment(entry, {
      firstSeq: first.seq,
      deltaCount: deltas.length,
      firstHlc: first.hlc,
      base: undefined,
      bytes,
    })
    parts.log.moveHead(entry, last.seq, last.hlc)
    // [MR14] Every later write of this engine is newer than anything it has seen.
    parts.clock.receive(last.hlc)
  }
  for (const { stream, seq } of awaiting) noteUnapplied(scope, stream, seq)
  writeFold(scope, fold)
  return outcomes
}

/** [MR12] Remembers that a delta has parts which only a newer schema can take. */
export function noteUnapplied(
  { driver, streams }: WriteScope,
  stream: StreamId,
  seq: number,
): void {
  driver
    .prepare('INSERT INTO _unapplied (stream, seq) VALUES (?1, ?2)')
    .run([streams.intern(stream, false).index, seq])
}

/** Decodes what is new, stream by stream in the order of seqs. Writes nothing. */
function accept(
  scope: WriteScope,
  segments: readonly Uint8Array[],
): { outcomes: ApplyOutcome[]; accepted: Part[] } {
  const headers = segments.map((bytes, index) => ({
    index,
    bytes,
    header: decodeSegmentHeader(bytes),
  }))
  headers.sort((a, b) => a.header.firstSeq - b.header.firstSeq || a.index - b.index)
  const heads = new Map<StreamId, Pick<StreamEntry, 'headSeq' | 'headHlc'>>()
  const outcomes: ApplyOutcome[] = new Array(segments.length)
  const accepted: Part[] = []
  for (const { index, bytes, header } of headers) {
    const { stream, firstSeq, deltaCount } = header
    const head = heads.get(stream) ?? scope.streams.find(stream) ?? { headSeq: 0, headHlc: 0 }
    if (firstSeq + deltaCount - 1 <= head.headSeq) {
      outcomes[index] = { kind: 'duplicate' }
    } else if (firstSeq > head.headSeq + 1) {
      outcomes[index] = { kind: 'gap', stream, heldSeq: head.headSeq }
    } else {
      if (scope.streams.find(stream)?.isOwn)
        throw invalid(`deltas of own stream ${stream} not written here`)
      const part = newPart(decodeSegment(bytes), bytes, head.headSeq)
      const first = part.deltas[0] as Delta
      const last = part.deltas[part.deltas.length - 1] as Delta
      if (first.hlc <= head.headHlc) throw invalid(`clock of stream ${stream} does not rise`)
      heads.set(stream, { headSeq: last.seq, headHlc: last.hlc })
      accepted.push(part)
      outcomes[index] = { kind: 'applied', deltaCount: part.deltas.length }
    }
  }
  return { outcomes, accepted }
}

function invalid(what: string): UniverseError {
  return new UniverseError('engine/delta-invalid', `${what}; nothing was applied`)
}

/** The deltas above a seq. A segment that begins below is written anew without them. */
function newPart(segment: Segment, bytes: Uint8Array, headSeq: number): Part {
  const { stream, schemaVersion, firstSeq } = segment
  if (firstSeq > headSeq) return { stream, deltas: segment.deltas, bytes }
  const deltas = segment.deltas.slice(headSeq + 1 - firstSeq)
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq: headSeq + 1 })
  for (const delta of deltas) writer.append(delta)
  return { stream, deltas, bytes: writer.finish() }
}
