/** What a relay checks of a batch before it appends it. PROTOCOL.md RL6 to RL12, RL19. */
import {
  type Delta,
  decodeSegment,
  type Hash,
  hlcFromMs,
  type Origin,
  originHash,
  type StreamId,
} from '@inner-universe/core'
import type { VerifiedBatch } from '../batch.ts'
import type { NackCode, Rights, WireBatch } from '../messages.ts'
import { headHash, type LogState } from './log-state.ts'
import type { Append, StoredEntry } from './log-store.ts'
import type { RelayContext } from './relay-context.ts'

/** A batch on its way in: read, its hash and its deltas verified. */
export interface Push {
  readonly identity: string
  readonly rights: Rights
  readonly wire: WireBatch
  readonly verified: VerifiedBatch
}

/** What is to be told about a batch that is not taken. */
export interface Refusal {
  readonly code: NackCode
  readonly seq: number
  readonly message: string
  readonly seqs: readonly number[]
  readonly retryAfterMs: number
}

/** What becomes of a batch. */
export type Verdict =
  | {
      readonly kind: 'append'
      readonly isNewStream: boolean
      readonly lastHlc: number
      readonly origins: Append['origins']
    }
  /** It is in the log, or on its way there. */
  | { readonly kind: 'again'; readonly entry: BatchEntry }
  | { readonly kind: 'nack'; readonly refusal: Refusal }

/** What a check looks at besides the batch. */
export interface PushScene {
  readonly state: LogState
  /** Entries accepted and not durable yet, which the state counts already. */
  readonly pending: () => readonly StoredEntry[]
  /** Anyone may offer the batches of others: the relay was restored a while ago. */
  readonly isRepairing: boolean
}

/** A batch as an entry of the log. */
export type BatchEntry = Extract<StoredEntry, { kind: 'batch' }>

/** How long a replica waits when its universe is full, ms: room comes with a floor or a bigger quota. */
const QUOTA_RETRY_MS = 60_000

/**
 * Decides about one batch. The first check that fails is the answer; nothing is changed here.
 *
 * Cost: no reads when the stream was written to before, the batch has no origins, and no delta of the
 * log has its origin in the stream.
 *
 * @throws UniverseError of the store.
 */
export async function checkPush(
  context: RelayContext,
  scene: PushScene,
  push: Push,
): Promise<Verdict> {
  const { state } = scene
  const { header, batch, deltas } = push.verified
  const { stream, firstSeq } = header
  const nack = (code: NackCode, message: string, more: Partial<Refusal> = {}): Verdict => ({
    kind: 'nack',
    refusal: { code, seq: firstSeq, message, seqs: [], retryAfterMs: 0, ...more },
  })

  const head = await state.stream(stream)
  const nextSeq = (head?.seq ?? 0) + 1
  if (firstSeq < nextSeq) {
    const there = await batchAt(context, scene, stream, firstSeq)
    if (there === undefined) {
      return nack('rebase', `seq ${firstSeq} is there, too long ago to compare`)
    }
    if (there.hash !== batch.hash) return nack('fork', `another batch holds seq ${firstSeq}`)
    return { kind: 'again', entry: there }
  }

  if (head !== undefined && head.identity !== push.identity && !scene.isRepairing) {
    return nack('fork', 'the stream belongs to another identity; author it anew in your own')
  }
  if (firstSeq > nextSeq) {
    return nack('gap', `seq ${nextSeq} is missing before ${firstSeq}`, { seq: nextSeq })
  }
  if (header.previous !== headHash(head)) {
    return nack('fork', `another batch is before seq ${firstSeq}`)
  }

  const base = state.effectiveBase(header.base)
  if (base > state.record.head) {
    return nack('invalid', `its base ${base} is beyond the head ${state.record.head}`)
  }
  if (state.floor !== undefined) {
    const { baseOffset, hlc } = state.floor
    if (base < baseOffset)
      return nack('rebase', `its base ${base} is below the floor ${baseOffset}`)
    if (header.firstHlc <= hlc) return nack('invalid', 'its clock is behind what it had read')
  }

  const nowMs = context.scheduler.now()
  if (header.lastHlc > hlcFromMs(nowMs + context.limits.clockAheadMsMax)) {
    return nack('clock', `its clock is ahead of the relay's by more than is allowed`)
  }
  if (head !== undefined && header.firstHlc <= head.lastHlc) {
    return nack('invalid', 'its clock does not rise above that of the batch before')
  }

  const duplicates = await duplicateSeqs(context, scene, push.verified)
  if (duplicates.length > 0) {
    return nack('duplicate-origin', 'already in the log', { seqs: duplicates })
  }

  const denied = deniedSeqs(context, scene, push, deltas)
  if (denied !== undefined) return nack('denied', denied.reason, { seqs: denied.seqs })
  const { minWriter, byteCount } = state.record
  if (header.schemaVersion < minWriter) {
    return nack('schema', `schema ${header.schemaVersion} may not write; ${minWriter} may`)
  }
  const bytes = push.wire.header.length + push.wire.body.length
  if (byteCount + bytes > context.limits.universeBytesMax) {
    return nack('quota', 'the universe is full', { retryAfterMs: QUOTA_RETRY_MS })
  }
  const isNewStream = head === undefined
  const origins = header.origins.filter((origin) => origin !== undefined)
  return { kind: 'append', isNewStream, lastHlc: header.lastHlc, origins }
}

