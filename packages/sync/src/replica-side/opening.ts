/** What `opened` means for a replica (PROTOCOL.md RS8 to RS11). Pure questions to the store. */
import {
  type BatchHead,
  NO_EPOCH,
  type Replica,
  type SealedBatch,
  type StreamId,
} from '@inner-universe/core'
import { decodeBatchHeader } from '../batch.ts'
import { BEHIND_ENTRIES, WINDOW_BYTES } from '../limits.ts'
import type { RelayMessage } from '../messages.ts'
import type { RebuildReason } from './replica-home.ts'

/** The relay's answer to `open`. */
export type OpenedMessage = Extract<RelayMessage, { readonly type: 'opened' }>

/** The relay's refusal of `open`. */
export type RefusedMessage = Extract<RelayMessage, { readonly type: 'refused' }>

/** How the head that the relay has of an own stream compares with what was written here. */
export type HeadVerdict =
  /**
   * Another hash, or more than was written here: a copy of this replica wrote it. In the place of
   * batches that were acknowledged, if the relay lost them first.
   */
  | { readonly kind: 'fork'; readonly isLost: boolean }
  /** It has batches whose `ack` was lost. */
  | { readonly kind: 'ahead'; readonly seq: number }
  /** It lost batches it had acknowledged. */
  | { readonly kind: 'behind'; readonly seq: number }
  | { readonly kind: 'same' }

const FORKED: HeadVerdict = { kind: 'fork', isLost: true }

/** Compares heads of one own stream. Cost: reads pending batches up to the relay's head. */
export function compareHead(
  replica: Replica,
  stream: StreamId,
  relayHead: BatchHead | undefined,
): HeadVerdict {
  const acknowledged = acknowledgedHead(replica, stream)
  const acknowledgedSeq = acknowledged?.seq ?? 0
  const relaySeq = relayHead?.seq ?? 0
  if (relaySeq < acknowledgedSeq) {
    const isOwn = relayHead === undefined || goesOnAfter(replica, relayHead)
    return isOwn ? { kind: 'behind', seq: relaySeq } : { kind: 'fork', isLost: true }
  }
  if (relayHead === undefined) return { kind: 'same' }
  if (relaySeq === acknowledgedSeq) {
    const isSame = acknowledged?.hash === relayHead.hash
    return isSame ? { kind: 'same' } : { kind: 'fork', isLost: true }
  }
  if (hasSealed(replica, relayHead)) return { kind: 'ahead', seq: relaySeq }
  return { kind: 'fork', isLost: false }
}

/** The position was read from a log of another epoch. */
export function isOtherEpoch(replica: Replica, opened: OpenedMessage): boolean {
  const { epoch } = replica.position()
  return epoch !== NO_EPOCH && epoch !== opened.epoch
}

/** Why the replica has to be built anew before it can go on; undefined: it can go on. */
export function rebuildReason(replica: Replica, opened: OpenedMessage): RebuildReason | undefined {
  const { offset } = replica.position()
  const { head, isContinued, floor, image } = opened
  if ((replica.lastFloor()?.offset ?? 0) > (floor?.offset ?? 0)) return 'restored'
  // What it wrote so far was never in this log: it has nothing in common with it.
  const isStranger = opened.streamHead === undefined && !hasAcknowledged(replica)
  if (offset === 0 && head > 0 && isStranger) return 'join'
  if (!isContinued) return isOtherEpoch(replica, opened) || offset > head ? 'restored' : 'behind'
  if (image !== undefined && image.offset - offset > BEHIND_ENTRIES) return 'behind'
  return undefined
}

/** Own streams that may have pending deltas, the present one among them. */
export function ownStreams(replica: Replica): ReadonlySet<StreamId> {
  return new Set([...replica.pendingStreams().map(({ stream }) => stream), replica.stream])
}

/**
 * Makes pending again what a relay has lost, or has another batch for, of own streams that are ended
 * and were acknowledged: offered like the batches of others, it would be gone if a copy came first.
 */
export function recallStreams(replica: Replica, relayHeads: readonly BatchHead[]): void {
  const relay = new Map(relayHeads.map((head) => [head.stream, head]))
  const current = ownStreams(replica)
  for (const { stream, seq } of replica.batchHeads()) {
    const head = relay.get(stream)
    if (current.has(stream)) continue
    // Beyond what is held, a stream of others goes on, which is left alone; an own one was forked.
    const isBeyond = head !== undefined && head.seq > seq
    const verdict = isBeyond ? FORKED : compareHead(replica, stream, head)
    if (verdict.kind === 'behind') replica.unacknowledge(stream, verdict.seq)
    if (verdict.kind === 'fork') replica.unacknowledge(stream, 0)
  }
}

/**
 * The batches held here that a relay lacks, by its heads, but for those of some streams. A stream at
 * a time, in chain order, about {@link WINDOW_BYTES} in memory.
 */
export function* lackedBatches(
  replica: Replica,
  relayHeads: readonly BatchHead[],
  except: ReadonlySet<StreamId>,
): Generator<SealedBatch, undefined> {
  const relaySeqs = new Map(relayHeads.map(({ stream, seq }) => [stream, seq]))
  for (const { stream, seq } of replica.batchHeads()) {
    if (except.has(stream)) continue
    let after = relaySeqs.get(stream) ?? 0
    while (after < seq) {
      const batches = replica.batchesAfter(stream, after, WINDOW_BYTES)
      const last = batches.at(-1)
      if (last === undefined) break
      yield* batches
      after = last.firstSeq + last.deltaCount - 1
    }
  }
  return undefined
}

/** The last acknowledged batch of an own stream. */
function acknowledgedHead(replica: Replica, stream: StreamId): BatchHead | undefined {
  const isOf = (each: { readonly stream: StreamId }): boolean => each.stream === stream
  const pending = replica.pendingStreams().find(isOf)
  return pending === undefined ? replica.batchHeads().find(isOf) : pending.acknowledged
}

/** Whether what was written here after a head names it as the batch before. */
function goesOnAfter(replica: Replica, { stream, seq, hash }: BatchHead): boolean {
  const [next] = replica.batchesAfter(stream, seq, 1)
  // Below a floor nothing is held to compare with.
  if (next === undefined) return true
  return next.firstSeq === seq + 1 && decodeBatchHeader(next.header).previous === hash
}

function hasAcknowledged(replica: Replica): boolean {
  return [...ownStreams(replica)].some((each) => (acknowledgedHead(replica, each)?.seq ?? 0) > 0)
}

/** Whether one of the pending batches ends exactly at a head. */
function hasSealed(replica: Replica, head: BatchHead): boolean {
  let page = replica.sealedBatches(undefined, WINDOW_BYTES)
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    for (const { stream, firstSeq, deltaCount, hash } of page) {
      if (stream === head.stream && firstSeq + deltaCount - 1 === head.seq)
        return hash === head.hash
    }
    const seq = last.firstSeq + last.deltaCount - 1
    page = replica.sealedBatches({ stream: last.stream, seq }, WINDOW_BYTES)
  }
  return false
}
