/** A home in memory for {@link fakeReplica}s: images are lists of batches, rebuilds are exact. */
import {
  type AdoptedDelta,
  bytesToHex,
  createStreamId,
  type Epoch,
  type Hash,
  hexToBytes,
  hlcFromMs,
  type StreamSeq,
} from '@inner-universe/core'
import { decodeBatch } from '../batch.ts'
import type { ImageManifest } from '../image-manifest.ts'
import type {
  AdoptionPlan,
  ReplicaHome,
  StagedReplica,
  TakeOverResult,
} from '../replica-side/replica-home.ts'
import { type FakeReplica, fakeReplica, originOf, textsOf } from './fake-replica.ts'

/** A home whose replica can be written to, and whose rebuilds can be watched and broken. */
export interface FakeHome extends ReplicaHome {
  readonly replica: FakeReplica
  readonly plans: readonly AdoptionPlan[]
  readonly dropCount: number
  /** Chunks written so far, also by attempts that were broken off. */
  readonly chunkCount: number
  /** What the next `takeOver` fails with. */
  failTakeOver(error: Error): void
  /** Another home with the same files: a copied profile, or a backup of this one, with its own clock. */
  copy(now?: FakeHomeOptions['now']): FakeHome
}

/** What a fake home needs. */
export interface FakeHomeOptions {
  readonly now: () => number
  readonly randomBytes: (count: number) => Uint8Array
}

/** The bytes of an image of a replica's confirmed rows. */
export function fakeImageBytes(replica: FakeReplica): Uint8Array {
  const confirmed = replica.rows
    .filter(({ offset }) => offset !== undefined)
    .toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
    .map(({ header, content, offset }) => ({
      header: bytesToHex(header ?? new Uint8Array()),
      content: bytesToHex(content),
      offset,
    }))
  return new TextEncoder().encode(JSON.stringify(confirmed))
}

/** Creates a home with an empty replica. */
export function fakeHome(options: FakeHomeOptions): FakeHome {
  return homeOf(options, replicaOf(options))
}

function replicaOf({ now, randomBytes }: FakeHomeOptions): FakeReplica {
  return fakeReplica({
    nextStream: () => createStreamId(randomBytes),
    nowHlc: () => hlcFromMs(now()),
  })
}

function homeOf(options: FakeHomeOptions, first: FakeReplica): FakeHome {
  let replica = first
  const plans: AdoptionPlan[] = []
  const chunks = new Map<Hash, Uint8Array>()
  let dropCount = 0
  let takeOverError: Error | undefined

  const stage = async (): Promise<StagedReplica> => {
    let staged: FakeReplica | undefined
    return {
      async keptChunks(manifest) {
        const indexes = manifest.chunks.keys()
        return new Set([...indexes].filter((each) => chunks.has(chunkHash(manifest, each))))
      },
      async writeChunk(manifest, index, bytes) {
        chunks.set(chunkHash(manifest, index), bytes)
      },
      async open(start) {
        staged = replicaOf(options)
        if ('manifest' in start) load(staged, start.manifest, chunks)
        return staged
      },
      async takeOver(plan) {
        const error = takeOverError
        takeOverError = undefined
        if (error !== undefined) throw error
        if (staged === undefined) throw new Error('take over before open')
        plans.push(plan)
        const result = adopt(replica, staged, plan)
        replica = staged
        chunks.clear()
        return result
      },
      async drop() {
        dropCount += 1
        chunks.clear()
      },
    }
  }
  return {
    get replica() {
      return replica
    },
    plans,
    get dropCount() {
      return dropCount
    },
    get chunkCount() {
      return chunks.size
    },
    stage,
    failTakeOver(error) {
      takeOverError = error
    },
    copy(now = options.now) {
      const copiedOptions = { ...options, now }
      const copied = replicaOf(copiedOptions)
      for (const row of replica.rows) copied.put({ ...row })
      for (const { stream } of replica.rows) if (replica.isOwn(stream)) copied.addOwnStream(stream)
      copied.resume(replica.stream)
      copied.setPosition(replica.position())
      return homeOf(copiedOptions, copied)
    },
  }
}

function load(
  staged: FakeReplica,
  manifest: ImageManifest,
  chunks: ReadonlyMap<Hash, Uint8Array>,
): void {
  const parts = manifest.chunks.map(({ hash }) => chunks.get(hash) ?? new Uint8Array())
  const text = new TextDecoder().decode(Buffer.concat(parts))
  const rows: { header: string; content: string; offset: number }[] = JSON.parse(text)
  const entries = rows.map(({ header, content, offset }) => {
    const decoded = decodeBatch(bytesOf(header), bytesOf(content))
    const { previous, base, origins } = decoded.header
    return { kind: 'batch' as const, offset, batch: decoded.batch, previous, base, origins }
  })
  const { epoch, offset, hash } = manifest
  const result = staged.receive(entries, { epoch: epoch as Epoch, offset, hash })
  if (result.kind === 'forked') throw new Error(`a broken image: ${result.reason}`)
}

/** Carries pending deltas over as MERGE and the adoption plan say, for rows that are texts. */
function adopt(old: FakeReplica, staged: FakeReplica, plan: AdoptionPlan): TakeOverResult {
  const adopted: AdoptedDelta[] = []
  const inLog = new Set<Hash>()
  for (const { deltas, origins } of staged.rows) {
    for (const delta of deltas) inLog.add(originOf(delta).hash)
    for (const origin of origins) if (origin !== undefined) inLog.add(origin.hash)
  }
  for (const row of old.rows.filter((each) => old.isOwn(each.stream) && !each.isAcknowledged)) {
    const isThere = row.deltas.every((delta) => inLog.has(originOf(delta).hash))
    if (plan.keepsStream && !isThere) {
      staged.addOwnStream(row.stream)
      staged.put({ ...row })
    }
    for (const [index, delta] of row.deltas.entries()) {
      const from = { stream: delta.stream, seq: delta.seq }
      const is = (each: StreamSeq): boolean => each.stream === from.stream && each.seq === from.seq
      const denied = plan.denied.find(is)
      const origin = row.origins[index] ?? originOf(delta)
      const isSettled =
        plan.settled.some(is) || inLog.has(originOf(delta).hash) || inLog.has(origin.hash)
      if (denied !== undefined) {
        adopted.push({ kind: 'dropped', from, code: 'sync/denied', reason: denied.reason })
      } else if (isSettled) adopted.push({ kind: 'settled', from })
      else if (plan.keepsStream) adopted.push({ kind: 'kept', from })
      else {
        const [text = ''] = textsOf({ ...row, deltas: [delta] })
        adopted.push({ kind: 'reauthored', from, to: staged.write(text, origin) })
      }
    }
  }
  return { adopted, conflicts: [] }
}

function chunkHash(manifest: ImageManifest, index: number): Hash {
  const chunk = manifest.chunks[index]
  if (chunk === undefined) throw new Error(`no chunk ${index}`)
  return chunk.hash
}

function bytesOf(hex: string): Uint8Array {
  return hexToBytes(hex) ?? new Uint8Array()
}
