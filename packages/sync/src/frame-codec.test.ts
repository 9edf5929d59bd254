import { bytesToHex, type Hash, hexToBytes } from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/frames.json' with { type: 'json' }
import {
  dataFrame,
  decodeRelayMessage,
  decodeReplicaMessage,
  encodeEntry,
  encodeRelayMessage,
  encodeReplicaMessage,
} from './frame-codec.ts'
import {
  AWARE_BYTES_MAX,
  BATCH_BYTES_MAX,
  CHANNEL_MAX,
  DATA_ENTRIES_MAX,
  FRAME_BYTES_MAX,
  HELLO_BYTES_MAX,
  SENTENCE_BYTES_MAX,
  TOKEN_BYTES_MAX,
  VERSIONS_MAX,
} from './limits.ts'
import { RELAY_LAYOUTS, REPLICA_LAYOUTS } from './message-layout.ts'
import type { RelayMessage, ReplicaMessage, WireEntry } from './messages.ts'

const hash = 'ab'.repeat(16) as Hash
const hello: ReplicaMessage = { type: 'hello', versions: [1], token: 't', timeMs: 1, agent: '' }
const bytesOf = (hex: string): Uint8Array => hexToBytes(hex) as Uint8Array
const own = (offset: number): WireEntry => ({
  kind: 'own',
  offset,
  stream: hash as never,
  firstSeq: 1,
  deltaCount: 1,
  hash,
})
const data = (head: number, entries: readonly WireEntry[]): RelayMessage => ({
  type: 'data',
  channel: 1,
  head,
  hash,
  entries,
})

/** Messages as the vectors file writes them: JSON has no bytes. */
function revive<M>(message: unknown): M {
  const text = JSON.stringify(message)
  return JSON.parse(text, (_, value) =>
    typeof value === 'object' && value !== null && '$bytes' in value
      ? bytesOf(value.$bytes as string)
      : value,
  ) as M
}

