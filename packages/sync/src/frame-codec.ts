/**
 * The bytes of messages: `type u8 · channel varint · payload`. PROTOCOL.md, PR; the payloads are in
 * message-layout.ts. Types from 80 on are ignored by whoever does not know them.
 */
import { ByteReader, ByteWriter, type Hash } from '@inner-universe/core'
import { DATA_ENTRIES_MAX, FRAME_BYTES_MAX } from './limits.ts'
import {
  channelOf,
  type Layouts,
  type Message,
  type MessageLayout,
  RELAY_LAYOUTS,
  REPLICA_LAYOUTS,
} from './message-layout.ts'
import type { RelayMessage, ReplicaMessage, WireEntry } from './messages.ts'
import { wireEntry } from './wire-entry.ts'
import { hash, refuse } from './wire-field.ts'

/** First of the types that are ignored when unknown. */
const IGNORABLE = 0x80

const replicaCodec = createCodec<ReplicaMessage>(REPLICA_LAYOUTS)
const relayCodec = createCodec<RelayMessage>(RELAY_LAYOUTS)

/**
 * The frame of a replica's message.
 *
 * @throws UniverseError `sync/protocol` for a message beyond a limit.
 */
export function encodeReplicaMessage(message: ReplicaMessage): Uint8Array {
  return replicaCodec.encode(message)
}

/**
 * Reads a frame from a replica; undefined: of a kind to be ignored. Bytes in the message are views
 * into the frame.
 *
 * @throws UniverseError `sync/protocol`; also for a frame above `bytesMax` (before `welcome`:
 * {@link HELLO_BYTES_MAX}).
 */
export function decodeReplicaMessage(
  frame: Uint8Array,
  bytesMax: number = FRAME_BYTES_MAX,
): ReplicaMessage | undefined {
  return replicaCodec.decode(frame, bytesMax)
}

/**
 * The frame of a relay's message.
 *
 * @throws UniverseError `sync/protocol` for a message beyond a limit.
 */
export function encodeRelayMessage(message: RelayMessage): Uint8Array {
  return relayCodec.encode(message)
}

/**
 * Reads a frame from the relay; undefined: of a kind to be ignored. Bytes in the message are views
 * into the frame.
 *
 * @throws UniverseError `sync/protocol`.
 */
export function decodeRelayMessage(
  frame: Uint8Array,
  bytesMax: number = FRAME_BYTES_MAX,
): RelayMessage | undefined {
  return relayCodec.decode(frame, bytesMax)
}

/** The bytes of one entry, to be put into the `data` of many sessions by {@link dataFrame}. */
export function encodeEntry(entry: WireEntry): Uint8Array {
  const out = createWriter()
  wireEntry.write(out, entry)
  return out.finish()
}

/**
 * The frame of a `data` whose entries are encoded already: consecutive, at least one, at most
 * {@link DATA_ENTRIES_MAX}. Only the first few bytes differ from one channel to another.
 */
export function dataFrame(
  channel: number,
  head: number,
  logHash: Hash,
  encodedEntries: readonly Uint8Array[],
): Uint8Array {
  const count = encodedEntries.length
  if (count < 1 || count > DATA_ENTRIES_MAX) refuse(`${count} entries in one frame`)
  const out = createWriter()
  out.writeByte(RELAY_LAYOUTS.data.code)
  channelOf(true).write(out, channel)
  out.writeVarint(head)
  hash.write(out, logHash)
  out.writeVarint(count)
  for (const entry of encodedEntries) out.writeRaw(entry)
  return out.finish()
}

function createWriter(): ByteWriter {
  return new ByteWriter({ bytesMax: FRAME_BYTES_MAX, code: 'sync/protocol' })
}

function createCodec<M extends Message>(
  layouts: Layouts<M>,
): {
  encode(message: M): Uint8Array
  decode(frame: Uint8Array, bytesMax: number): M | undefined
} {
  const byType = layouts as Readonly<Record<string, MessageLayout<Message>>>
  const byCode = new Map(
    Object.entries(byType).map(([type, layout]) => [layout.code, { type, ...layout }]),
  )
  return {
    encode(message) {
      const { code, isOfChannel, payload } = byType[message.type] as MessageLayout<Message>
      const out = createWriter()
      out.writeByte(code)
      channelOf(isOfChannel).write(out, message.channel ?? 0)
      payload.write(out, message)
      return out.finish()
    },
    decode(frame, bytesMax) {
      const from = new ByteReader(frame, 'sync/protocol')
      if (frame.length > bytesMax) {
        from.fail(`a frame of ${frame.length} bytes, of which ${bytesMax} are allowed,`)
      }
      const code = from.readByte()
      const layout = byCode.get(code)
      if (layout === undefined) {
        return code >= IGNORABLE ? undefined : from.fail(`a message of type ${code}`)
      }
      const { type, isOfChannel, payload } = layout
      const channel = channelOf(isOfChannel).read(from)
      const fields = payload.read(from)
      from.expectEnd()
      return { type, ...(isOfChannel ? { channel } : {}), ...fields } as unknown as M
    },
  }
}
