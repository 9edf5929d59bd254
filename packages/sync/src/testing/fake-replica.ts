/** A replica in memory whose rows are texts: enough to prove a protocol, and nothing of a database. */
import {
  type Base,
  type BatchHead,
  createSegmentWriter,
  type Delta,
  decodeSegment,
  type Hash,
  type LogEntry,
  type LogPosition,
  NO_EPOCH,
  type Origin,
  originHash,
  type ReceiveResult,
  type Replica,
  type SealedBatch,
  type StreamId,
  type StreamSeq,
  type UnsealedDeltas,
  ZERO_HASH,
} from '@inner-universe/core'

/** Deltas stored together: unsealed ones one by one, a sealed batch as one. */
export interface FakeRow {
  readonly stream: StreamId
  readonly firstSeq: number
  readonly deltas: readonly Delta[]
  readonly content: Uint8Array
  readonly base: Base
  readonly origins: readonly (Origin | undefined)[]
  readonly previous: Hash
  readonly header: Uint8Array | undefined
  readonly hash: Hash | undefined
  isAcknowledged: boolean
  offset: number | undefined
}

/** What a fake replica begins with. */
export interface FakeReplicaOptions {
  /** Gives a new stream id; each another. */
  readonly nextStream: () => StreamId
  /** The clock's hlc; a delta's is above all that are stored. */
  readonly nowHlc: () => number
  readonly schemaVersion?: number
}

/** A replica that can be written to and looked into. */
export interface FakeReplica extends Replica {
  /** Writes one delta that adds a text. */
  write(text: string, origin?: Origin): StreamSeq
  /** Every text, once: in order of offset, then own ones that wait. */
  texts(): readonly string[]
  /** Everything stored, in order of storing. */
  readonly rows: readonly FakeRow[]
  /** Entries given to each `receive`, for what is asserted of transactions. */
  readonly received: readonly (readonly LogEntry[])[]
  /** Puts a row in as it is: an image, or a delta carried over. */
  put(row: FakeRow): void
  setPosition(position: LogPosition): void
  isOwn(stream: StreamId): boolean
  addOwnStream(stream: StreamId): void
  /** Writes go on in an own stream that is there. */
  resume(stream: StreamId): void
}

