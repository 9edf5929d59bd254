/** Raw deflate by Node's own zlib. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { UniverseError } from '@inner-universe/core'
import type { Compression } from '@inner-universe/sync'

/** Deflate, at once. */
export function zlibCompression(): Compression {
  return {
    deflate: (bytes) => deflateRawSync(bytes),
    inflate: (bytes, bytesMax) => {
      try {
        return inflateRawSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })
      } catch (cause) {
        throw new UniverseError(
          'sync/protocol',
          `compressed bytes are damaged, or more than the ${bytesMax} they may be`,
          { cause },
        )
      }
    },
  }
}
