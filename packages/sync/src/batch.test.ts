import {
  bytesToHex,
  createSegmentWriter,
  hashOf,
  hexToBytes,
  type SealedBatch,
} from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/batches.json' with { type: 'json' }
import {
  decodeBatch,
  decodeBatchHeader,
  encodeBatchHeader,
  sealBatch,
  verifyBatch,
} from './batch.ts'
import { BATCH_DELTAS_MAX, CONTENT_BYTES_MAX, HEADER_BYTES_MAX } from './limits.ts'
import type { BatchHeader } from './messages.ts'

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex) as Uint8Array

/** What a vector says of its header: null stands for no origin. */
function headerOf(vector: (typeof vectors.valid)[number]): BatchHeader {
  const origins = vector.facts.origins.map((origin) => origin ?? undefined)
  return { ...vector.facts, origins, keyEpoch: 0, scope: '' } as unknown as BatchHeader
}

const [single, triple] = vectors.valid as [
  (typeof vectors.valid)[number],
  (typeof vectors.valid)[number],
]
const valid = headerOf(single)
const threeDeltas = headerOf(triple)
const content = bytesOf(triple.content)
const seal = (more: Partial<BatchHeader> = {}, of: Uint8Array = content): SealedBatch =>
  sealBatch({ ...threeDeltas, ...more, content: of })
const origin = { stream: valid.stream, seq: 3, hash: valid.previous }
const refused = (reason: string) =>
  expect.objectContaining({ code: 'sync/protocol', message: expect.stringContaining(reason) })

