/** Names a delta by what it says, for the delta that stands for it after it was authored anew. */
import type { Delta } from './delta.ts'
import { bytesToHex } from './hex.ts'
import type { Hash } from './replica.ts'
import { createSegmentWriter } from './segment-writer.ts'
import { sha256 } from './sha256.ts'

/**
 * Hash of one delta: of the segment that holds it alone (CODEC.md DS), whatever it was encoded
 * together with.
 */
export function originHash(delta: Delta): Hash {
  const { stream, schemaVersion, seq } = delta
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq: seq })
  writer.append(delta)
  return bytesToHex(sha256(writer.finish()).subarray(0, 16)) as Hash
}
