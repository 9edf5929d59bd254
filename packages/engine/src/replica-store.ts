/** The {@link Replica} of an engine: hands each method to the part that does it. */
import type {
  BatchHead,
  Changeset,
  Hash,
  LogEntry,
  LogPosition,
  ReceiveResult,
  Replica,
  SealedBatch,
  StreamId,
  StreamSeq,
  UnsealedDeltas,
} from '@inner-universe/core'
import { noteOffsets } from './claim-offsets.ts'
import type { ReplicaParts } from './engine-parts.ts'
import { Outbox } from './outbox.ts'
import { confirmOwn, planEntries, type Received, takeIn } from './receive.ts'
import { encodeSchema } from './schema-text.ts'
import type { WriteScope } from './write-scope.ts'

/** See {@link Replica}. */
export class ReplicaStore implements Replica {
  readonly moduleName: string
  readonly schemaVersion: number
  readonly schema: string
  readonly minReader: number
  readonly minWriter: number
  readonly #open: () => ReplicaParts
  readonly #outbox: Outbox

  /** `open` gives the parts, or throws when the engine is closed. */
  constructor(wired: ReplicaParts, open: () => ReplicaParts) {
    const { module, streams, log } = wired.parts
    this.moduleName = module.name
    this.schemaVersion = module.version
    this.schema = encodeSchema(module)
    this.minReader = module.minReader
    this.minWriter = module.minWriter
    this.#open = open
    this.#outbox = new Outbox(streams, log)
  }

  get stream(): StreamId {
    return this.#open().parts.streams.writing.id
  }

  position(): LogPosition {
    return this.#open().parts.sync.position
  }

  lastFloor(): { readonly offset: number; readonly baseOffset: number } | undefined {
    const { floor } = this.#open().parts.sync
    return floor && { offset: floor.offset, baseOffset: floor.baseOffset }
  }

  unsyncedCount(): number {
    return this.#open().parts.log.unsyncedCount()
  }

  pendingStreams(): readonly { readonly stream: StreamId; readonly acknowledged: BatchHead }[] {
    return this.#open()
      .parts.streams.own()
      .filter(({ headSeq, ackedSeq }) => headSeq > ackedSeq)
      .map(({ id, ackedSeq, ackedHash }) => ({
        stream: id,
        acknowledged: { stream: id, seq: ackedSeq, hash: ackedHash },
      }))
  }

  nextUnsealed(contentBytesMax: number): UnsealedDeltas | undefined {
    this.#open()
    return this.#outbox.nextUnsealed(contentBytesMax)
  }

  seal(deltas: UnsealedDeltas, header: Uint8Array, hash: Hash): void {
    this.#open().transactions.merge(() => this.#outbox.seal(deltas, header, hash))
  }

  sealedBatches(after: StreamSeq | undefined, bytesMax: number): readonly SealedBatch[] {
    this.#open()
    return this.#outbox.sealedBatches(after, bytesMax)
  }

  acknowledge(stream: StreamId, seq: number, offset: number | undefined): ReceiveResult {
    const { parts } = this.#open()
    const forked = (reason: string) => ({ kind: 'forked', stream, reason }) as const
    const entry = parts.streams.find(stream)
    if (seq === 0) return received({ conflicts: [], confirmed: [] }, undefined)
    if (entry?.isOwn !== true || seq > entry.batchSeq) {
      return forked(`seq ${seq} was not written here`)
    }
    const row = parts.log.rowAt(entry, seq)
    const isKnown =
      seq <= entry.ackedSeq && (row === undefined || offset === undefined || row.offset === offset)
    if (isKnown || row === undefined) {
      const confirmed = [{ stream, seq: entry.ackedSeq }]
      return received({ conflicts: [], confirmed }, undefined)
    }
    if (row.firstSeq + row.deltaCount - 1 !== seq) return forked(`no batch ends at seq ${seq}`)
    return this.#receive((scope) => confirmOwn(scope, parts, entry, row, offset))
  }

  unacknowledge(stream: StreamId, seq: number): void {
    const { parts, transactions } = this.#open()
    transactions.merge((scope) => {
      const [first] = this.#outbox.unacknowledge(stream, seq)
      const entry = scope.streams.find(stream)
      if (first === undefined || entry === undefined) return
      parts.sync.noteLost()
      noteOffsets(scope, entry.index, first.firstHlc, entry.headHlc, null)
    })
  }

  receive(entries: readonly LogEntry[], position: LogPosition): ReceiveResult {
    const { parts } = this.#open()
    const { streams, log, sync } = parts
    const steps = planEntries(streams, log, entries, sync.floor?.offset ?? 0)
    if ('kind' in steps) return steps
    return this.#receive((scope) => takeIn(scope, parts, steps, position))
  }

  startStream(): StreamId {
    const { parts, transactions, newStream } = this.#open()
    const stream = newStream()
    transactions.merge(({ streams }) => streams.intern(stream, true))
    parts.streams.write(stream)
    return stream
  }

  batchHeads(): readonly BatchHead[] {
    return [...this.#open().parts.streams.all()]
      .filter(({ batchSeq }) => batchSeq > 0)
      .map(({ id, batchSeq, batchHash }) => ({ stream: id, seq: batchSeq, hash: batchHash }))
  }

  batchesAfter(stream: StreamId, seq: number, bytesMax: number): readonly SealedBatch[] {
    this.#open()
    return this.#outbox.batchesAfter(stream, seq, bytesMax)
  }

  #receive(body: (scope: WriteScope) => Received): ReceiveResult {
    const { result, changeset } = this.#open().transactions.merge(body)
    return received(result, changeset)
  }
}

function received(
  { conflicts, confirmed }: Received,
  changeset: Changeset | undefined,
): ReceiveResult {
  return { kind: 'received', changeset, conflicts, confirmed }
}
