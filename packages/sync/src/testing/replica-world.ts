/** Replica sides over one network against a scripted relay, all from one seed. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  type Changeset,
  createRandom,
  type Hash,
  hashOf,
  type KeptConflict,
  type StreamSeq,
  ZERO_HASH,
} from '@inner-universe/core'
import { sealBatch } from '../batch.ts'
import {
  encodeImageManifest,
  IMAGE_CHUNK_BYTES,
  type ImageManifest,
  imageManifestHash,
} from '../image-manifest.ts'
import type { ImageSource } from '../replica-side/image-fetch.ts'
import { ReplicaSync } from '../replica-side/sync-loop.ts'
import type { RebuiltEvent } from '../replica-side/sync-options.ts'
import type { SyncStatus } from '../replica-side/sync-status.ts'
import type { Compression } from '../transport.ts'
import { type FakeHome, fakeHome, fakeImageBytes } from './fake-home.ts'
import type { FakeReplica } from './fake-replica.ts'
import { type Pipe, pipe } from './pipe.ts'
import { type RelayScript, type ScriptedRelay, scriptedRelay } from './scripted-relay.ts'
import { type VirtualScheduler, virtualScheduler } from './virtual-scheduler.ts'

/** Raw deflate of Node, at once. */
export const nodeCompression: Compression = {
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, bytesMax) => inflateRawSync(bytes, { maxOutputLength: bytesMax }),
}

/** One replica with all that was told of it. */
export interface WorldReplica {
  readonly home: FakeHome
  readonly sync: ReplicaSync
  readonly statuses: SyncStatus[]
  readonly confirmed: StreamSeq[]
  readonly rebuilt: RebuiltEvent[]
  readonly conflicts: KeptConflict[]
  readonly changesets: Changeset[]
  /** Texts of others by session. */
  readonly others: Map<string, string>
  readonly clockOffsets: number[]
  /** Writes a text and tells the sync of it. */
  write(text: string): StreamSeq
}

/** A relay, a network, and any number of replicas. */
export interface ReplicaWorld {
  readonly scheduler: VirtualScheduler
  readonly relay: ScriptedRelay
  readonly network: Pipe
  /** Images by hash; `chunk` may be made to fail. */
  readonly images: Map<Hash, string | Uint8Array>
  readonly source: { manifest: ImageSource['manifest']; chunk: ImageSource['chunk'] }
  /** Tokens given so far. */
  readonly tokens: string[]
  getToken: () => string | Promise<string>
  home(): FakeHome
  /**
   * Another author, not connected: its texts are appended to the relay's log, so many a batch; one
   * batch by default.
   */
  author(): WorldAuthor
  replica(home?: FakeHome): WorldReplica
}

/** Someone whose batches are in the log without a connection. */
export interface WorldAuthor {
  readonly replica: FakeReplica
  write(texts: readonly string[], textsPerBatch?: number): void
  /** Offers an image of what it wrote so far, which is all the log holds. */
  offerImage(changes?: Partial<ImageManifest>): ImageManifest
}

