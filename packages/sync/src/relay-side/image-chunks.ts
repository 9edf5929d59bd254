/** What a storage must know of an image's manifest: the chunks it names. */
import { type Hash, UniverseError } from '@inner-universe/core'
import type { ImageManifest } from '../image-manifest.ts'

/** Hashes of the chunks that a manifest names. Its text was written by the relay itself. */
export function chunksOf(manifestText: string | undefined): readonly Hash[] {
  if (manifestText === undefined) return []
  return (JSON.parse(manifestText) as ImageManifest).chunks.map(({ hash }) => hash)
}

/** An image cannot be kept without its chunks: whoever made it puts them first. */
export function chunkMissing(manifest: Hash, chunk: Hash): UniverseError {
  return new UniverseError(
    'sync/image-invalid',
    `image ${manifest} names chunk ${chunk}, which is not kept; put it first`,
  )
}
