/**
 * Identities: rows, streams, clients, calls. The only file that makes them. CODEC.md ID1–ID6.
 *
 * A row id is canonical lower-case UUID text. Ids made here are of two layouts (RFC 9562):
 *
 *     version 7   ms since 1970 (48 bits) · 7 · counter (12 bits) · 10 · random (62 bits)
 *     version 8   digest (48 bits)        · 8 · digest (12 bits)  · 10 · digest (62 bits)
 *
 * Version 7 ids rise with time, so new rows land at the end of the index: random ones cost twice
 * the time on bulk load. Version 8 ids are the same wherever they are computed.
 */
import { UniverseError } from './error.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { ID_BYTES } from './limits.ts'
import { sha256 } from './sha256.ts'
import { packUuid, unpackUuid } from './uuid.ts'

declare const brand: unique symbol

/** Identity of a row of `Table`: canonical lower-case UUID text. */
export type Id<Table extends string = string> = string & { readonly [brand]: Table }

/** Identity of the log one incarnation of a replica writes: 16 random bytes as 32 hex digits. */
export type StreamId = string & { readonly [brand]: 'stream' }

/** Identity of a client (one opened universe in one tab or process): 32 hex digits. */
export type ClientId = string & { readonly [brand]: 'client' }

/** Identity of one call: `clientId:callNumber`. Equal ids are the same call, sent again. */
export type CallId = string & { readonly [brand]: 'call' }

/** Gives `count` random bytes. At the rim: `crypto.getRandomValues`. */
export type RandomBytes = (count: number) => Uint8Array

/** What a version 7 id is made of. */
export interface IdParts {
  /** Milliseconds since 1970; below 2^48. */
  readonly timestampMs: number
  /** Position among the ids of one maker in one millisecond; below 4096. */
  readonly counter: number
  /** 8 random bytes, of which the first two bits are not used. */
  readonly random: Uint8Array
}

/** Where an id factory gets time and randomness from. */
export interface IdFactoryOptions {
  /** Milliseconds since 1970. May step back. */
  readonly now: () => number
  readonly randomBytes: RandomBytes
}

const COUNTER_MAX = 0xfff
const TIMESTAMP_MS_MAX = 2 ** 48 - 1
const encoder = new TextEncoder()
/** Where the parts of an id are put together. Shared: nothing interrupts it. */
const packed = new Uint8Array(ID_BYTES)

function invalid(what: string, text: unknown): never {
  const shown = typeof text === 'string' ? `"${text.slice(0, 64)}"` : `a ${typeof text}`
  throw new UniverseError('table/invalid-value', `${shown} is not ${what}`, {
    details: { reason: `not ${what}` },
  })
}

/**
 * Makes version 7 ids that rise strictly within this factory, also while the clock stands still or
 * steps back. The 4097th id of one millisecond borrows the next millisecond.
 */
export function createIdFactory(options: IdFactoryOptions): <T extends string = string>() => Id<T> {
  let timestampMs = -1
  let counter = 0
  return <T extends string = string>() => {
    const nowMs = options.now()
    if (nowMs > timestampMs) {
      timestampMs = nowMs
      counter = 0
    } else if (counter === COUNTER_MAX) {
      timestampMs += 1
      counter = 0
    } else {
      counter += 1
    }
    return idFromParts<T>({ timestampMs, counter, random: options.randomBytes(8) })
  }
}

/**
 * The version 7 id of given parts: how a reducer's ids come out the same when its call is run again.
 *
 * @throws UniverseError `table/invalid-value` when a part is out of its range.
 */
export function idFromParts<T extends string = string>(parts: IdParts): Id<T> {
  const { counter, random } = parts
  const timestampMs = Math.floor(parts.timestampMs)
  if (!(timestampMs >= 0 && timestampMs <= TIMESTAMP_MS_MAX)) {
    invalid('a time that fits an id (0 to 2^48 − 1 ms)', String(parts.timestampMs))
  }
  if (!(counter >= 0 && counter <= COUNTER_MAX)) invalid('an id counter (0 to 4095)', `${counter}`)
  if (random.length < 8) invalid('8 random bytes', `${random.length} bytes`)
  const high = Math.floor(timestampMs / 0x10000)
  packed[0] = high >>> 24
  packed[1] = high >>> 16
  packed[2] = high >>> 8
  packed[3] = high
  packed[4] = timestampMs / 0x100
  packed[5] = timestampMs
  packed[6] = 0x70 | (counter >>> 8)
  packed[7] = counter
  for (let index = 0; index < 8; index++) packed[8 + index] = random[index] as number
  packed[8] = 0x80 | ((random[0] as number) & 0x3f)
  return unpackUuid(packed) as Id<T>
}

