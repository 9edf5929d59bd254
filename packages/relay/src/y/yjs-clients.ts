/** Everything a relay needs to serve ordinary Yjs clients, put together. */
import { join } from 'node:path'
import type { Module } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import type { LogStore, Policy, RelaySide, TokenClaims } from '@inner-universe/sync/relay-side'
import { unauthorized } from '../claims.ts'
import type { RelayConfig } from '../config.ts'
import type { FoldSystem } from '../fold/fold.ts'
import { DocumentReplicas } from './document-replicas.ts'
import { createYEndpoint, type YEndpoint } from './y-endpoint.ts'

/** Who the relay's own replicas are: an identity that no token has. */
const OWN_IDENTITY = 'inner-universe:documents'

/** Rights of the relay's own replicas, and how they prove to be that. */
export interface OwnAccess {
  /** Takes the relay's own token besides those that are good otherwise. */
  readonly verifyToken: (token: string) => Promise<TokenClaims>
  /** Own replicas have asked the policy for their clients already. */
  readonly policy: Policy | undefined
  readonly identity: string
  readonly token: string
}

/** Access for own replicas: by a token that this process alone knows, for as long as it lives. */
export function createOwnAccess(
  token: string,
  given: {
    readonly verifyToken: (token: string) => Promise<TokenClaims>
    readonly policy: Policy | undefined
  },
): OwnAccess {
  const { policy } = given
  const own: TokenClaims = {
    identity: OWN_IDENTITY,
    tokenId: undefined,
    expiresMs: Number.MAX_SAFE_INTEGER,
    universes: new Map([['*', { read: true, write: true }]]),
  }
  return {
    token,
    identity: OWN_IDENTITY,
    async verifyToken(other) {
      if (other === token) return own
      const claims = await given.verifyToken(other)
      if (claims.identity === OWN_IDENTITY) throw unauthorized('it is of the relay itself')
      return claims
    },
    policy:
      policy &&
      ((operation, context) => context.identity === OWN_IDENTITY || policy(operation, context)),
  }
}

/** What serving needs. */
export interface YjsClientsOptions {
  readonly config: RelayConfig
  readonly store: LogStore
  readonly relay: RelaySide
  readonly access: OwnAccess
  /** Checks the tokens of clients. */
  readonly verifyToken: (token: string) => Promise<TokenClaims>
  /** As the modules have it. */
  readonly policy: Policy | undefined
  readonly modules: readonly Module[]
  readonly system: FoldSystem
  readonly scheduler: Scheduler
  readonly onFault: (error: unknown) => void
}

/** The endpoint of Yjs clients over replicas of the relay's own. */
export function createYjsClients(options: YjsClientsOptions): YEndpoint {
  const { config, access, store, relay, verifyToken, policy, modules } = options
  const { system, scheduler, onFault } = options
  const { limits, yjs } = config
  const desk = new DocumentReplicas({
    store,
    relay,
    identity: access.identity,
    token: access.token,
    verifyToken,
    policy,
    modules,
    folder: config.storage === 'memory' ? undefined : join(config.dataDir, 'documents'),
    system,
    scheduler,
    awarenessLimits: {
      stateBytesMax: limits.awareBytesMax,
      clientsMax: yjs.awarenessClientsMax,
    },
    universeBytesMax: limits.universeBytesMax ?? Number.POSITIVE_INFINITY,
    idleMs: yjs.idleMs,
    onFault,
  })
  const endpoint = createYEndpoint({
    desk,
    connectionLimits: {
      helloTimeoutMs: limits.helloTimeoutMs,
      silenceMs: limits.silenceMs,
      messagesPerSecond: yjs.messagesPerSecond,
    },
    sessionLimits: yjs,
    documentsMax: yjs.documentsMax,
    scheduler,
    onFault,
  })
  return {
    get connectionCount() {
      return endpoint.connectionCount
    },
    accept: endpoint.accept,
    revoke: endpoint.revoke,
    async close() {
      await endpoint.close()
      await desk.close()
    },
  }
}
