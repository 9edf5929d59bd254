/** The relay's protocol over a plain socket, without a replica behind it. */

import { randomBytes } from 'node:crypto'
import { bytesToHex, type Module, NO_EPOCH, parseStreamId, ZERO_HASH } from '@inner-universe/core'
import { encodeSchema } from '@inner-universe/engine'
import {
  decodeRelayMessage,
  encodeReplicaMessage,
  type ImageOffer,
  PROTOCOL_VERSION,
  type RelayMessage,
  type ReplicaMessage,
  SUBPROTOCOL,
  textHash,
} from '@inner-universe/sync'
import { WebSocket } from 'ws'
import type { RelayProcess } from './relay-process.ts'

/** Where a relay listens, and what opens it. */
export type RelayAddress = Pick<RelayProcess, 'url' | 'token'>

/** A connection that has said hello, and is told every message but the welcome. */
export async function greetRelay(
  { url, token }: RelayAddress,
  onMessage: (message: RelayMessage) => void,
): Promise<{ socket: WebSocket; send: (message: ReplicaMessage) => void }> {
  const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false })
  const send = (message: ReplicaMessage): void => socket.send(encodeReplicaMessage(message))
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the relay ended the connection')))
    socket.once('open', () =>
      send({
        type: 'hello',
        versions: [PROTOCOL_VERSION],
        token,
        timeMs: Date.now(),
        agent: 'load',
      }),
    )
    socket.on('message', (data: Buffer) => {
      const message = decodeRelayMessage(data)
      if (message?.type === 'bye') reject(new Error(`bye ${message.code}: ${message.message}`))
      if (message?.type === 'welcome') resolve()
      else if (message !== undefined) onMessage(message)
    })
  })
  return { socket, send }
}

/** An `open` of a universe from its beginning on, for a new stream. */
export function openMessage(
  universe: string,
  module: { readonly name: string; readonly schema: string },
  mode: 'replica' | 'fill',
): Extract<ReplicaMessage, { type: 'open' }> {
  return {
    type: 'open',
    channel: 1,
    universe,
    module: module.name,
    schemaVersion: 1,
    schemaHash: textHash(module.schema),
    minReader: 1,
    minWriter: 1,
    mode,
    stream: parseStreamId(bytesToHex(randomBytes(16))),
    position: { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH },
    floorOffset: 0,
  }
}

/** The head of a universe's log, and the image the relay offers of it. */
export async function askForImage(
  relay: RelayAddress,
  universe: string,
  module: Module,
): Promise<{ readonly head: number; readonly image: ImageOffer | undefined }> {
  let answer: ((message: RelayMessage) => void) | undefined
  const { socket, send } = await greetRelay(relay, (message) => answer?.(message))
  try {
    return await new Promise((resolve, reject) => {
      answer = (message) => {
        if (message.type === 'opened') resolve(message)
        else if (message.type === 'refused') reject(new Error(message.message))
      }
      send(openMessage(universe, { name: module.name, schema: encodeSchema(module) }, 'fill'))
    })
  } finally {
    socket.terminate()
  }
}