/**
 * The version 8 id of a natural key: the same on every replica, so that two replicas which make the
 * same thing make the same row. SHA-256 of `table`, a zero byte and `key`, cut to 122 bits.
 *
 * Cost: about 2 µs for a short key.
 */
export function idFromKey<T extends string>(table: T, key: string): Id<T> {
  // No table name holds a zero byte, so different pairs never give the same text.
  const digest = sha256(encoder.encode(`${table}\0${key}`))
  digest[6] = 0x80 | ((digest[6] as number) & 0x0f)
  digest[8] = 0x80 | ((digest[8] as number) & 0x3f)
  return unpackUuid(digest) as Id<T>
}

/** True for canonical lower-case UUID text, of any version: rows may bring ids from elsewhere. */
export function isId(value: unknown): value is Id {
  return typeof value === 'string' && packUuid(value)
}

/**
 * The value as an id.
 *
 * @throws UniverseError `table/invalid-value` when it is not canonical lower-case UUID text.
 */
export function parseId<T extends string = string>(value: unknown): Id<T> {
  return isId(value) ? (value as Id<T>) : invalid('an id (canonical lower-case UUID text)', value)
}

/** The 16 bytes of an id. Their order is the order of the texts. */
export function idToBytes(id: Id): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  return packUuid(id, bytes) ? bytes : invalid('an id (canonical lower-case UUID text)', id)
}

/**
 * The id of 16 bytes.
 *
 * @throws UniverseError `table/invalid-value` for any other number of bytes.
 */
export function idFromBytes<T extends string = string>(bytes: Uint8Array): Id<T> {
  if (bytes.length !== ID_BYTES) invalid('an id of 16 bytes', `${bytes.length} bytes`)
  return unpackUuid(bytes) as Id<T>
}

/** When a version 7 id was made, in ms since 1970; undefined for an id of another version. */
export function idTimestampMs(id: Id): number | undefined {
  if (id.charCodeAt(14) !== 0x37) return undefined
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** A new stream id. One per incarnation of a replica; never kept across a possible roll-back. */
export function createStreamId(randomBytes: RandomBytes): StreamId {
  return bytesToHex(randomBytes(ID_BYTES)) as StreamId
}

/** A new client id. */
export function createClientId(randomBytes: RandomBytes): ClientId {
  return bytesToHex(randomBytes(ID_BYTES)) as ClientId
}

const HEX_32 = /^[0-9a-f]{32}$/

/** True for 32 lower-case hex digits. */
export function isStreamId(value: unknown): value is StreamId {
  return typeof value === 'string' && HEX_32.test(value)
}

/** The value as a stream id. @throws UniverseError `table/invalid-value`. */
export function parseStreamId(value: unknown): StreamId {
  return isStreamId(value) ? value : invalid('a stream id (32 lower-case hex digits)', value)
}

/** The 16 bytes of a stream id. Their order is the order of the texts. */
export function streamIdToBytes(stream: StreamId): Uint8Array {
  const bytes = stream.length === 2 * ID_BYTES ? hexToBytes(stream) : undefined
  return bytes ?? invalid('a stream id (32 lower-case hex digits)', stream)
}

/** The stream id of 16 bytes. @throws UniverseError `table/invalid-value` for any other number. */
export function streamIdFromBytes(bytes: Uint8Array): StreamId {
  if (bytes.length !== ID_BYTES) invalid('a stream id of 16 bytes', `${bytes.length} bytes`)
  return bytesToHex(bytes) as StreamId
}

/** The value as a client id. @throws UniverseError `table/invalid-value`. */
export function parseClientId(value: unknown): ClientId {
  return typeof value === 'string' && HEX_32.test(value)
    ? (value as ClientId)
    : invalid('a client id (32 lower-case hex digits)', value)
}

/** The id of a client's call; the first of a client is number 1. */
export function formatCallId(client: ClientId, callNumber: number): CallId {
  if (!Number.isSafeInteger(callNumber) || callNumber < 1) invalid('a call number', `${callNumber}`)
  return `${client}:${callNumber}` as CallId
}

const CALL_ID = /^([0-9a-f]{32}):([1-9][0-9]{0,15})$/

/** The two parts of a call id. @throws UniverseError `table/invalid-value`. */
export function parseCallId(value: unknown): { client: ClientId; callNumber: number } {
  const [, client, digits] = (typeof value === 'string' && CALL_ID.exec(value)) || []
  const callNumber = Number(digits)
  if (!Number.isSafeInteger(callNumber)) invalid('a call id (client id, colon, number)', value)
  return { client: client as ClientId, callNumber }
}
