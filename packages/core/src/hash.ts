/** Hashes of the log: the first 16 bytes of SHA-256, as hex. */
import type { Delta } from './delta.ts'
import { bytesToHex } from './hex.ts'
import type { Hash } from './replica.ts'
import { createSegmentWriter } from './segment-writer.ts'
import { createSha256, type Sha256 } from './sha256.ts'

/** Bytes of a hash. */
export const HASH_BYTES = 16

/** Hash of the parts one after the other. Where a quicker SHA-256 is at hand it is passed in. */
export type HashFunction = (...parts: readonly Uint8Array[]) => Hash

/** Hash of the parts one after the other, in plain JavaScript. Cost: about 16 µs per KiB. */
export function hashOf(...parts: readonly Uint8Array[]): Hash {
  const digest = createSha256()
  for (const part of parts) digest.update(part)
  return finishHash(digest)
}

/** Hash of what was added to a digest, which it ends. */
export function finishHash(digest: Sha256): Hash {
  return bytesToHex(digest.digest().subarray(0, HASH_BYTES)) as Hash
}

/**
 * Names a delta by what it says, for the delta that stands for it after it was authored anew: hash of
 * the segment that holds it alone (CODEC.md DS), whatever it was encoded together with.
 */
export function originHash(delta: Delta, hash: HashFunction = hashOf): Hash {
  const { stream, schemaVersion, seq } = delta
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq: seq })
  writer.append(delta)
  return hash(writer.finish())
}