/** Creates a world at rest. Messages take `delayMs`. */
export function replicaWorld(
  options: { script?: RelayScript; delayMs?: number; compression?: Compression } = {},
): ReplicaWorld {
  const random = createRandom(new TextEncoder().encode('replica world'))
  const scheduler = virtualScheduler()
  const script = options.script ?? {}
  const relay = scriptedRelay({ scheduler, compression: nodeCompression, script })
  const network = pipe({
    scheduler,
    delayMs: () => options.delayMs ?? 5,
    accept: (connection) => relay.accept(connection),
  })
  const images = new Map<Hash, string | Uint8Array>()
  const find = async (hash: Hash): Promise<string | Uint8Array> => {
    const found = images.get(hash)
    if (found === undefined) throw new Error(`no image or chunk ${hash}`)
    return found
  }
  const source: ReplicaWorld['source'] = {
    manifest: async (hash) => String(await find(hash)),
    chunk: async (hash) => (await find(hash)) as Uint8Array,
  }
  const world: ReplicaWorld = {
    scheduler,
    relay,
    network,
    images,
    source,
    tokens: [],
    getToken: () => 'token',
    author() {
      const { replica } = world.home()
      return {
        replica,
        offerImage(changes) {
          const bytes = fakeImageBytes(replica)
          const chunks: { hash: Hash; byteCount: number }[] = []
          for (let at = 0; at < bytes.length; at += IMAGE_CHUNK_BYTES) {
            const chunk = bytes.subarray(at, at + IMAGE_CHUNK_BYTES)
            const stored = deflateRawSync(chunk)
            const hash = hashOf(chunk)
            images.set(hash, stored)
            chunks.push({ hash, byteCount: stored.length })
          }
          const offset = relay.head()
          const manifest: ImageManifest = {
            format: 1,
            universe: 'universe',
            module: 'fake',
            schemaVersion: 1,
            schemaHash: ZERO_HASH,
            epoch: relay.epoch(),
            offset,
            hash: relay.hashAt(offset),
            owner: 'owner',
            digest: ZERO_HASH,
            byteCount: bytes.length,
            chunks,
            ...changes,
          }
          const text = encodeImageManifest(manifest)
          const name = imageManifestHash(text)
          images.set(name, text)
          script.image = { manifest: name, offset, byteCount: bytes.length }
          return manifest
        },
        write(texts, textsPerBatch = texts.length) {
          for (let at = 0; at < texts.length; at += textsPerBatch) {
            for (const text of texts.slice(at, at + textsPerBatch)) replica.write(text)
            const deltas = replica.nextUnsealed(Number.POSITIVE_INFINITY)
            if (deltas === undefined) return
            const { header, hash, content } = sealBatch(deltas)
            replica.seal(deltas, header, hash)
            const contentBytes = content.length
            relay.append({ header, contentBytes, encoding: 'raw', body: content })
            const seq = deltas.firstSeq + deltas.deltaCount - 1
            replica.acknowledge(replica.stream, seq, relay.head())
          }
        },
      }
    },
    home: () => fakeHome({ now: scheduler.now, randomBytes: (count) => random.bytes(count) }),
    replica(home = world.home()) {
      const told = {
        statuses: [] as SyncStatus[],
        confirmed: [] as StreamSeq[],
        rebuilt: [] as RebuiltEvent[],
        conflicts: [] as KeptConflict[],
        changesets: [] as Changeset[],
        others: new Map<string, string>(),
        clockOffsets: [] as number[],
      }
      const sync = new ReplicaSync({
        universe: 'universe',
        home,
        connect: network.connect,
        images: {
          manifest: (hash) => source.manifest(hash),
          chunk: (hash) => source.chunk(hash),
        },
        scheduler,
        randomFloat: () => random.next(),
        compression: options.compression ?? nodeCompression,
        getToken: async () => {
          const token = await world.getToken()
          world.tokens.push(token)
          return token
        },
        agent: 'test 1',
        onStatus: (status) => told.statuses.push(status),
        onConfirmed: (confirmed) => told.confirmed.push(...confirmed),
        onRebuilt: (event) => told.rebuilt.push(event),
        onConflicts: (conflicts) => told.conflicts.push(...conflicts),
        onChangeset: (changeset) => told.changesets.push(changeset),
        onAware: (sessionId, state) => {
          if (state === undefined) told.others.delete(sessionId)
          else told.others.set(sessionId, new TextDecoder().decode(state))
        },
        onClockOffset: (offsetMs) => told.clockOffsets.push(offsetMs),
      })
      return {
        home,
        sync,
        ...told,
        write(text) {
          const at = home.replica.write(text)
          sync.poke()
          return at
        },
      }
    },
  }
  return world
}
