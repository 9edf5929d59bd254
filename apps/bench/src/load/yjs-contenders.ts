/**
 * The servers of Yjs, spoken to in their own protocols over plain sockets: clients here keep no
 * document but the writers', or the load would be theirs and not the servers'.
 */
import { fileURLToPath } from 'node:url'
import { findFreePort } from '@inner-universe/tooling'
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding'
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import { WebSocket } from 'ws'
import { Doc, encodeStateVector } from 'yjs'
import { startServer } from '../server-process.ts'
import type { ClientEvents, Contender, LoadClient } from './contender.ts'

const SYNC = 0
const AUTH = 2
const SYNC_STATUS = 8
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2
const ROW_TEXT = 'thirty letters of some content'

/** What differs between the two protocols. */
interface Dialect {
  readonly command: readonly string[]
  urlOf(port: number, room: string): string
  begin(encoder: Encoder, room: string): void
  readonly authenticates: boolean
}

function contender(name: string, promise: string, dialect: Dialect): Contender {
  let port = 0
  return {
    name,
    promise,
    start: async () => {
      port = await findFreePort()
      return startServer(dialect.command, { HOST: '127.0.0.1', PORT: String(port) }, port)
    },
    connect: (room, role, events) =>
      connect(dialect, dialect.urlOf(port, room), { room, role, events }),
  }
}

/** The reference server of `y-websocket`, in memory. It acknowledges nothing. */
export const yWebsocket: Contender = contender('y-websocket', 'none; in memory', {
  command: [fileURLToPath(new URL('server.cjs', import.meta.resolve('y-websocket/bin/utils')))],
  urlOf: (port, room) => `ws://127.0.0.1:${port}/${room}`,
  begin: () => undefined,
  authenticates: false,
})

/** Hocuspocus without a database: its `SyncStatus` says that the update was applied in memory. */
export const hocuspocus: Contender = contender('hocuspocus', 'applied, in memory', {
  command: [fileURLToPath(new URL('./hocuspocus-process.ts', import.meta.url))],
  urlOf: (port) => `ws://127.0.0.1:${port}`,
  begin: (encoder, room) => writeVarString(encoder, room),
  authenticates: true,
})

async function connect(
  dialect: Dialect,
  url: string,
  client: { readonly room: string; readonly role: string; readonly events: ClientEvents },
): Promise<LoadClient> {
  const { room, role, events } = client
  const socket = new WebSocket(url, { perMessageDeflate: false })
  const document = new Doc()
  const unacknowledged: number[] = []
  let update: Uint8Array | undefined
  document.on('update', (bytes: Uint8Array) => {
    update = bytes
  })
  const send = (write: (encoder: Encoder) => void): void => {
    const encoder = createEncoder()
    dialect.begin(encoder, room)
    write(encoder)
    socket.send(toUint8Array(encoder))
  }
  const sendSync = (step: number, bytes: Uint8Array): void =>
    send((encoder) => {
      writeVarUint(encoder, SYNC)
      writeVarUint(encoder, step)
      writeVarUint8Array(encoder, bytes)
    })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => {
      if (dialect.authenticates) {
        send((encoder) => {
          writeVarUint(encoder, AUTH)
          writeVarUint(encoder, 0)
          writeVarString(encoder, 'load')
          writeVarString(encoder, '4.8.0')
        })
      }
      sendSync(STEP_1, encodeStateVector(document))
    })
    socket.on('message', (data: Buffer) => {
      const decoder = createDecoder(data)
      if (dialect.authenticates) readVarString(decoder)
      const type = readVarUint(decoder)
      if (type === SYNC_STATUS) {
        const write = unacknowledged.shift()
        if (write !== undefined) events.onAcknowledged(write)
        return
      }
      if (type !== SYNC) return
      const step = readVarUint(decoder)
      // The server asks what we have: nothing.
      if (step === STEP_1) sendSync(STEP_2, new Uint8Array([0, 0]))
      else if (step === STEP_2) resolve()
      else if (step === UPDATE && role === 'reader') {
        events.onDelivered(writeIn(readVarUint8Array(decoder)))
      }
    })
  })
  return {
    write: (write) => {
      document.getMap('rows').set(`row${write % 1000}`, `#${write};${ROW_TEXT}`)
      if (update === undefined) return
      if (dialect.authenticates) unacknowledged.push(write)
      sendSync(UPDATE, update)
    },
    close: () => socket.terminate(),
  }
}

/** The number of a write, from the text in its update. */
function writeIn(update: Uint8Array): number {
  const text = Buffer.from(update.buffer, update.byteOffset, update.length).toString('latin1')
  return Number(/#(\d+);/.exec(text)?.[1])
}
