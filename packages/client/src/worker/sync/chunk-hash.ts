/** Hashing chunks of images by the platform's own SHA-256, several times as quick as one in JavaScript. */
import { bytesToHex, HASH_BYTES, type Hash, hashOf } from '@inner-universe/core'

/** The hash of a chunk. Pages that are not a secure context have no `crypto.subtle`. */
export async function chunkHash(bytes: Uint8Array): Promise<Hash> {
  if (crypto.subtle === undefined) return hashOf(bytes)
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return bytesToHex(new Uint8Array(digest, 0, HASH_BYTES)) as Hash
}
