import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dataFrame,
  decodeRelayMessage,
  decodeReplicaMessage,
  encodeEntry,
  encodeRelayMessage,
  encodeReplicaMessage,
} from './frame-codec.ts'
import { FRAME_BYTES_MAX } from './limits.ts'
import { RELAY_LAYOUTS, REPLICA_LAYOUTS } from './message-layout.ts'
import { mutated, relayMessages, replicaMessages } from './testing/message-arbitraries.ts'

const frames = fc.oneof(
  replicaMessages.map(encodeReplicaMessage),
  relayMessages.map(encodeRelayMessage),
)

/** Reads a frame as both sides would; whatever is read has to be written as the same bytes. */
function readAsEither(frame: Uint8Array): number {
  let readCount = 0
  const attempt = (read: () => Uint8Array | undefined): void => {
    let again: Uint8Array | undefined
    try {
      again = read()
    } catch (error) {
      if (!isUniverseError(error, 'sync/protocol')) throw error
      return
    }
    if (again === undefined) {
      expect(frame[0]).toBeGreaterThanOrEqual(0x80)
      return
    }
    expect(again).toEqual(frame)
    readCount += 1
  }
  attempt(() => {
    const message = decodeReplicaMessage(frame)
    return message && encodeReplicaMessage(message)
  })
  attempt(() => {
    const message = decodeRelayMessage(frame)
    return message && encodeRelayMessage(message)
  })
  return readCount
}

describe('frames', () => {
  it('[PR1] every message of a replica is read as it was written', () => {
    fc.assert(
      fc.property(replicaMessages, (message) => {
        expect(decodeReplicaMessage(encodeReplicaMessage(message))).toEqual(message)
      }),
      { numRuns: 1000 },
    )
  })

  it('[PR1] every message of the relay is read as it was written', () => {
    fc.assert(
      fc.property(relayMessages, (message) => {
        expect(decodeRelayMessage(encodeRelayMessage(message))).toEqual(message)
      }),
      { numRuns: 1000 },
    )
  })

  it('[PR2] no frame is a message of both sides', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(readAsEither(frame)).toBe(1)
      }),
    )
  })

  it('[PR7] entries encoded one by one make the frame of the whole', () => {
    const datas = relayMessages.filter((message) => message.type === 'data')
    fc.assert(
      fc.property(datas, (data) => {
        const { channel, head, hash, entries } = data
        const frame = dataFrame(channel, head, hash, entries.map(encodeEntry))
        expect(frame).toEqual(encodeRelayMessage(data))
      }),
    )
  })

  it('[PR3] [PR10] changed frames are refused or have no other encoding', () => {
    let changedAndRead = 0
    fc.assert(
      fc.property(mutated(frames), (frame) => {
        changedAndRead += readAsEither(frame)
      }),
      { numRuns: 5000 },
    )
    // Many changes hit a payload that may be anything: both outcomes are met.
    expect(changedAndRead).toBeGreaterThan(100)
    expect(changedAndRead).toBeLessThan(4500)
  })

  it('[PR3] [PR10] arbitrary bytes are refused or have no other encoding', () => {
    const typed = fc
      .tuple(fc.integer({ min: 0, max: 0x30 }), fc.uint8Array({ maxLength: 200 }))
      .map(([type, rest]) => Uint8Array.of(type, ...rest))
    fc.assert(
      fc.property(fc.oneof(typed, fc.uint8Array({ maxLength: 300 })), (frame) => {
        readAsEither(frame)
      }),
      { numRuns: 5000 },
    )
  })

  it.each([0x00, 0x01, 0x7f, 0x80, 0xff])(
    '[PR10] the largest frames of byte %i are refused',
    (fill) => {
      const frame = new Uint8Array(FRAME_BYTES_MAX).fill(fill)
      for (const layouts of [REPLICA_LAYOUTS, RELAY_LAYOUTS]) {
        for (const { code } of Object.values(layouts)) {
          frame[0] = code
          const decode = layouts === REPLICA_LAYOUTS ? decodeReplicaMessage : decodeRelayMessage
          expect(() => decode(frame)).toThrow(expect.objectContaining({ code: 'sync/protocol' }))
        }
      }
    },
  )
})
