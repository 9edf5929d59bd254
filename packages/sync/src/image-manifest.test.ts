import { type Hash, isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/manifests.json' with { type: 'json' }
import {
  chunkBytes,
  encodeImageManifest,
  IMAGE_CHUNK_BYTES,
  type ImageManifest,
  imageManifestHash,
  parseImageManifest,
} from './image-manifest.ts'
import { CHUNKS_MAX, MANIFEST_BYTES_MAX } from './limits.ts'

const [valid] = vectors.valid as unknown as [{ text: string; manifest: ImageManifest }]
const refused = (reason: string) =>
  expect.objectContaining({ code: 'sync/image-invalid', message: expect.stringContaining(reason) })

/** A manifest of an image of so many bytes. */
function imageOf(byteCount: number, chunkCount: number): ImageManifest {
  const chunk = { hash: 'c'.repeat(32) as Hash, byteCount: 1000 }
  return { ...valid.manifest, byteCount, chunks: Array.from({ length: chunkCount }, () => chunk) }
}

describe('manifests of images', () => {
  it.each(vectors.valid)('[IM4] $what', ({ text, hash, manifest }) => {
    expect(parseImageManifest(text)).toEqual(manifest)
    expect(encodeImageManifest(manifest as unknown as ImageManifest)).toBe(text)
    expect(imageManifestHash(text)).toBe(hash)
  })

  it('[IM1] equal manifests have one text', () => {
    const reversed = Object.fromEntries(Object.entries(valid.manifest).reverse())
    expect(encodeImageManifest(reversed as unknown as ImageManifest)).toBe(valid.text)
  })

  it.each(vectors.invalid)('[IM2] $what is refused', ({ text, reason }) => {
    expect(() => parseImageManifest(text)).toThrow(refused(reason))
  })

  it('[IM2] what would be refused is not written', () => {
    expect(() => encodeImageManifest({ ...valid.manifest, offset: 0 })).toThrow(refused("'offset'"))
  })

  it('[IM3] the chunks are those of the bytes', () => {
    for (const [byteCount, chunkCount] of [
      [1, 1],
      [IMAGE_CHUNK_BYTES, 1],
      [IMAGE_CHUNK_BYTES + 1, 2],
    ] as const) {
      const manifest = imageOf(byteCount, chunkCount)
      expect(parseImageManifest(encodeImageManifest(manifest))).toEqual(manifest)
      const sizes = manifest.chunks.map((_, index) => chunkBytes(manifest, index))
      expect(sizes.reduce((sum, size) => sum + size)).toBe(byteCount)
      for (const wrong of [chunkCount - 1, chunkCount + 1]) {
        expect(() => encodeImageManifest(imageOf(byteCount, wrong))).toThrow(refused('chunks for'))
      }
    }
  })

  it('[IM3] the largest image has a manifest, and a larger one has none', () => {
    const largest = imageOf(CHUNKS_MAX * IMAGE_CHUNK_BYTES, CHUNKS_MAX)
    expect(encodeImageManifest(largest).length).toBeLessThan(MANIFEST_BYTES_MAX)
    const larger = imageOf((CHUNKS_MAX + 1) * IMAGE_CHUNK_BYTES, CHUNKS_MAX + 1)
    expect(() => encodeImageManifest(larger)).toThrow(refused("'chunks'"))
    expect(() => parseImageManifest(' '.repeat(MANIFEST_BYTES_MAX + 1))).toThrow(refused(''))
  })

  it('[IM2] changed texts are refused or have no other text', () => {
    const change = fc.record({
      at: fc.nat(valid.text.length),
      cut: fc.nat(3),
      put: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('"', '0', 'null', '[]', '{', '}')),
    })
    fc.assert(
      fc.property(change, ({ at, cut, put }) => {
        const text = valid.text.slice(0, at) + put + valid.text.slice(at + cut)
        try {
          expect(encodeImageManifest(parseImageManifest(text))).toBe(text)
        } catch (error) {
          if (!isUniverseError(error, 'sync/image-invalid')) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})
