/** Ordinary Yjs clients, as apps have them, and raw sockets for what no client sends. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

/** A client with its document. */
export interface YjsClient<T> {
  readonly doc: Y.Doc
  readonly provider: T
  destroy(): void
}

/** A y-websocket client of a document, `home/note/1/body`. */
export function connectYWebsocket(
  url: string,
  name: string,
  token: string,
  doc: Y.Doc = new Y.Doc(),
): YjsClient<WebsocketProvider> {
  const provider = new WebsocketProvider(`${url}/v1/y`, name, doc, {
    params: { token },
    disableBc: true,
    maxBackoffTime: 200,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
  })
  return { doc, provider, destroy: () => provider.destroy() }
}

/** A connection that several providers of hocuspocus share. */
export function connectHocuspocusSocket(url: string): HocuspocusProviderWebsocket {
  return new HocuspocusProviderWebsocket({
    url: `${url}/v1/hocuspocus`,
    WebSocketPolyfill: WebSocket,
    delay: 50,
    minDelay: 50,
  })
}

/** A hocuspocus client of a document, over a connection of its own unless one is given. */
export function connectHocuspocus(
  url: string,
  name: string,
  token: string | (() => string),
  options: {
    readonly doc?: Y.Doc
    readonly socket?: HocuspocusProviderWebsocket
    readonly onAuthenticationFailed?: (data: { reason: string }) => void
  } = {},
): YjsClient<HocuspocusProvider> {
  const { doc = new Y.Doc(), socket, onAuthenticationFailed = () => undefined } = options
  const websocketProvider = socket ?? connectHocuspocusSocket(url)
  const provider = new HocuspocusProvider({
    name,
    document: doc,
    token,
    websocketProvider,
    onAuthenticationFailed,
  })
  provider.attach()
  return {
    doc,
    provider,
    destroy() {
      provider.destroy()
      if (socket === undefined) websocketProvider.destroy()
    },
  }
}

/** A WebSocket by hand. */
export interface RawSocket {
  readonly socket: WebSocket
  readonly messages: Uint8Array[]
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Connects; resolves when it is open. */
export async function connectSocket(address: string): Promise<RawSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false })
  const messages: Uint8Array[] = []
  socket.on('message', (data: Buffer) => messages.push(new Uint8Array(data)))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)
  return { socket, messages, closed }
}
