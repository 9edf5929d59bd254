/**
 * The bytes of messages: `type u8 · channel varint · payload`. PROTOCOL.md, PR.
 *
 * Each message is one table of fields, from which both directions and the description hashed beside
 * the protocol's version are made. Types of the replica begin at 01, of the relay at 21; types from
 * 80 on are ignored by whoever does not know them.
 */
import {
  ByteReader,
  ByteWriter,
  type Hash,
  type LogPosition,
  NO_EPOCH,
  ZERO_HASH,
} from '@inner-universe/core'
import { decodeFloor, encodeFloor } from './floor-codec.ts'
import {
  AWARE_BYTES_MAX,
  AWARE_SESSIONS_MAX,
  BATCH_BYTES_MAX,
  BATCH_DELTAS_MAX,
  CHANNEL_MAX,
  CONTENT_BYTES_MAX,
  DATA_ENTRIES_MAX,
  FLOOR_BYTES_MAX,
  FRAME_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADS_MAX,
  RIGHTS_TABLES_MAX,
  SCHEMA_BYTES_MAX,
  TEXT_NAME_BYTES_MAX,
  TOKEN_BYTES_MAX,
  VERSIONS_MAX,
} from './limits.ts'
import type {
  ByeCode,
  ImageOffer,
  NackCode,
  RefusalCode,
  RelayMessage,
  ReplicaMessage,
  Rights,
  SyncLimits,
  WireBatch,
  WireEntry,
} from './messages.ts'
import {
  anyEpoch,
  batchHead,
  bytes,
  checked,
  epoch,
  type Field,
  type Fields,
  flag,
  hash,
  list,
  name,
  oneOf,
  optional,
  refuse,
  sentence,
  stream,
  struct,
  text,
  varint,
} from './wire-field.ts'

type Message = { readonly type: string; readonly channel?: number }

/** How one message is written: the number of its type and its fields besides type and channel. */
interface MessageLayout<M> {
  readonly code: number
  readonly isOfChannel: boolean
  readonly payload: Field<Omit<M, 'type' | 'channel'>>
}

type Layouts<M extends Message> = {
  readonly [Type in M['type']]: MessageLayout<Extract<M, { type: Type }>>
}

const REFUSAL_CODES: readonly RefusalCode[] = [
  'unauthorized',
  'module',
  'schema',
  'limit',
  'invalid',
]
const NACK_CODES: readonly NackCode[] = [
  'fork',
  'gap',
  'rebase',
  'clock',
  'duplicate-origin',
  'denied',
  'quota',
  'schema',
  'invalid',
  'too-large',
]
const BYE_CODES: readonly ByeCode[] = [
  'shutting-down',
  'unauthorized',
  'version',
  'displaced',
  'invalid',
  'too-large',
  'timeout',
  'rate',
  'internal',
]

/** First of the types that are ignored when unknown. */
const IGNORABLE = 0x80

const identity = text(TEXT_NAME_BYTES_MAX)
const token = text(TOKEN_BYTES_MAX)
const state = bytes(AWARE_BYTES_MAX)

const position: Field<LogPosition> = checked(
  struct<LogPosition>({ epoch: anyEpoch, offset: varint(), hash }),
  ({ epoch: of, offset, hash: at }) => {
    if (of === NO_EPOCH && offset > 0) return `offset ${offset} in no epoch`
    return offset === 0 && at !== ZERO_HASH ? 'a log hash at offset 0' : undefined
  },
)

const limits = struct<SyncLimits>({
  frameBytesMax: varint(),
  contentBytesMax: varint(),
  windowBatches: varint(1),
  windowBytes: varint(),
  creditBytes: varint(),
  awareBytesMax: varint(),
})

const rights = struct<Rights>({
  read: flag,
  write: flag,
  tables: optional(list(name, RIGHTS_TABLES_MAX)),
})

const offered = struct<ImageOffer>({ manifest: hash, offset: varint(), byteCount: varint() })

const wireBatch: Field<WireBatch> = createBatchField()
const wireEntry: Field<WireEntry> = createEntryField()