/** The batch that holds a seq, durable or not; undefined: no longer kept. */
async function batchAt(
  context: RelayContext,
  { state, pending }: PushScene,
  stream: StreamId,
  seq: number,
): Promise<BatchEntry | undefined> {
  const accepted = pending().find(
    (entry): entry is BatchEntry =>
      entry.kind === 'batch' &&
      entry.stream === stream &&
      entry.firstSeq <= seq &&
      seq < entry.firstSeq + entry.deltaCount,
  )
  return accepted ?? context.store.batchOf(state.record.universe, stream, seq)
}

/** Seqs of deltas whose origin is in the log, as itself or authored anew, or twice in the batch. */
async function duplicateSeqs(
  context: RelayContext,
  scene: PushScene,
  verified: VerifiedBatch,
): Promise<number[]> {
  const seqs: number[] = []
  const met = new Set<Hash>()
  const origins = await originsOf(context, scene, verified)
  for (const [index, origin] of origins.entries()) {
    if (origin === undefined) continue
    const isThere =
      met.has(origin.hash) ||
      (await scene.state.hasOrigin(origin)) ||
      (await originalHash(context, scene, origin.stream, origin.seq)) === origin.hash
    if (isThere) seqs.push(verified.header.firstSeq + index)
    met.add(origin.hash)
  }
  return seqs
}

/**
 * What each delta stands for, as far as that may be in the log: what the header names, and itself where
 * a copy of the replica has authored deltas of the stream anew.
 */
async function originsOf(
  context: RelayContext,
  { state }: PushScene,
  { header: { stream, origins }, deltas }: VerifiedBatch,
): Promise<readonly (Origin | undefined)[]> {
  if (!(await state.hasOriginsOf(stream))) return origins
  return deltas.map(
    (delta, index) =>
      origins[index] ?? { stream, seq: delta.seq, hash: originHash(delta, context.hash) },
  )
}

/**
 * Hash of a delta of the log encoded alone. Undefined when it is not there; also when it is no longer
 * kept: rather applied twice than lost, since another may be at that place.
 */
async function originalHash(
  context: RelayContext,
  scene: PushScene,
  stream: StreamId,
  seq: number,
): Promise<Hash | undefined> {
  const head = await scene.state.stream(stream)
  if (head === undefined || head.seq < seq) return undefined
  const entry = await batchAt(context, scene, stream, seq)
  if (entry === undefined) return undefined
  const segment = decodeSegment(contentOf(context, entry.batch))
  const delta = segment.deltas[seq - segment.firstSeq]
  return delta && originHash(delta, context.hash)
}

/** The content of a batch as it was sealed. */
export function contentOf(context: RelayContext, batch: WireBatch): Uint8Array {
  return batch.encoding === 'raw' ? batch.body : context.inflate(batch.body, batch.contentBytes)
}

function deniedSeqs(
  { policy }: RelayContext,
  { state }: PushScene,
  { identity, rights }: Push,
  deltas: readonly Delta[],
): { readonly reason: string; readonly seqs: readonly number[] } | undefined {
  if (!rights.write) return { reason: 'the token may not write', seqs: [] }
  const tables = rights.tables && new Set(rights.tables)
  if (policy === undefined && tables === undefined) return undefined
  const { universe } = state.record
  let reason = ''
  const seqs: number[] = []
  for (const { stream, seq, reducer, operations } of deltas) {
    for (const operation of operations) {
      const isAllowed = tables?.has(operation.table) ?? true
      const outcome = isAllowed
        ? (policy?.(operation, { universe, identity, stream, reducer }) ?? true)
        : `the token may not write table ${operation.table}`
      if (outcome === true) continue
      if (seqs.length === 0) reason = outcome
      seqs.push(seq)
      break
    }
  }
  return seqs.length === 0 ? undefined : { reason, seqs }
}