/** Creates an empty replica. */
export function fakeReplica(options: FakeReplicaOptions): FakeReplica {
  const { nextStream, nowHlc, schemaVersion = 1 } = options
  const rows: FakeRow[] = []
  const received: (readonly LogEntry[])[] = []
  const ownStreams = new Set<StreamId>()
  let stream = nextStream()
  ownStreams.add(stream)
  let position: LogPosition = { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH }
  let floor: { offset: number; baseOffset: number } | undefined

  const nextHlc = (): number =>
    rows.reduce((hlc, { deltas }) => Math.max(hlc, (deltas.at(-1)?.hlc ?? 0) + 1), nowHlc())
  const rowsOf = (of: StreamId): FakeRow[] => rows.filter((row) => row.stream === of)
  const isPending = (row: FakeRow): boolean => ownStreams.has(row.stream) && !row.isAcknowledged
  const headOf = (of: StreamId, isWanted: (row: FakeRow) => boolean): BatchHead => {
    const last = rowsOf(of).findLast((row) => row.hash !== undefined && isWanted(row))
    return { stream: of, seq: last ? lastSeqOf(last) : 0, hash: last?.hash ?? ZERO_HASH }
  }
  const received_ = (confirmed: readonly StreamSeq[]): ReceiveResult => ({
    kind: 'received',
    changeset: undefined,
    conflicts: [],
    confirmed,
  })

  const take = (entry: LogEntry, confirmed: StreamSeq[]): string | undefined => {
    if (entry.kind === 'floor') {
      floor = { offset: entry.offset, baseOffset: entry.floor.baseOffset }
      return undefined
    }
    const { stream: of, firstSeq, deltaCount, hash } = entry.kind === 'own' ? entry : entry.batch
    const held = rows.find((row) => row.stream === of && row.firstSeq === firstSeq)
    if (held !== undefined) {
      if (held.hash !== hash) return `another batch at seq ${firstSeq}`
      held.offset = entry.offset
      held.isAcknowledged = true
      if (ownStreams.has(of)) confirmed.push({ stream: of, seq: firstSeq + deltaCount - 1 })
      return undefined
    }
    if (ownStreams.has(of) || entry.kind === 'own') return `seq ${firstSeq} was not written here`
    const head = headOf(of, () => true)
    if (head.seq !== firstSeq - 1 || head.hash !== entry.previous) return 'it does not go on'
    const { header, content } = entry.batch
    rows.push({
      stream: of,
      firstSeq,
      deltas: decodeSegment(content.slice()).deltas,
      content: content.slice(),
      base: entry.base,
      origins: entry.origins,
      previous: entry.previous,
      header: header.slice(),
      hash,
      isAcknowledged: true,
      offset: entry.offset,
    })
    return undefined
  }

  return {
    moduleName: 'fake',
    schemaVersion,
    schema: '{}',
    minReader: 1,
    minWriter: 1,
    rows,
    received,
    get stream() {
      return stream
    },
    position: () => position,
    lastFloor: () => floor,
    unsyncedCount: () => rows.filter(isPending).reduce((sum, { deltas }) => sum + deltas.length, 0),
    pendingStreams: () =>
      [...ownStreams]
        .filter((each) => rowsOf(each).some(isPending))
        .map((each) => ({ stream: each, acknowledged: headOf(each, (row) => !isPending(row)) })),
    nextUnsealed(contentBytesMax) {
      const [first] = rows.filter((row) => row.hash === undefined)
      if (first === undefined) return undefined
      const taken: FakeRow[] = []
      let byteCount = 0
      for (const row of rowsOf(first.stream).filter(({ hash }) => hash === undefined)) {
        byteCount += row.content.length
        if (taken.length > 0 && byteCount > contentBytesMax) break
        taken.push(row)
      }
      const deltas = taken.flatMap((row) => row.deltas)
      const origins = taken.flatMap((row) => row.origins)
      return {
        stream: first.stream,
        firstSeq: first.firstSeq,
        deltaCount: deltas.length,
        previous: headOf(first.stream, () => true).hash,
        base: first.base,
        schemaVersion,
        firstHlc: first.deltas[0]?.hlc ?? 0,
        lastHlc: deltas.at(-1)?.hlc ?? 0,
        origins: origins.some((each) => each !== undefined) ? origins : [],
        content: segmentOf(deltas),
      }
    },
    seal(deltas: UnsealedDeltas, header, hash) {
      const isSealed = (row: FakeRow): boolean =>
        row.stream === deltas.stream &&
        row.firstSeq >= deltas.firstSeq &&
        row.firstSeq < deltas.firstSeq + deltas.deltaCount
      const at = rows.findIndex(isSealed)
      const { stream: of, firstSeq, base, origins, previous, content } = deltas
      const kept = rows.filter((row) => !isSealed(row))
      const sealed = decodeSegment(content).deltas
      const row = { deltas: sealed, isAcknowledged: false, offset: undefined, header, hash }
      kept.splice(at, 0, { ...row, stream: of, firstSeq, base, origins, previous, content })
      rows.splice(0, rows.length, ...kept)
    },
    sealedBatches(after, bytesMax) {
      const at = rows.findIndex(
        (row) => row.stream === after?.stream && lastSeqOf(row) === after.seq,
      )
      const sealed = rows.slice(at + 1).filter((row) => isPending(row) && row.hash !== undefined)
      return upTo(sealed, bytesMax)
    },
    acknowledge(of, seq, offset) {
      const confirmed: StreamSeq[] = []
      for (const row of rowsOf(of)) {
        if (lastSeqOf(row) > seq) continue
        if (!row.isAcknowledged) confirmed.push({ stream: of, seq: lastSeqOf(row) })
        row.isAcknowledged = true
        if (lastSeqOf(row) === seq) row.offset ??= offset
      }
      return received_(confirmed.slice(-1))
    },
    unacknowledge(of, seq) {
      if (!ownStreams.has(of)) return
      for (const row of rowsOf(of)) {
        if (lastSeqOf(row) <= seq) continue
        row.isAcknowledged = false
        row.offset = undefined
      }
    },
    receive(entries, to) {
      received.push(entries)
      const before = rows.map((row) => ({ ...row }))
      const confirmed: StreamSeq[] = []
      for (const entry of entries) {
        const reason = take(entry, confirmed)
        if (reason === undefined) continue
        rows.splice(0, rows.length, ...before)
        const of = entry.kind === 'batch' ? entry.batch.stream : stream
        return { kind: 'forked', stream: of, reason }
      }
      position = to
      return received_(confirmed)
    },
    startStream() {
      stream = nextStream()
      ownStreams.add(stream)
      return stream
    },
    batchHeads: () =>
      [...new Set(rows.map((row) => row.stream))]
        .map((each) => headOf(each, () => true))
        .filter(({ seq }) => seq > 0),
    batchesAfter: (of, seq, bytesMax) =>
      upTo(
        rowsOf(of).filter((row) => row.hash !== undefined && row.firstSeq > seq),
        bytesMax,
      ),
    write(text, origin) {
      const last = rowsOf(stream).at(-1)
      const seq = last === undefined ? 1 : lastSeqOf(last) + 1
      const operations = [{ kind: 'insert', table: 'notes', id: text, cells: {} }] as const
      const delta = { stream, seq, hlc: nextHlc(), schemaVersion, reducer: 'note', operations }
      rows.push({
        stream,
        firstSeq: seq,
        deltas: [delta],
        content: segmentOf([delta]),
        base: { epoch: position.epoch, offset: position.offset },
        origins: [origin],
        previous: ZERO_HASH,
        header: undefined,
        hash: undefined,
        isAcknowledged: false,
        offset: undefined,
      })
      return { stream, seq }
    },
    texts() {
      const inOrder = rows.toSorted((a, b) => (a.offset ?? Infinity) - (b.offset ?? Infinity))
      return [...new Set(inOrder.flatMap(textsOf))]
    },
    put(row) {
      rows.push(row)
    },
    setPosition(to) {
      position = to
    },
    isOwn: (each) => ownStreams.has(each),
    addOwnStream(each) {
      ownStreams.add(each)
    },
    resume(each) {
      stream = each
      ownStreams.add(each)
    },
  }
}

