/**
 * The relay's process: one HTTP server with WebSockets over the relay side of the protocol.
 *
 * Everything here is wiring: what a message means is decided in `@inner-universe/sync/relay-side`, what
 * is kept in the store, what is compacted in `fold/`.
 */
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { UniverseError } from '@inner-universe/core'
import { type Connection, HELLO_BYTES_MAX, SUBPROTOCOL } from '@inner-universe/sync'
import {
  createRelaySide,
  type LogStore,
  type Policy,
  type RelaySide,
  type TokenClaims,
} from '@inner-universe/sync/relay-side'
import { type Logger, pino } from 'pino'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { createTokenVerifier } from './auth.ts'
import { startCompaction } from './compaction.ts'
import type { RelayConfig } from './config.ts'
import { startFoldThread } from './fold/fold-thread.ts'
import { createHttpHandler } from './http.ts'
import { createImageAccess } from './image-access.ts'
import { loadModules } from './modules.ts'
import { createOriginCheck } from './origins.ts'
import { openRevocations, REVOCATIONS_FILE, type RevocationList } from './revocations.ts'
import { readSecret } from './secret.ts'
import { createMemoryLogStore, openSqliteLogStore } from './storage/index.ts'
import {
  foldSystem,
  systemCompression,
  systemHash,
  systemRandomBytes,
  systemRandomHex,
  systemScheduler,
} from './system.ts'
import { createToken } from './tokens.ts'
import { type ClientRoute, routeOf, type YEndpoint } from './y/y-endpoint.ts'
import { createOwnAccess, createYjsClients } from './y/yjs-clients.ts'

/** How often the list of revocations is looked at, ms. */
const REVOCATIONS_MS = 500

/** What goes around the largest update of a Yjs client in its message, bytes: a name, and numbers. */
const FRAME_ROOM_BYTES = 8192

/** What a Yjs client may say before its token was accepted, bytes: the token, and what a document has. */
const STRANGE_YJS_BYTES: number = 256 * 1024

/** How long a closing relay waits for the other ends, ms: what is durable does not depend on them. */
const FAREWELL_MS = 2000

