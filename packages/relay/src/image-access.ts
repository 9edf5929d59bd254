/**
 * Which chunks of images a token may read: those that a kept image of one of its universes names.
 *
 * Chunks are named by the hash of what is in them, and images of one universe share most of theirs.
 */
import type { Hash } from '@inner-universe/core'
import { type LogStore, rightsIn, type TokenClaims } from '@inner-universe/sync/relay-side'
import { ANY_UNIVERSE } from './claims.ts'

/** Manifests remembered with the chunks they name: a thousand universes, of each the last two. */
const MANIFESTS_MAX = 2000

/** Says what of the images may be read with a token. */
export interface ImageAccess {
  /** Text of an image's manifest; undefined: none, or not for this bearer. */
  manifest(claims: TokenClaims, universe: string, manifest: Hash): Promise<string | undefined>
  /** Compressed bytes of a chunk; undefined: none, or not for this bearer. */
  chunk(claims: TokenClaims, chunk: Hash): Promise<Uint8Array | undefined>
}

/** Access to the images in a store. */
export function createImageAccess(store: LogStore): ImageAccess {
  const chunksByManifest = new Map<Hash, ReadonlySet<string>>()

  const chunksOf = async (universe: string, manifest: Hash): Promise<ReadonlySet<string>> => {
    const known = chunksByManifest.get(manifest)
    if (known !== undefined) return known
    const text = await store.manifestText(universe, manifest)
    const { chunks = [] }: { chunks?: readonly { readonly hash: string }[] } =
      text === undefined ? {} : JSON.parse(text)
    const hashes = new Set(chunks.map(({ hash }) => hash))
    chunksByManifest.set(manifest, hashes)
    if (chunksByManifest.size > MANIFESTS_MAX) {
      const [oldest] = chunksByManifest.keys()
      if (oldest !== undefined) chunksByManifest.delete(oldest)
    }
    return hashes
  }

  const mayRead = async (claims: TokenClaims, chunk: Hash): Promise<boolean> => {
    if (claims.universes.get(ANY_UNIVERSE)?.read) return true
    for (const [universe, { read }] of claims.universes) {
      if (!read || (await store.find(universe)) === undefined) continue
      for (const { manifest } of await store.images(universe)) {
        if ((await chunksOf(universe, manifest)).has(chunk)) return true
      }
    }
    return false
  }

  return {
    async manifest(claims, universe, manifest) {
      if (!rightsIn(claims, universe)?.read) return undefined
      if ((await store.find(universe)) === undefined) return undefined
      return store.manifestText(universe, manifest)
    },
    async chunk(claims, chunk) {
      return (await mayRead(claims, chunk)) ? store.chunk(chunk) : undefined
    },
  }
}
