/** Fetching an image: its manifest, then its chunks, each checked before it is kept. */
import { type Hash, type HashFunction, isUniverseError, UniverseError } from '@inner-universe/core'
import {
  chunkBytes,
  type ImageManifest,
  imageManifestHash,
  parseImageManifest,
} from '../image-manifest.ts'
import type { Compression, Scheduler } from '../transport.ts'
import type { Backoff } from './backoff.ts'
import type { StagedReplica } from './replica-home.ts'

/** Where images come from. At the rim: HTTP. Rejects when it takes too long. */
export interface ImageSource {
  /** Text of a manifest, by its hash. */
  manifest(hash: Hash): Promise<string>
  /** A chunk as the relay keeps it, deflated; by the hash of its inflated bytes. */
  chunk(hash: Hash): Promise<Uint8Array>
}

/** Hash of a chunk's inflated bytes. */
export type ChunkHash = (bytes: Uint8Array) => Hash | Promise<Hash>

/** What fetching needs. */
export interface ImageFetchOptions {
  readonly source: ImageSource
  readonly staged: StagedReplica
  readonly compression: Compression
  readonly scheduler: Scheduler
  readonly hash: HashFunction
  readonly hashChunk: ChunkHash
  readonly createBackoff: () => Backoff
  /** Bytes of the image that are here. */
  readonly onProgress: (done: number, total: number) => void
  readonly over: Over
}

/** Says that what is fetched now is not wanted any more: nothing is waited for, and nothing kept. */
export interface Over {
  readonly isOver: boolean
  /** Resolves when it is over. */
  readonly end: Promise<undefined>
}

/** Chunks fetched at a time: hides the way there and back, and holds a few mebibytes. */
const PARALLEL_CHUNKS = 4

/** Attempts at one chunk before the rebuild as a whole waits. */
const CHUNK_ATTEMPTS = 5

/**
 * Fetches the manifest of an image of a universe; undefined when it is over.
 *
 * @throws UniverseError `sync/image-invalid` (rejects) when it is not what its hash names.
 */
export async function fetchManifest(
  offered: Hash,
  of: { readonly universe: string; readonly module: string },
  options: Pick<ImageFetchOptions, 'source' | 'hash' | 'over'>,
): Promise<ImageManifest | undefined> {
  const text = await Promise.race([options.source.manifest(offered), options.over.end])
  if (text === undefined) return undefined
  const found = imageManifestHash(text, options.hash)
  if (found !== offered) invalid(`the manifest ${offered} has the hash ${found}`)
  const manifest = parseImageManifest(text)
  const { universe, module } = manifest
  if (universe !== of.universe || module !== of.module) {
    invalid(`the manifest ${offered} is of universe '${universe}' of module '${module}'`)
  }
  return manifest
}

/** Fetches the chunks that are not kept yet. Resolves early when it is over. */
export async function fetchChunks(
  manifest: ImageManifest,
  options: ImageFetchOptions,
): Promise<void> {
  const kept = await options.staged.keptChunks(manifest)
  // One iterator for all who fetch: each takes the next chunk that nobody has taken.
  const wanted = [...manifest.chunks.keys()].filter((index) => !kept.has(index)).values()
  let done = [...kept].reduce((sum, index) => sum + chunkBytes(manifest, index), 0)
  options.onProgress(done, manifest.byteCount)
  const fetchNext = async (): Promise<void> => {
    for (const index of wanted) {
      const bytes = await fetchChunk(manifest, index, options)
      if (bytes === undefined || options.over.isOver) return
      await options.staged.writeChunk(manifest, index, bytes)
      done += bytes.length
      if (!options.over.isOver) options.onProgress(done, manifest.byteCount)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_CHUNKS }, fetchNext))
}

async function fetchChunk(
  manifest: ImageManifest,
  index: number,
  options: ImageFetchOptions,
): Promise<Uint8Array | undefined> {
  const { source, compression, scheduler, hashChunk, createBackoff, over } = options
  const chunk = manifest.chunks[index]
  const backoff = createBackoff()
  for (let attempt = 1; chunk !== undefined && !over.isOver; attempt++) {
    try {
      const stored = await Promise.race([source.chunk(chunk.hash), over.end])
      if (stored === undefined) break
      const bytes = await compression.inflate(stored, chunkBytes(manifest, index))
      const found = await hashChunk(bytes)
      if (found !== chunk.hash) invalid(`chunk ${index} has the hash ${found}`)
      return bytes
    } catch (error) {
      if (attempt === CHUNK_ATTEMPTS || isUniverseError(error, 'sync/unauthorized')) throw error
      const waited = new Promise<void>((resolve) => scheduler.setTimer(backoff.next(), resolve))
      await Promise.race([waited, over.end])
    }
  }
  return undefined
}

function invalid(message: string): never {
  throw new UniverseError('sync/image-invalid', `${message}; it is fetched again`)
}