/** A relay that is listening. */
export interface RunningRelay {
  /** `ws://host:port`, for replicas; the same with `http` for everything else. */
  readonly url: string
  readonly port: number
  /** Refuses tokens or identities from now on, and ends the connections that use them. */
  revoke(added: Partial<RevocationList>): void
  /** Stops listening, says bye, finishes what is being written, closes the store. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a relay.
 *
 * @throws UniverseError `relay/config-invalid`, `relay/unavailable` when the port is taken, `storage/…`.
 */
export async function startRelay(config: RelayConfig): Promise<RunningRelay> {
  // Standard error: standard output is for people and pipes.
  const log = pino({ level: config.logLevel, base: null }, pino.destination(2))
  if (config.storage === 'sqlite') mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const { modules, policy } = await loadModules(config.modules)
  const secret = readSecret(config, systemRandomBytes)
  const isInMemory = config.storage === 'memory'
  const revocations = openRevocations(
    isInMemory ? undefined : join(config.dataDir, REVOCATIONS_FILE),
  )
  const verifier = createTokenVerifier({ secret, now: systemScheduler.now, revocations })
  const store = isInMemory
    ? createMemoryLogStore()
    : openSqliteLogStore({
        path: join(config.dataDir, 'relay.db'),
        randomHex: systemRandomHex,
        now: systemScheduler.now,
      })
  const access = createOwnAccess(systemRandomHex(32), { ...verifier, policy })
  const relay = createRelay(config, { store, log, ...access })
  const yjsClients = createYjsClients({
    ...{ config, store, relay, access, modules, policy },
    verifyToken: verifier.verifyToken,
    system: foldSystem,
    scheduler: systemScheduler,
    onFault: (error) => log.error({ err: error }, 'documents of a universe could not be served'),
  })
  const stopCompaction = startCompaction({
    config,
    store,
    folds: startFoldThread({
      folder: isInMemory ? undefined : join(config.dataDir, 'folds'),
      modulePaths: config.modules,
    }),
    relay,
    hash: systemHash,
    scheduler: systemScheduler,
    log,
  })
  const isAllowedOrigin = createOriginCheck(config.allowedOrigins)
  let isReady = false

  const server = createServer(
    {
      headersTimeout: config.limits.requestTimeoutMs,
      requestTimeout: config.limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, config.limits.requestTimeoutMs),
      maxHeaderSize: HELLO_BYTES_MAX,
    },
    createHttpHandler({
      images: createImageAccess(store),
      verifier,
      isAllowedOrigin,
      isReady: () => isReady,
      makeDevToken: config.devTokens
        ? ({ universe, identity, access, lifetimeMs }) => {
            const issuedMs = systemScheduler.now()
            const expiresMs = issuedMs + lifetimeMs
            return createToken({
              secret,
              identity,
              universes: { [universe]: access },
              issuedMs,
              expiresMs,
            })
          }
        : undefined,
      status: async () => ({
        counters: { ...relay.counters, yjsConnections: yjsClients.connectionCount },
        universes: await store.list(),
      }),
      log,
    }),
  )
  server.maxConnections = config.limits.connectionsMax

  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.limits.frameBytesMax,
    handleProtocols: () => SUBPROTOCOL,
  })
  const yjsSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.yjs.updateBytesMax + FRAME_ROOM_BYTES,
  })
  server.on('upgrade', (request, socket, head) => {
    // Until ws takes it over nobody else listens, and an unheard error would end the process.
    socket.on('error', () => socket.destroy())
    const route = config.yjs.enabled ? routeOf(request.url ?? '') : undefined
    const status = upgradeStatus(request, route, isAllowedOrigin, isReady)
    if (status !== undefined) {
      refuseUpgrade(socket, status)
      return
    }
    if (route !== undefined) {
      yjsSockets.handleUpgrade(request, socket, head, (webSocket) => {
        acceptYjsClient(yjsClients, route, webSocket, socket)
        const { protocol } = route
        webSocket.on('close', (code) => log.info({ protocol, code }, 'a Yjs client has left'))
      })
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      acceptSocket(relay, webSocket, socket, log)
    })
  })

  const port = await listen(server, config).catch(async (error: unknown) => {
    await Promise.all([stopCompaction(), yjsClients.close()])
    await store.close()
    throw error
  })
  isReady = true
  let cancelRefresh = (): void => undefined
  const endRevoked = (): void => {
    relay.revoke(revocations.isRevoked)
    yjsClients.revoke(revocations.isRevoked)
  }
  const refresh = (): void => {
    try {
      if (revocations.refresh()) endRevoked()
    } catch (error) {
      log.error({ err: error }, 'the list of revocations cannot be read; the last one holds')
    }
    cancelRefresh = systemScheduler.setTimer(REVOCATIONS_MS, refresh)
  }
  refresh()
  log.info({ host: config.host, port }, 'listening')

  const close = async (): Promise<void> => {
    isReady = false
    cancelRefresh()
    const closed = new Promise((resolve) => server.close(resolve))
    // Order matters: what Yjs clients have sent is pushed like anything else.
    await Promise.race([yjsClients.close(), delay(FAREWELL_MS)])
    await relay.shutdown()
    for (const socket of sockets.clients) socket.close(1001)
    server.closeIdleConnections()
    await Promise.race([Promise.all([closed, stopCompaction()]), delay(FAREWELL_MS)])
    for (const socket of [...sockets.clients, ...yjsSockets.clients]) socket.terminate()
    server.closeAllConnections()
    await store.close()
    log.info('closed')
  }
  let closing: Promise<void> | undefined
  const { host } = config
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    revoke(added) {
      revocations.revoke(added)
      endRevoked()
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function createRelay(
  config: RelayConfig,
  wiring: {
    readonly store: LogStore
    readonly verifyToken: (token: string) => Promise<TokenClaims>
    readonly policy: Policy | undefined
    readonly log: Logger
  },
): RelaySide {
  const { store, verifyToken, policy, log } = wiring
  const {
    helloTimeoutMs,
    silenceMs,
    messagesPerSecond,
    pushBytesPerSecond,
    universeBytesMax,
    connectionsMax: _connections,
    requestTimeoutMs: _request,
    ...limits
  } = config.limits
  return createRelaySide({
    store,
    scheduler: systemScheduler,
    inflate: systemCompression.inflate,
    hash: systemHash,
    verifyToken,
    ...(policy !== undefined && { policy }),
    randomHex: systemRandomHex,
    limits: { ...limits, ...(universeBytesMax !== undefined && { universeBytesMax }) },
    sessionLimits: {
      helloTimeoutMs,
      silenceMs,
      ...(messagesPerSecond !== undefined && { messagesPerSecond }),
      ...(pushBytesPerSecond !== undefined && { pushBytesPerSecond }),
    },
    onEvent(event) {
      if (event.kind === 'storage-failed') {
        log.error({ action: event.action, err: event.error }, 'the storage failed')
      } else log.info(event, event.kind)
    },
  })
}

/** One WebSocket as a connection of the relay side. */
function acceptSocket(relay: RelaySide, webSocket: WebSocket, socket: Duplex, log: Logger): void {
  webSocket.binaryType = 'nodebuffer'
  const connection: Connection = {
    send: (bytes) => webSocket.send(bytes),
    bufferedBytes: () => webSocket.bufferedAmount,
    close() {
      webSocket.close(1000)
      // Who does not answer is not waited for.
      systemScheduler.setTimer(FAREWELL_MS, () => webSocket.terminate())
    },
  }
  const events = relay.accept(connection)
  // Strangers may not fill memory: until the first message is whole little is taken.
  let strangeBytes = 0
  const watch = (bytes: Uint8Array): void => {
    strangeBytes += bytes.length
    if (strangeBytes > 2 * HELLO_BYTES_MAX) webSocket.terminate()
  }
  socket.on('data', watch)
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    socket.off('data', watch)
    if (!isBinary) {
      webSocket.close(1003, 'messages are binary')
      return
    }
    const bytes = data as Buffer
    try {
      events.onMessage(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    } catch (error) {
      // A fault of ours that one connection has met: the others are not to pay for it.
      log.error({ err: error }, 'a message could not be handled')
      webSocket.terminate()
    }
  })
  // ws closes the connection itself, with the code of what was wrong; `close` follows.
  webSocket.on('error', (error) => log.debug({ err: error }, 'a connection failed'))
  webSocket.on('close', () => events.onClose())
}