describe('batches', () => {
  it.each(vectors.valid)('[BA1] [BA10] $what', (vector) => {
    const header = headerOf(vector)
    expect(bytesToHex(encodeBatchHeader(header))).toBe(vector.header)
    expect(decodeBatchHeader(bytesOf(vector.header))).toEqual(header)
    const sealed = sealBatch({ ...header, content: bytesOf(vector.content) })
    expect(sealed.hash).toBe(vector.hash)
    const { header: read, batch } = verifyBatch(bytesOf(vector.header), bytesOf(vector.content))
    expect(read).toEqual(header)
    expect(batch).toEqual(sealed)
  })

  it.each(vectors.invalid)('[BA4] [BA5] $what is refused', ({ header, reason }) => {
    expect(() => decodeBatchHeader(bytesOf(header))).toThrow(refused(reason))
  })

  it('[BA2] the hash is that of header and content', () => {
    const { header, hash } = seal()
    expect(hash).toBe(hashOf(Uint8Array.from([...header, ...content])))
    expect(decodeBatch(header, content).batch.hash).toBe(hash)
    expect(seal({ previous: valid.stream as never }).hash).not.toBe(hash)
    const given = '5'.repeat(32) as typeof hash
    expect(decodeBatch(header, content, () => given).batch.hash).toBe(given)
    expect(verifyBatch(header, content, () => given).batch.hash).toBe(given)
  })

  it.each<[string, Partial<BatchHeader>]>([
    ['stream', { stream: '0e'.repeat(16) as never }],
    ['firstSeq', { firstSeq: 8 }],
    ['deltaCount', { deltaCount: 2 }],
    ['schemaVersion', { schemaVersion: 4 }],
  ])('[BA3] a header of another %s than its segment is refused', (name, other) => {
    const { header } = seal(other)
    expect(() => decodeBatch(header, content)).toThrow(refused(`header says ${name}`))
    expect(() => verifyBatch(header, content)).toThrow(refused(`header says ${name}`))
  })

  it.each<[string, Partial<BatchHeader>]>([
    ['firstHlc', { firstHlc: 4095 }],
    ['lastHlc', { lastHlc: 4497 }],
  ])(
    '[BA3] a header of another %s than its deltas is refused when checked whole',
    (name, other) => {
      const { header } = seal(other)
      expect(() => verifyBatch(header, content)).toThrow(refused(`header says ${name}`))
    },
  )

  it.each<[string, Partial<BatchHeader>]>([
    ['seq 0', { firstSeq: 0 }],
    ['0 deltas', { deltaCount: 0 }],
    [`${BATCH_DELTAS_MAX + 1} deltas`, { deltaCount: BATCH_DELTAS_MAX + 1, lastHlc: 2 ** 40 }],
    ['a seq of more than 53 bits', { firstSeq: Number.MAX_SAFE_INTEGER }],
    ['an hlc out of range', { firstHlc: 0 }],
    ['an hlc out of range', { lastHlc: 2 ** 53 }],
    ['hlcs that do not rise', { lastHlc: 4096 + 1 }],
    ['schema version 0', { schemaVersion: 0 }],
    ['2 origins of 3 deltas', { origins: [origin, origin] }],
    ['none of which is one', { origins: [undefined, undefined, undefined] }],
    ['a base of offset 1 in no epoch', { base: { epoch: '' as never, offset: 1 } }],
  ])('[BA5] %s is not sealed (%#)', (reason, other) => {
    expect(() => seal(other)).toThrow(refused(reason))
  })

  it('[BA4] what has its place and is not there yet is not written', () => {
    for (const later of [{ keyEpoch: 1 }, { scope: 'team' }]) {
      expect(() => encodeBatchHeader({ ...valid, ...later })).toThrow(
        refused('a key epoch or scope'),
      )
    }
  })

  it('[BA5] numbers beyond 53 bits are refused when read', () => {
    const edge: BatchHeader = { ...threeDeltas, firstSeq: 2 ** 53 - 4, lastHlc: 2 ** 53 - 1 }
    expect(decodeBatchHeader(encodeBatchHeader(edge))).toEqual(edge)
    // The step from the first hlc to the last is the varint before the schema version.
    const hex = bytesToHex(encodeBatchHeader({ ...edge, firstHlc: 2 ** 52, lastHlc: 2 ** 53 - 1 }))
    expect(hex.endsWith('ffffffffffffff0703')).toBe(true)
    const beyond = hex.replace(/0703$/, '0f03')
    expect(() => decodeBatchHeader(bytesOf(beyond))).toThrow(refused('an hlc out of range'))
  })

  it('[BA6] the largest content is sealed, a larger one is not', () => {
    const writer = createSegmentWriter(valid)
    const photo = new Uint8Array(16 * 1024 * 1024)
    const more = new Uint8Array(2 * 1024 * 1024 + 32 * 1024)
    const cells = { photo, more }
    const operation = { kind: 'update', table: 'note', id: 'milk', cells } as const
    writer.append({ hlc: valid.firstHlc, reducer: 'write', operations: [operation] })
    const large = writer.finish()
    const { header } = sealBatch({ ...valid, content: large })
    expect(decodeBatch(header, large).batch.content).toBe(large)
    const larger = new Uint8Array(CONTENT_BYTES_MAX + 1)
    expect(() => sealBatch({ ...valid, content: larger })).toThrow(refused('a content of'))
    expect(() => decodeBatch(header, larger)).toThrow(refused('a content of'))
    expect(() => verifyBatch(header, larger)).toThrow(refused('a content of'))
  })

  it('[BA6] the largest header is read, a larger one is not', () => {
    const origins = Array.from({ length: BATCH_DELTAS_MAX }, () => ({
      ...origin,
      seq: Number.MAX_SAFE_INTEGER,
    }))
    const facts = { deltaCount: BATCH_DELTAS_MAX, lastHlc: 4096 + BATCH_DELTAS_MAX, origins }
    const header = { ...valid, ...facts }
    const bytes = encodeBatchHeader(header)
    expect(bytes.length).toBeLessThan(HEADER_BYTES_MAX)
    expect(decodeBatchHeader(bytes)).toEqual(header)
    expect(() => decodeBatchHeader(new Uint8Array(HEADER_BYTES_MAX + 1))).toThrow(
      refused('a header of'),
    )
    const most = new Uint8Array(CONTENT_BYTES_MAX)
    expect(() => sealBatch({ ...header, content: most })).toThrow(refused('a batch of'))
  })

  it('[BA7] checked whole, a batch gives its deltas', () => {
    const { header } = seal()
    const { deltas } = verifyBatch(header, content)
    expect(deltas.map(({ seq, hlc }) => [seq, hlc])).toEqual([
      [7, 4096],
      [8, 4296],
      [9, 4496],
    ])
  })

  it('[BA7] what is wrong with the segment is the protocol’s error', () => {
    const { header } = seal()
    const cut = content.subarray(0, content.length - 1)
    expect(decodeBatch(header, cut).header).toEqual(threeDeltas)
    expect(() => verifyBatch(header, cut)).toThrow(refused('no segment'))
    expect(() => decodeBatch(header, new Uint8Array())).toThrow(refused('no segment'))
  })
})