const REPLICA_LAYOUTS: Layouts<ReplicaMessage> = {
  hello: ofConnection(0x01, {
    versions: list(varint(1, 65_535), VERSIONS_MAX),
    token,
    timeMs: varint(),
    agent: text(TEXT_NAME_BYTES_MAX),
  }),
  renew: ofConnection(0x02, { token }),
  open: ofChannel(0x03, {
    universe: name,
    module: name,
    schemaVersion: varint(1),
    schemaHash: hash,
    minReader: varint(),
    minWriter: varint(),
    mode: oneOf(['replica', 'fill']),
    stream,
    position,
    floorOffset: varint(),
  }),
  schema: ofChannel(0x04, { schema: text(SCHEMA_BYTES_MAX) }),
  push: ofChannel(0x05, { batch: wireBatch }),
  seen: ofChannel(0x06, { offset: varint() }),
  heads: ofChannel(0x07, {}),
  aware: ofChannel(0x08, { state }),
  close: ofChannel(0x09, {}),
  ping: ofConnection(0x0a, { timeMs: varint() }),
}

const RELAY_LAYOUTS: Layouts<RelayMessage> = {
  welcome: ofConnection(0x21, {
    version: varint(1, 65_535),
    timeMs: varint(),
    sessionId: name,
    identity,
    limits,
  }),
  opened: ofChannel(0x22, {
    epoch,
    owner: identity,
    head: varint(),
    isContinued: flag,
    streamHead: optional(batchHead),
    floor: optional(struct({ offset: varint(1), baseOffset: varint() })),
    image: optional(offered),
    rights,
    minWriter: varint(),
    wantsSchema: flag,
    aware: list(struct({ sessionId: name, state }), AWARE_SESSIONS_MAX),
  }),
  refused: ofChannel(0x23, { code: oneOf(REFUSAL_CODES), message: sentence }),
  ack: ofChannel(0x24, { stream, seq: varint(1), hash, offset: varint(1) }),
  nack: ofChannel(0x25, {
    code: oneOf(NACK_CODES),
    stream,
    seq: varint(),
    message: sentence,
    seqs: list(varint(1), BATCH_DELTAS_MAX),
    timeMs: varint(),
    retryAfterMs: varint(),
  }),
  data: ofChannel(
    0x26,
    { head: varint(1), hash, entries: list(wireEntry, DATA_ENTRIES_MAX) },
    dataFault,
  ),
  heads: ofChannel(0x27, { heads: list(batchHead, HEADS_MAX) }),
  aware: ofChannel(0x28, { sessionId: name, state }),
  pong: ofConnection(0x29, { timeMs: varint(), relayTimeMs: varint() }),
  bye: ofConnection(0x2a, { code: oneOf(BYE_CODES), message: sentence, retryAfterMs: varint() }),
}

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

/** Every message with its bytes in words, one per line: what the version's test hashes. */
export function describeMessages(): string {
  const of = (side: string, layouts: Layouts<ReplicaMessage> | Layouts<RelayMessage>): string[] =>
    Object.entries(layouts as Readonly<Record<string, MessageLayout<Message>>>).map(
      ([type, { code, isOfChannel, payload }]) => {
        const channel = isOfChannel ? 'channel' : '0'
        return `${side} ${type} = ${code.toString(16).padStart(2, '0')} · ${channel} · ${payload.layout}`
      },
    )
  return [...of('replica', REPLICA_LAYOUTS), ...of('relay', RELAY_LAYOUTS)].join('\n')
}

function ofConnection<M>(
  code: number,
  fields: Fields<Omit<M, 'type' | 'channel'>>,
): MessageLayout<M> {
  return { code, isOfChannel: false, payload: struct(fields) }
}

function ofChannel<M>(
  code: number,
  fields: Fields<Omit<M, 'type' | 'channel'>>,
  fault: (payload: Omit<M, 'type' | 'channel'>) => string | undefined = () => undefined,
): MessageLayout<M> {
  return { code, isOfChannel: true, payload: checked(struct(fields), fault) }
}

