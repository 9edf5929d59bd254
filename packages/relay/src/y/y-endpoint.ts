/** Where Yjs clients come in: which protocol an address is for, and all connections there are. */
import type { Scheduler } from '@inner-universe/sync'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import {
  ClientConnection,
  type ClientConnectionLimits,
  type ClientProtocol,
  type ClientSocket,
  type ClientSocketEvents,
} from './client-connection.ts'
import { GOING_AWAY } from './closing.ts'
import { parseDocumentName } from './document-address.ts'
import type { DocumentSessionLimits } from './document-session.ts'
import { HocuspocusSession } from './hocuspocus-session.ts'
import type { AdmissionDesk } from './membership.ts'
import { YWebsocketSession } from './y-websocket-session.ts'

/** Paths of y-websocket: what follows names the document. */
const Y_WEBSOCKET_PREFIX = '/v1/y/'

/** Path of hocuspocus, whose messages name the documents. */
const HOCUSPOCUS_PATH = '/v1/hocuspocus'

/** Where a Yjs client wants to go. */
export type ClientRoute =
  | { readonly protocol: 'y-websocket'; readonly name: string; readonly token: string }
  | { readonly protocol: 'hocuspocus' }

/** What an endpoint is made of. */
export interface YEndpointOptions {
  readonly desk: AdmissionDesk
  readonly connectionLimits: ClientConnectionLimits
  readonly sessionLimits: DocumentSessionLimits
  /** Documents open at once on one connection of hocuspocus. */
  readonly documentsMax: number
  readonly scheduler: Scheduler
  /** A fault of ours. */
  readonly onFault: (error: unknown) => void
}

/** All connections of Yjs clients. */
export interface YEndpoint {
  readonly connectionCount: number
  accept(route: ClientRoute, socket: ClientSocket): ClientSocketEvents
  revoke(isRevoked: (claims: TokenClaims) => boolean): void
  /** Ends all connections; resolves when what they wrote is kept. */
  close(): Promise<void>
}

/** The route of a request's target, such as `/v1/y/home/note/1/body?token=…`; undefined: none of these. */
export function routeOf(target: string): ClientRoute | undefined {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  if (path === HOCUSPOCUS_PATH || path === `${HOCUSPOCUS_PATH}/`) return { protocol: 'hocuspocus' }
  if (!path.startsWith(Y_WEBSOCKET_PREFIX)) return undefined
  const params = new URLSearchParams(end < 0 ? '' : target.slice(end))
  const name = path.slice(Y_WEBSOCKET_PREFIX.length)
  return { protocol: 'y-websocket', name, token: params.get('token') ?? '' }
}

/** An endpoint without connections. */
export function createYEndpoint(options: YEndpointOptions): YEndpoint {
  const { desk, connectionLimits, sessionLimits, documentsMax, scheduler, onFault } = options
  const connections = new Set<ClientConnection>()
  let whenEmpty = (): void => undefined

  const protocolOf = (route: ClientRoute, connection: ClientConnection): ClientProtocol => {
    const parts = { connection, desk, limits: sessionLimits, scheduler, onFault }
    if (route.protocol === 'hocuspocus') return new HocuspocusSession({ ...parts, documentsMax })
    const { name, token } = route
    return new YWebsocketSession({ ...parts, address: () => parseDocumentName(name), token })
  }
  return {
    get connectionCount() {
      return connections.size
    },
    accept(route, socket) {
      const connection: ClientConnection = new ClientConnection({
        socket,
        limits: connectionLimits,
        scheduler,
        createProtocol: (self) => protocolOf(route, self),
        onFault,
        onEnded: () => {
          connections.delete(connection)
          if (connections.size === 0) whenEmpty()
        },
      })
      connections.add(connection)
      return connection
    },
    revoke(isRevoked) {
      for (const connection of [...connections]) connection.revoke(isRevoked)
    },
    async close() {
      const empty = new Promise<void>((resolve) => {
        whenEmpty = resolve
      })
      for (const connection of [...connections]) connection.end(GOING_AWAY)
      if (connections.size > 0) await empty
    },
  }
}