/** One WebSocket as the socket of a Yjs client. */
export function acceptYjsClient(
  endpoint: YEndpoint,
  route: ClientRoute,
  webSocket: WebSocket,
  socket: Duplex,
): void {
  webSocket.binaryType = 'nodebuffer'
  const events = endpoint.accept(route, {
    send: (bytes) => webSocket.send(bytes),
    bufferedBytes: () => webSocket.bufferedAmount,
    ping: () => webSocket.ping(),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    close({ code, reason }) {
      // Paused, it would not hear the answer.
      webSocket.resume()
      webSocket.close(code, reason)
      systemScheduler.setTimer(FAREWELL_MS, () => webSocket.terminate())
    },
  })
  let strangeBytes = 0
  const watch = (bytes: Uint8Array): void => {
    strangeBytes += bytes.length
    if (events.isKnown) socket.off('data', watch)
    else if (strangeBytes > STRANGE_YJS_BYTES) webSocket.terminate()
  }
  socket.on('data', watch)
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    const bytes = data as Buffer
    if (isBinary) events.onMessage(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    else webSocket.close(1003, 'messages are binary')
  })
  webSocket.on('pong', () => events.onHeard())
  webSocket.on('error', () => undefined)
  webSocket.on('close', () => events.onClose())
}

/** The HTTP status that refuses an upgrade, or undefined. */
function upgradeStatus(
  request: IncomingMessage,
  route: ClientRoute | undefined,
  isAllowedOrigin: (origin: string | undefined) => boolean,
  isReady: boolean,
): number | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',')
  if (!isReady) return 503
  if (!isAllowedOrigin(request.headers.origin)) return 403
  if (route !== undefined) return undefined
  return offered.some((name) => name.trim() === SUBPROTOCOL) ? undefined : 400
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  )
}

function delay(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    systemScheduler.setTimer(delayMs, resolve)
  })
}

function listen(server: ReturnType<typeof createServer>, config: RelayConfig): Promise<number> {
  const { host, port } = config
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message
      reject(
        new UniverseError(
          'relay/unavailable',
          `the relay cannot listen on ${host}:${port}: ${why}; choose another port`,
          { cause },
        ),
      )
    })
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}
