/** Hashes of the protocol: the first 16 bytes of SHA-256, as hex. PROTOCOL.md, HC. */
import {
  bytesToHex,
  createSha256,
  type Hash,
  hexToBytes,
  UniverseError,
} from '@inner-universe/core'

/** Bytes of a hash on the wire. */
export const HASH_BYTES = 16

/** Hash of the parts one after the other. Where a quicker SHA-256 is at hand it is passed in. */
export type HashFunction = (...parts: readonly Uint8Array[]) => Hash

/** Hash of the parts one after the other, in plain JavaScript. Cost: about 16 µs per KiB. */
export function hashOf(...parts: readonly Uint8Array[]): Hash {
  const sha256 = createSha256()
  for (const part of parts) sha256.update(part)
  return hashFromBytes(sha256.digest().subarray(0, HASH_BYTES))
}

/** The chain hash of a log after one more entry. */
export function extendLogHash(previous: Hash, entry: Hash, hash: HashFunction = hashOf): Hash {
  return hash(hashToBytes(previous), hashToBytes(entry))
}

/** Hash of a text’s UTF-8 bytes: a schema’s, by which `open` names it, and a manifest’s. */
export function textHash(text: string, hash: HashFunction = hashOf): Hash {
  return hash(new TextEncoder().encode(text))
}

/** The 16 bytes of a hash. */
export function hashToBytes(hash: Hash): Uint8Array {
  const bytes = hexToBytes(hash)
  if (bytes?.length !== HASH_BYTES) {
    throw new UniverseError(
      'sync/protocol',
      `'${hash}' is not a hash: 32 lower-case hex digits are`,
    )
  }
  return bytes
}

/** The hash of 16 bytes. */
export function hashFromBytes(bytes: Uint8Array): Hash {
  return bytesToHex(bytes) as Hash
}