/** The segment of consecutive deltas of one stream. */
export function segmentOf(deltas: readonly Delta[]): Uint8Array {
  const [first] = deltas
  if (first === undefined) throw new Error('a segment holds at least one delta')
  const { stream, seq: firstSeq, schemaVersion } = first
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq })
  for (const delta of deltas) writer.append(delta)
  return writer.finish().slice()
}

/** What a delta authored anew names as what it stands for. */
export function originOf(delta: Delta): Origin {
  return { stream: delta.stream, seq: delta.seq, hash: originHash(delta) }
}

/** Last seq of a row. */
export function lastSeqOf(row: FakeRow): number {
  return row.firstSeq + row.deltas.length - 1
}

/** Texts that a row adds. */
export function textsOf(row: FakeRow): string[] {
  return row.deltas.flatMap(({ operations }) => operations.map(({ id }) => id))
}

function upTo(rows: readonly FakeRow[], bytesMax: number): SealedBatch[] {
  const batches: SealedBatch[] = []
  let byteCount = 0
  for (const { stream, firstSeq, deltas, header, hash, content } of rows) {
    if (header === undefined || hash === undefined) break
    byteCount += content.length
    if (batches.length > 0 && byteCount > bytesMax) break
    batches.push({ stream, firstSeq, deltaCount: deltas.length, hash, header, content })
  }
  return batches
}
