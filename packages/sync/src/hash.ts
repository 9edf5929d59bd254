/** What the log's hashes are made of. PROTOCOL.md, HC. */
import {
  bytesToHex,
  HASH_BYTES,
  type Hash,
  type HashFunction,
  hashOf,
  hexToBytes,
  UniverseError,
} from '@inner-universe/core'

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
