import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Raw deflate for both sides and for images; quick rather than small. */
export const compression: {
  readonly deflate: (bytes: Uint8Array) => Uint8Array
  readonly inflate: (bytes: Uint8Array, bytesMax: number) => Uint8Array
} = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes, { level: 1 })),
  inflate: (bytes, bytesMax) =>
    new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
}
