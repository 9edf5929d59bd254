import { expect, it } from 'vitest'
import type { Delta } from './delta.ts'
import { decodeSegment } from './delta-codec.ts'
import { originHash } from './hash.ts'
import { bytesToHex } from './hex.ts'
import type { StreamId } from './id.ts'
import { createSegmentWriter } from './segment-writer.ts'
import { sha256 } from './sha256.ts'

const stream = '0f'.repeat(16) as StreamId

/** Three renames of one row, as they come out of one segment. */
function deltas(): readonly Delta[] {
  const writer = createSegmentWriter({ stream, schemaVersion: 3, firstSeq: 7 })
  for (let at = 0; at < 3; at++) {
    const cells = { title: `Milk ${at}` }
    const operation = { kind: 'update', table: 'note', id: 'milk', cells } as const
    writer.append({ hlc: 4096 + at, reducer: 'rename', args: [at], operations: [operation] })
  }
  return decodeSegment(writer.finish()).deltas
}

it('[HC5] the origin is the segment of one, whatever the delta was encoded with', () => {
  const [, second] = deltas() as [Delta, Delta, Delta]
  const writer = createSegmentWriter({ stream, schemaVersion: 3, firstSeq: 8 })
  writer.append(second)
  const alone = writer.finish()
  expect(originHash(second)).toBe(bytesToHex(sha256(alone)).slice(0, 32))
  expect(originHash(decodeSegment(alone).deltas[0] as Delta)).toBe(originHash(second))
})

it('[HC5] different deltas have different origins', () => {
  const [first] = deltas() as [Delta]
  const others: readonly Delta[] = [
    ...deltas(),
    { ...first, seq: 8 },
    { ...first, hlc: 5000 },
    { ...first, schemaVersion: 4 },
    { ...first, stream: 'a1'.repeat(16) as StreamId },
    { ...first, operations: [] },
  ]
  expect(new Set(others.map((delta) => originHash(delta))).size).toBe(others.length)
})