function channelOf(isOfChannel: boolean): Field<number> {
  return isOfChannel ? varint(1, CHANNEL_MAX) : varint(0, 0)
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

/** `header bytes · 0 · body bytes`, or `header bytes · 1 · contentBytes varint · body bytes`. */
function createBatchField(): Field<WireBatch> {
  const header = bytes(HEADER_BYTES_MAX)
  const encoding = oneOf(['raw', 'deflate'] as const)
  const contentBytes = varint(1, CONTENT_BYTES_MAX)
  const body = bytes(CONTENT_BYTES_MAX)
  const field: Field<WireBatch> = {
    layout: `{header:${header.layout} · encoding:${encoding.layout} · contentBytes:${contentBytes.layout} if deflate · body:${body.layout}}`,
    write(out, batch) {
      header.write(out, batch.header)
      encoding.write(out, batch.encoding)
      if (batch.encoding === 'deflate') contentBytes.write(out, batch.contentBytes)
      body.write(out, batch.body)
    },
    read(from) {
      const headerBytes = header.read(from)
      const how = encoding.read(from)
      const inflated = how === 'deflate' ? contentBytes.read(from) : undefined
      const carried = body.read(from)
      return {
        header: headerBytes,
        contentBytes: inflated ?? carried.length,
        encoding: how,
        body: carried,
      }
    },
  }
  return checked(field, batchFault)
}

function batchFault(batch: WireBatch): string | undefined {
  const { header, body, contentBytes, encoding } = batch
  if (header.length === 0 || body.length === 0) return 'a batch without header or content'
  if (header.length + body.length > BATCH_BYTES_MAX) {
    return `a batch of ${header.length + body.length} bytes; ${BATCH_BYTES_MAX} are allowed`
  }
  if (encoding === 'raw' && contentBytes !== body.length) return 'a raw body of another length'
  if (encoding === 'deflate' && contentBytes <= body.length)
    return 'a body that deflate made longer'
  return undefined
}

/** `kind u8 · offset varint · what the kind says`. */
function createEntryField(): Field<WireEntry> {
  type Of<Kind> = Omit<Extract<WireEntry, { kind: Kind }>, 'kind'>
  const offset = varint(1)
  const kind = oneOf(['batch', 'own', 'floor'] as const)
  const batch = struct<Of<'batch'>>({ offset, batch: wireBatch })
  const own = struct<Of<'own'>>({
    offset,
    stream,
    firstSeq: varint(1),
    deltaCount: varint(1, BATCH_DELTAS_MAX),
    hash,
  })
  const floorBytes = bytes(FLOOR_BYTES_MAX)
  const floor = struct<Of<'floor'>>({
    offset,
    floor: {
      layout: 'floor',
      write: (out, value) => floorBytes.write(out, encodeFloor(value)),
      read: (from) => decodeFloor(floorBytes.read(from)),
    },
  })
  return {
    layout: `{kind:${kind.layout} · batch:${batch.layout} | own:${own.layout} | floor:${floor.layout}}`,
    write(out, entry) {
      kind.write(out, entry.kind)
      if (entry.kind === 'batch') batch.write(out, entry)
      else if (entry.kind === 'own') own.write(out, entry)
      else floor.write(out, entry)
    },
    read(from) {
      const of = kind.read(from)
      if (of === 'batch') return { kind: of, ...batch.read(from) }
      if (of === 'own') return { kind: of, ...own.read(from) }
      return { kind: of, ...floor.read(from) }
    },
  }
}

function dataFault(data: {
  readonly head: number
  readonly entries: readonly WireEntry[]
}): string | undefined {
  const [first] = data.entries
  if (first === undefined) return 'data without entries'
  const isGapless = data.entries.every(({ offset }, index) => offset === first.offset + index)
  if (!isGapless) return 'entries that are not consecutive'
  const last = first.offset + data.entries.length - 1
  return last > data.head ? `an entry ${last} beyond the head ${data.head}` : undefined
}