describe('frames', () => {
  it.each(vectors.replica)('[PR11] replica: $what', ({ hex, message }) => {
    const revived = revive<ReplicaMessage>(message)
    expect(decodeReplicaMessage(bytesOf(hex))).toEqual(revived)
    expect(bytesToHex(encodeReplicaMessage(revived))).toBe(hex)
  })

  it.each(vectors.relay)('[PR11] relay: $what', ({ hex, message }) => {
    const revived = revive<RelayMessage>(message)
    expect(decodeRelayMessage(bytesOf(hex))).toEqual(revived)
    expect(bytesToHex(encodeRelayMessage(revived))).toBe(hex)
  })

  it('[PR11] every type has a vector', () => {
    const typesOf = (of: readonly { message: { type: string } }[]): string[] =>
      [...new Set(of.map(({ message }) => message.type))].sort()
    expect(typesOf(vectors.replica)).toEqual(Object.keys(REPLICA_LAYOUTS).sort())
    expect(typesOf(vectors.relay)).toEqual(Object.keys(RELAY_LAYOUTS).sort())
  })

  it.each(vectors.invalid)('[PR3] [PR4] $side: $what is refused', ({ side, hex, reason }) => {
    const decode = side === 'relay' ? decodeRelayMessage : decodeReplicaMessage
    expect(() => decode(bytesOf(hex))).toThrow(
      expect.objectContaining({ code: 'sync/protocol', message: expect.stringContaining(reason) }),
    )
  })

  it('[PR2] unknown types are ignored from 80 on, and refused below', () => {
    for (let type = 0; type < 256; type++) {
      const frame = Uint8Array.of(type, 0xff, 0xff)
      for (const decode of [decodeReplicaMessage, decodeRelayMessage]) {
        if (type >= 0x80) expect(decode(frame)).toBeUndefined()
        else expect(() => decode(frame)).toThrow(expect.objectContaining({ code: 'sync/protocol' }))
      }
    }
  })

  it('[PR1] a message of a universe has a channel, any other has none', () => {
    for (const channel of [1, CHANNEL_MAX]) {
      const message: ReplicaMessage = { type: 'close', channel }
      expect(decodeReplicaMessage(encodeReplicaMessage(message))).toEqual(message)
    }
    for (const channel of [0, CHANNEL_MAX + 1]) {
      expect(() => encodeReplicaMessage({ type: 'close', channel })).toThrow('cannot send')
    }
    expect(encodeReplicaMessage(hello)[1]).toBe(0)
  })

  it('[PR4] a count that lies is refused before anything is made of it', () => {
    const heads = bytesOf('2701ffff0f')
    expect(() => decodeRelayMessage(heads)).toThrow(
      'the number of items is 262143, with too few bytes',
    )
    const aware = bytesOf('0801ffffff7f')
    expect(() => decodeReplicaMessage(aware)).toThrow('number of bytes')
  })

  it('[PR5] a frame above its limit is refused unread', () => {
    expect(() => decodeReplicaMessage(new Uint8Array(FRAME_BYTES_MAX + 1).fill(0xff))).toThrow(
      `a frame of ${FRAME_BYTES_MAX + 1} bytes`,
    )
    const frame = encodeReplicaMessage(hello)
    expect(decodeReplicaMessage(frame, HELLO_BYTES_MAX)).toEqual(hello)
    const large = encodeReplicaMessage({ type: 'schema', channel: 1, schema: 'x'.repeat(20_000) })
    expect(decodeReplicaMessage(large)).toMatchObject({ type: 'schema' })
    expect(() => decodeReplicaMessage(large, HELLO_BYTES_MAX)).toThrow('16384 are allowed')
  })

  it('[PR5] the longest token fits into hello before welcome', () => {
    const token = 'x'.repeat(TOKEN_BYTES_MAX)
    const frame = encodeReplicaMessage({ ...hello, token, agent: 'y'.repeat(256) })
    expect(decodeReplicaMessage(frame, HELLO_BYTES_MAX)).toMatchObject({ token })
  })

  it.each<[string, ReplicaMessage]>([
    ['a token', { ...hello, token: 'x'.repeat(TOKEN_BYTES_MAX + 1) }],
    ['versions', { ...hello, versions: Array.from({ length: VERSIONS_MAX + 1 }, () => 1) }],
    ['a lone surrogate', { type: 'schema', channel: 1, schema: '\ud800' }],
    ['awareness', { type: 'aware', channel: 1, state: new Uint8Array(AWARE_BYTES_MAX + 1) }],
    ['an offset below 0', { type: 'seen', channel: 1, offset: -1 }],
  ])('[PR6] %s that would be refused is not sent', (_, message) => {
    expect(() => encodeReplicaMessage(message)).toThrow(
      expect.objectContaining({ code: 'sync/protocol' }),
    )
  })

  it.each(['x'.repeat(5000), '\ud83d\ude00'.repeat(2000), `a${'\ud83d\ude00'.repeat(600)}`, 'Ω'])(
    '[PR6] sentences are cut to their limit (%#)',
    (message) => {
      const bye: RelayMessage = { type: 'bye', code: 'internal', message, retryAfterMs: 0 }
      const read = decodeRelayMessage(encodeRelayMessage(bye))
      const sent = read?.type === 'bye' ? read.message : ''
      expect(sent.length).toBeGreaterThan(0)
      expect(new TextEncoder().encode(sent).length).toBeLessThanOrEqual(SENTENCE_BYTES_MAX)
      expect(message.startsWith(sent.replace('\ufffd', ''))).toBe(true)
    },
  )

  it('[PR7] entries are consecutive, one at least, none beyond the head', () => {
    expect(decodeRelayMessage(encodeRelayMessage(data(8, [own(7), own(8)])))).toEqual(
      data(8, [own(7), own(8)]),
    )
    expect(() => encodeRelayMessage(data(9, [own(7), own(9)]))).toThrow('not consecutive')
    expect(() => encodeRelayMessage(data(7, [own(7), own(8)]))).toThrow('beyond the head')
    expect(() => dataFrame(1, 1, hash, [])).toThrow('0 entries')
    const many = Array.from({ length: DATA_ENTRIES_MAX + 1 }, () => new Uint8Array())
    expect(() => dataFrame(1, 1, hash, many)).toThrow('4097 entries')
    const gap = dataFrame(1, 9, hash, [own(7), own(9)].map(encodeEntry))
    expect(() => decodeRelayMessage(gap)).toThrow('not consecutive')
    const beyond = dataFrame(1, 6, hash, [encodeEntry(own(7))])
    expect(() => decodeRelayMessage(beyond)).toThrow('beyond the head')
  })

  it('[PR8] a body is the content, or shorter and deflated', () => {
    const push = (encoding: 'raw' | 'deflate', contentBytes: number, bodyBytes: number) =>
      encodeReplicaMessage({
        type: 'push',
        channel: 1,
        batch: {
          header: new Uint8Array(9),
          contentBytes,
          encoding,
          body: new Uint8Array(bodyBytes),
        },
      })
    expect(push('raw', 5, 5)).toBeDefined()
    expect(push('deflate', 6, 5)).toBeDefined()
    expect(() => push('raw', 6, 5)).toThrow('another length')
    expect(() => push('deflate', 5, 5)).toThrow('longer')
    expect(() => push('raw', 0, 0)).toThrow('without header or content')
  })

  it('[PR8] header and body together leave the frame its room', () => {
    const push = (headerBytes: number, bodyBytes: number) =>
      encodeReplicaMessage({
        type: 'push',
        channel: 1,
        batch: {
          header: new Uint8Array(headerBytes),
          contentBytes: bodyBytes,
          encoding: 'raw',
          body: new Uint8Array(bodyBytes),
        },
      })
    const body = 18 * 1024 * 1024
    expect(push(BATCH_BYTES_MAX - body, body).length).toBeLessThan(FRAME_BYTES_MAX)
    expect(() => push(BATCH_BYTES_MAX - body + 1, body)).toThrow('a batch of 19922945 bytes')
  })

  it('[PR9] a position without epoch is the beginning, which has no log hash', () => {
    const open = revive<Extract<ReplicaMessage, { type: 'open' }>>(
      vectors.replica.find(({ what }) => what === 'open at a position')?.message,
    )
    const at = (position: Partial<typeof open.position>) =>
      encodeReplicaMessage({ ...open, position: { ...open.position, ...position } })
    expect(() => at({ epoch: '' as never })).toThrow('offset 300 in no epoch')
    expect(() => at({ offset: 0 })).toThrow('a log hash at offset 0')
    expect(at({ offset: 0, hash: '0'.repeat(32) as Hash })).toBeDefined()
  })
})
