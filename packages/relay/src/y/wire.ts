/**
 * Messages of ordinary Yjs clients: the only file, with `shared-awareness`, that knows lib0.
 *
 *     y-websocket   message = type body
 *     hocuspocus    message = name type body, name: a text; or one byte: ping, pong
 *
 *     0 sync         step body: 0 state vector · 1 update (the answer to a state vector) · 2 update
 *     1 awareness    states
 *     2 auth         y-websocket: 0 reason (refused)
 *                    hocuspocus: 0 token version? (from the client; empty: asks for one)
 *                                1 reason (refused) · 2 scope (accepted)
 *     3 awareness wanted
 *     4 sync, hocuspocus: an answer, which asks for nothing
 *     7 close, hocuspocus: reason?
 *     8 sync status, hocuspocus: 1 kept · 0 refused
 *
 * Numbers are variable-length unsigned integers, texts and bytes are led by their length in bytes.
 * Sources: y-protocols PROTOCOL.md; y-websocket 3; @hocuspocus/provider 4.
 */
import { UniverseError } from '@inner-universe/core'
import {
  createDecoder,
  type Decoder,
  hasContent,
  readVarString,
  readVarUint,
  readVarUint8Array,
} from 'lib0/decoding'
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'

/** What a client says about one document. */
export type ClientMessage =
  /** What it has: it wants the rest. */
  | { readonly kind: 'state'; readonly stateVector: Uint8Array; readonly isAnswer: boolean }
  /** `isAnswer`: all that a state vector lacks, which may be nothing new. */
  | { readonly kind: 'update'; readonly update: Uint8Array; readonly isAnswer: boolean }
  | { readonly kind: 'awareness'; readonly states: Uint8Array }
  | { readonly kind: 'awareness-wanted' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'close' }
  /** A message for programs beside the document: nothing is done with it. */
  | { readonly kind: 'other' }

/** What a client is told about one document. */
export type ServerMessage =
  | { readonly kind: 'state'; readonly stateVector: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array; readonly isAnswer: boolean }
  | { readonly kind: 'awareness'; readonly states: Uint8Array }
  /** y-websocket: the document may not be read, or an update was not kept. */
  | { readonly kind: 'denied'; readonly reason: string }
  /** hocuspocus: the document may not be read. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'accepted'; readonly mayWrite: boolean }
  | { readonly kind: 'token-wanted' }
  | { readonly kind: 'settled'; readonly isKept: boolean }
  | { readonly kind: 'close'; readonly reason: string }

/** A message of hocuspocus: whom it is for, and what it says. */
export interface NamedMessage {
  readonly name: string
  readonly message: ClientMessage
}

const SYNC = 0
const AWARENESS = 1
const AUTH = 2
const AWARENESS_WANTED = 3
const SYNC_ANSWER = 4
const CLOSE = 7
const SYNC_STATUS = 8
const PING = 9
const PONG = 10

/** Types that hocuspocus has and nobody here acts on: stateless, and stateless to all. */
const OTHER_TYPES: readonly number[] = [5, 6]

/**
 * A message of y-websocket.
 *
 * @throws UniverseError `sync/protocol`.
 */
export function decodePlain(bytes: Uint8Array): ClientMessage {
  return decoded(bytes, (decoder) => {
    const message = readMessage(decoder)
    if (message.kind === 'token' || message.kind === 'close') throw notAMessage()
    return message
  })
}

/**
 * A message of hocuspocus; undefined: a ping or a pong.
 *
 * @throws UniverseError `sync/protocol`.
 */
export function decodeNamed(bytes: Uint8Array): NamedMessage | undefined {
  if (bytes.length === 1 && (bytes[0] === PING || bytes[0] === PONG)) return undefined
  return decoded(bytes, (decoder) => {
    const name = readVarString(decoder)
    return { name, message: readMessage(decoder) }
  })
}

/** A message as y-websocket has it. */
export function encodePlain(message: ServerMessage): Uint8Array {
  const encoder = createEncoder()
  writeMessage(encoder, message)
  return toUint8Array(encoder)
}

/** A message as hocuspocus has it. */
export function encodeNamed(name: string, message: ServerMessage): Uint8Array {
  const encoder = createEncoder()
  writeVarString(encoder, name)
  writeMessage(encoder, message)
  return toUint8Array(encoder)
}

/** Views into the bytes, not copies. Whatever is wrong with them is one error. */
function decoded<T>(bytes: Uint8Array, read: (decoder: Decoder) => T): T {
  try {
    return read(createDecoder(bytes))
  } catch (cause) {
    throw notAMessage(cause)
  }
}

function readMessage(decoder: Decoder): ClientMessage {
  const type = readVarUint(decoder)
  switch (type) {
    case SYNC:
    case SYNC_ANSWER:
      return readSync(decoder, type === SYNC_ANSWER)
    case AWARENESS:
      return { kind: 'awareness', states: readVarUint8Array(decoder) }
    case AUTH:
      if (readVarUint(decoder) !== 0) throw notAMessage()
      return { kind: 'token', token: readVarString(decoder) }
    case AWARENESS_WANTED:
      return { kind: 'awareness-wanted' }
    case CLOSE:
      if (hasContent(decoder)) readVarString(decoder)
      return { kind: 'close' }
    default:
      if (OTHER_TYPES.includes(type)) return { kind: 'other' }
      throw notAMessage()
  }
}

function readSync(decoder: Decoder, isAnswer: boolean): ClientMessage {
  const step = readVarUint(decoder)
  if (step > 2) throw notAMessage()
  const bytes = readVarUint8Array(decoder)
  return step === 0
    ? { kind: 'state', stateVector: bytes, isAnswer }
    : { kind: 'update', update: bytes, isAnswer: step === 1 }
}

function writeMessage(encoder: Encoder, message: ServerMessage): void {
  switch (message.kind) {
    case 'state':
      writeVarUint(encoder, SYNC)
      writeVarUint(encoder, 0)
      writeVarUint8Array(encoder, message.stateVector)
      break
    case 'update':
      writeVarUint(encoder, SYNC)
      writeVarUint(encoder, message.isAnswer ? 1 : 2)
      writeVarUint8Array(encoder, message.update)
      break
    case 'awareness':
      writeVarUint(encoder, AWARENESS)
      writeVarUint8Array(encoder, message.states)
      break
    case 'denied':
      writeVarUint(encoder, AUTH)
      writeVarUint(encoder, 0)
      writeVarString(encoder, message.reason)
      break
    case 'refused':
      writeVarUint(encoder, AUTH)
      writeVarUint(encoder, 1)
      writeVarString(encoder, message.reason)
      break
    case 'accepted':
      writeVarUint(encoder, AUTH)
      writeVarUint(encoder, 2)
      writeVarString(encoder, message.mayWrite ? 'read-write' : 'readonly')
      break
    case 'token-wanted':
      writeVarUint(encoder, AUTH)
      writeVarUint(encoder, 0)
      break
    case 'settled':
      writeVarUint(encoder, SYNC_STATUS)
      writeVarUint(encoder, message.isKept ? 1 : 0)
      break
    case 'close':
      writeVarUint(encoder, CLOSE)
      writeVarString(encoder, message.reason)
      break
  }
}

function notAMessage(cause?: unknown): UniverseError {
  if (cause instanceof UniverseError) return cause
  return new UniverseError('sync/protocol', 'the bytes are no message of a Yjs client', {
    ...(cause !== undefined && { cause }),
  })
}
