/**
 * The tables of all messages: each one's number and fields in the order in which they are written.
 *
 * Both directions are made from these, and the description hashed beside the protocol's version.
 * Types of the replica begin at 01, of the relay at 21.
 */
import { type LogPosition, NO_EPOCH, ZERO_HASH } from '@inner-universe/core'
import {
  AWARE_BYTES_MAX,
  AWARE_SESSIONS_MAX,
  BATCH_DELTAS_MAX,
  CHANNEL_MAX,
  DATA_ENTRIES_MAX,
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
  WireEntry,
} from './messages.ts'
import { wireBatch, wireEntry } from './wire-entry.ts'
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
  sentence,
  stream,
  struct,
  text,
  varint,
} from './wire-field.ts'

/** What messages have in common. */
export type Message = { readonly type: string; readonly channel?: number }

/** How one message is written: the number of its type and its fields besides type and channel. */
export interface MessageLayout<M> {
  readonly code: number
  readonly isOfChannel: boolean
  readonly payload: Field<Omit<M, 'type' | 'channel'>>
}

/** The layout of every message of one side. */
export type Layouts<M extends Message> = {
  readonly [Type in M['type']]: MessageLayout<Extract<M, { type: Type }>>
}

/** Codes by their number on the wire, from 1: added to at the end, as in PROTOCOL.md. */
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

/** The messages of a replica. */
export const REPLICA_LAYOUTS: Layouts<ReplicaMessage> = {
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

/** The messages of the relay. */
export const RELAY_LAYOUTS: Layouts<RelayMessage> = {
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

/** The channel of a message: 0 where it concerns no universe. */
export function channelOf(isOfChannel: boolean): Field<number> {
  return isOfChannel ? varint(1, CHANNEL_MAX) : varint(0, 0)
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
