/** Raw deflate by the browser's own streams. */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Compression } from '@inner-universe/sync'
import { boundedBytes } from './bounded-bytes.ts'

/** Deflate over `CompressionStream`. */
export function streamCompression(): Compression {
  return {
    deflate: (bytes) => pass(bytes, new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY),
    inflate: (bytes, bytesMax) => pass(bytes, new DecompressionStream('deflate-raw'), bytesMax),
  }
}

async function pass(
  bytes: Uint8Array,
  through: GenericTransformStream,
  bytesMax: number,
): Promise<Uint8Array> {
  const writer = through.writable.getWriter()
  // What is wrong with the bytes is told by the side that is read.
  writer.write(bytes).catch(() => undefined)
  writer.close().catch(() => undefined)
  try {
    return await boundedBytes(
      through.readable,
      bytesMax,
      () =>
        new UniverseError(
          'sync/protocol',
          `compressed bytes are more than the ${bytesMax} they may be`,
        ),
    )
  } catch (cause) {
    if (isUniverseError(cause)) throw cause
    throw new UniverseError('sync/protocol', 'compressed bytes are damaged', { cause })
  }
}
