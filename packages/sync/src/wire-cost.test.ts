import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  createRandom,
  createSegmentWriter,
  type Epoch,
  type Hash,
  idFromKey,
  type StreamId,
} from '@inner-universe/core'
import { expect, it } from 'vitest'
import { decodeBatch, sealBatch } from './batch.ts'
import { dataFrame, encodeEntry, encodeReplicaMessage } from './frame-codec.ts'
import { SEAL_BYTES } from './limits.ts'
import type { WireBatch } from './messages.ts'

const stream = '0f'.repeat(16) as StreamId
const hash = 'ab'.repeat(16) as Hash
const DELTAS = 1000

/** Renames of a thousand different notes, at uneven intervals, with words that repeat as words do. */
function burst(): WireBatch {
  const random = createRandom(new TextEncoder().encode('wire cost'))
  const words = ['milk', 'call', 'the', 'letter', 'on', 'monday', 'with', 'ada', 'again', 'report']
  const word = (): string => words[random.integer(0, words.length - 1)] as string
  const writer = createSegmentWriter({ stream, schemaVersion: 3, firstSeq: 1 })
  const firstHlc = 2 ** 48
  let lastHlc = firstHlc
  for (let index = 0; index < DELTAS; index++) {
    if (index > 0) lastHlc += 4096 + random.integer(0, 4095)
    const title = `${word()} ${word()} ${word()} ${word()} ${random.integer(0, 999)}`
    const id = idFromKey('note', `${index}`)
    const operation = {
      kind: 'update',
      table: 'note',
      id,
      cells: { title, done: index % 2 },
    } as const
    writer.append({ hlc: lastHlc, reducer: 'rename', operations: [operation] })
  }
  const content = writer.finish()
  expect(content.length).toBeLessThan(SEAL_BYTES)
  const { header } = sealBatch({
    stream,
    firstSeq: 1,
    deltaCount: DELTAS,
    previous: hash,
    base: { epoch: '00112233445566ff' as Epoch, offset: 300 },
    firstHlc,
    lastHlc,
    schemaVersion: 3,
    origins: [],
    content,
  })
  const body = deflateRawSync(content)
  expect(decodeBatch(header, inflateRawSync(body)).header.deltaCount).toBe(DELTAS)
  return { header, contentBytes: content.length, encoding: 'deflate', body }
}

it('[BA9] a burst takes at most 60 bytes per delta, pushed and told to others', () => {
  const batch = burst()
  const pushed = encodeReplicaMessage({ type: 'push', channel: 1, batch })
  const told = dataFrame(1, 300, hash, [encodeEntry({ kind: 'batch', offset: 300, batch })])
  expect(pushed.length / DELTAS).toBeLessThanOrEqual(60)
  expect(told.length / DELTAS).toBeLessThanOrEqual(60)
  // Sixteen bytes of each id are random: less would mean that something was lost.
  expect(pushed.length / DELTAS).toBeGreaterThan(16)
})
