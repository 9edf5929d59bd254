/** A relay's log as an array, and replicas that push to it and read it: for tests of sync. */
import {
  type Base,
  type Changeset,
  decodeSegment,
  type Epoch,
  type Floor,
  type Hash,
  hashOf,
  type KeptConflict,
  type LogEntry,
  type LogPosition,
  type Origin,
  type ReceiveResult,
  type Replica,
  type SealedBatch,
  type StreamId,
  type StreamSeq,
  type UnsealedDeltas,
  ZERO_HASH,
} from '@inner-universe/core'
import type { Engine } from '../engine.ts'

type BatchEntry = Extract<LogEntry, { readonly kind: 'batch' }>

/** What a header says; its bytes are JSON. */
export interface TestHeader {
  readonly previous: Hash
  readonly base: Base
  readonly origins: readonly (Origin | null)[]
}

const text = new TextEncoder()
const bytes = new TextDecoder()

/** The header and hash that seal some deltas. */
export function sealOf({ previous, base, origins, content }: UnsealedDeltas): {
  header: Uint8Array
  hash: Hash
} {
  const header: TestHeader = { previous, base, origins: origins.map((origin) => origin ?? null) }
  const encoded = text.encode(JSON.stringify(header))
  return { header: encoded, hash: hashOf(new Uint8Array([...encoded, ...content])) }
}

/** What a batch's header says. */
export function headerOf({ header }: SealedBatch): TestHeader {
  return JSON.parse(bytes.decode(header)) as TestHeader
}

/** Seals everything a replica has written. */
export function sealAll(replica: Replica, contentBytesMax: number = 256 * 1024): void {
  for (;;) {
    const deltas = replica.nextUnsealed(contentBytesMax)
    if (deltas === undefined) return
    const { header, hash } = sealOf(deltas)
    replica.seal(deltas, header, hash)
  }
}

/** The log of one universe. */
export class SyncLog {
  readonly epoch: Epoch
  readonly entries: LogEntry[] = []

  constructor(epoch = '00000000000000a1') {
    this.epoch = epoch as Epoch
  }

  /** The place after the first `offset` entries. */
  positionAt(offset: number): LogPosition {
    return { epoch: this.epoch, offset, hash: offset === 0 ? ZERO_HASH : hashAt(offset) }
  }

  /** Takes a batch in, unless it is there; gives its offset. */
  push(batch: SealedBatch): number {
    const known = this.entries.find(
      (entry) => entry.kind === 'batch' && entry.batch.hash === batch.hash,
    )
    if (known !== undefined) return known.offset
    const { previous, base, origins } = headerOf(batch)
    const offset = this.entries.length + 1
    const entry: BatchEntry = {
      kind: 'batch',
      offset,
      batch,
      previous,
      base,
      origins: origins.map((origin) => origin ?? undefined),
    }
    this.entries.push(entry)
    return offset
  }

  /** Ends a part of the log. */
  pushFloor(floor: Floor): number {
    const offset = this.entries.length + 1
    this.entries.push({ kind: 'floor', offset, floor })
    return offset
  }

  /** Greatest hlc up to an offset. */
  hlcAt(offset: number): number {
    let hlc = 0
    for (const entry of this.entries.slice(0, offset)) {
      if (entry.kind !== 'batch') continue
      hlc = Math.max(hlc, decodeSegment(entry.batch.content).deltas.at(-1)?.hlc ?? 0)
    }
    return hlc
  }

  /** Lets a replica seal and push all it has; gives what acknowledging did. */
  takeFrom({ replica }: Pick<Engine, 'replica'>): ReceiveResult[] {
    sealAll(replica)
    return replica
      .sealedBatches(undefined, Number.POSITIVE_INFINITY)
      .map((batch) =>
        replica.acknowledge(batch.stream, batch.firstSeq + batch.deltaCount - 1, this.push(batch)),
      )
  }

  /** Lets a replica read entries from its position on, up to an offset. */
  giveTo({ replica }: Pick<Engine, 'replica'>, through: number = this.entries.length): Taken {
    const { offset } = replica.position()
    const result = replica.receive(
      this.entries.slice(offset, through),
      this.positionAt(Math.max(offset, through)),
    )
    if (result.kind === 'forked') throw new Error(`forked: ${result.reason}`)
    return result
  }
}

/** What taking in did, when nothing was wrong. */
export interface Taken {
  readonly changeset: Changeset | undefined
  readonly conflicts: readonly KeptConflict[]
  readonly confirmed: readonly StreamSeq[]
}

function hashAt(offset: number): Hash {
  return hashOf(text.encode(String(offset)))
}

/** A batch of deltas that nobody wrote here. */
export function foreignBatch(
  content: Uint8Array,
  previous: Hash = ZERO_HASH,
  base: Base = { epoch: '' as Epoch, offset: 0 },
): SealedBatch {
  const { stream, firstSeq, deltaCount } = decodeSegment(content)
  const header = text.encode(JSON.stringify({ previous, base, origins: [] } satisfies TestHeader))
  return {
    stream: stream as StreamId,
    firstSeq,
    deltaCount,
    header,
    hash: hashOf(new Uint8Array([...header, ...content])),
    content,
  }
}
