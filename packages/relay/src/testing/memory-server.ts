/** A real server of WebSockets over documents in memory. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { acceptYjsClient } from '../server.ts'
import { systemScheduler } from '../system.ts'
import { createYEndpoint, routeOf, type YEndpoint } from '../y/y-endpoint.ts'
import { createMemoryDesk, type MemoryDesk } from './memory-documents.ts'

/** A server that is listening. */
export interface MemoryServer {
  /** `ws://…` */
  readonly url: string
  readonly desk: MemoryDesk
  readonly endpoint: YEndpoint
  readonly faults: unknown[]
  close(): Promise<void>
}

/** Bounds that tests change. */
export interface MemoryServerLimits {
  readonly helloTimeoutMs?: number
  readonly silenceMs?: number
  readonly updateBytesMax?: number
  readonly bufferedBytesMax?: number
  readonly gatherMs?: number
  readonly documentsMax?: number
  readonly frameBytesMax?: number
}

/** Starts a server. */
export async function startMemoryServer(limits: MemoryServerLimits = {}): Promise<MemoryServer> {
  const desk = createMemoryDesk()
  const faults: unknown[] = []
  const { updateBytesMax = 100_000, bufferedBytesMax = 1_000_000, gatherMs = 0 } = limits
  const endpoint = createYEndpoint({
    desk,
    connectionLimits: {
      helloTimeoutMs: limits.helloTimeoutMs ?? 5000,
      silenceMs: limits.silenceMs ?? 60_000,
      messagesPerSecond: 5000,
    },
    sessionLimits: { updateBytesMax, waitingBytesMax: 1_000_000, bufferedBytesMax, gatherMs },
    documentsMax: limits.documentsMax ?? 10,
    scheduler: systemScheduler,
    onFault: (error) => faults.push(error),
  })
  const server = createServer()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytesMax ?? 200_000,
    perMessageDeflate: false,
  })
  server.on('upgrade', (request, socket, head) => {
    const route = routeOf(request.url ?? '')
    if (route === undefined) socket.destroy()
    else {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        acceptYjsClient(endpoint, route, webSocket, socket),
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    desk,
    endpoint,
    faults,
    async close() {
      await endpoint.close()
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
