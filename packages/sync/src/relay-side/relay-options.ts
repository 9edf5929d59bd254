/** What a relay side is made of: its ports, its bounds, and what it tells. */
import type { Floor, HashFunction, RowOperation, StreamId } from '@inner-universe/core'
import type { Rights, SyncLimits } from '../messages.ts'
import type { Connection, ConnectionEvents, Scheduler } from '../transport.ts'
import type { LogStore } from './log-store.ts'

/** What a verified token says. */
export interface TokenClaims {
  readonly identity: string
  /** By which it can be revoked alone. */
  readonly tokenId: string | undefined
  /** Ms since 1970. */
  readonly expiresMs: number
  /** Rights by name of the universe; `*`: all that are not named. */
  readonly universes: ReadonlyMap<string, Rights>
}

/** Who pushes, where. */
export interface PolicyContext {
  readonly universe: string
  readonly identity: string
  readonly stream: StreamId
  readonly reducer: string
}

/** Says whether an operation may enter the log; a text says why not. Pure and quick: it is asked of each. */
export type Policy = (operation: RowOperation, context: PolicyContext) => true | string

/** Bounds of the log. */
export interface RelayLimits extends SyncLimits {
  /** Bytes of the kept log of one universe, from which pushes are refused (`nack quota`). */
  readonly universeBytesMax: number
  /** How far a batch's clock may be ahead of the relay's, ms. */
  readonly clockAheadMsMax: number
}

/** Bounds of one connection. */
export interface SessionLimits {
  readonly helloTimeoutMs: number
  /** Silence after which a connection is ended, ms. */
  readonly silenceMs: number
  /** Messages a second, over ten seconds; above: `bye rate`. */
  readonly messagesPerSecond: number
  /** Bytes pushed a second, over ten seconds; above: `nack quota`. */
  readonly pushBytesPerSecond: number
  /** Universes opened on one connection. */
  readonly channelsMax: number
  /** Connections that have not said hello yet; above, new ones are ended at once. */
  readonly unauthenticatedMax: number
}

/** Something worth a line in the relay's log. No tokens, no contents. */
export type RelayEvent =
  | {
      readonly kind: 'hello'
      readonly sessionId: string
      readonly identity: string
      readonly agent: string
    }
  | {
      readonly kind: 'opened'
      readonly sessionId: string
      readonly universe: string
      readonly stream: StreamId
      readonly isContinued: boolean
    }
  | {
      readonly kind: 'refused'
      readonly sessionId: string
      readonly universe: string
      readonly reason: string
    }
  | {
      readonly kind: 'nack'
      readonly sessionId: string
      readonly universe: string
      readonly code: string
      readonly reason: string
    }
  | {
      readonly kind: 'bye'
      readonly sessionId: string
      readonly code: string
      readonly reason: string
    }
  | { readonly kind: 'epoch'; readonly universe: string; readonly head: number }
  | { readonly kind: 'storage-failed'; readonly action: string; readonly error: unknown }

/** Numbers since the start, and what there is now. */
export interface RelayCounters {
  connections: number
  /** Connections that have said hello. */
  sessions: number
  /** Open universes of all connections. */
  channels: number
  universes: number
  batchesIn: number
  deltasIn: number
  /** Batches acknowledged again. */
  batchesAgain: number
  nacks: number
  commits: number
  commitsFailed: number
  /** Entries sent, summed over receivers. */
  deliveries: number
  bytesIn: number
  bytesOut: number
}

/** Everything a relay side needs from outside. */
export interface RelaySideOptions {
  readonly store: LogStore
  readonly scheduler: Scheduler
  /** Raw deflate, undone; throws when the outcome would exceed the bound. */
  readonly inflate: (bytes: Uint8Array, bytesMax: number) => Uint8Array
  /** {@link hashOf} unless a quicker one is at hand. */
  readonly hash?: HashFunction
  /** @throws UniverseError `sync/unauthorized` (rejects). */
  readonly verifyToken: (token: string, nowMs: number) => Promise<TokenClaims>
  /** Random bytes as lower-case hex: ids of sessions and epochs, jitter. */
  readonly randomHex: (byteCount: number) => string
  readonly policy?: Policy
  readonly limits?: Partial<RelayLimits>
  readonly sessionLimits?: Partial<SessionLimits>
  /** How long entries gather before they are appended together; 0: until the next turn. */
  readonly commitWindowMs?: number
  /** How long after a restore anyone may offer the batches of others, ms; a day by default. */
  readonly repairMs?: number
  readonly onEvent?: (event: RelayEvent) => void
}

/** What the bearer may do in a universe; undefined: nothing. */
export function rightsIn(claims: TokenClaims, universe: string): Rights | undefined {
  const rights = claims.universes.get(universe) ?? claims.universes.get('*')
  return rights !== undefined && (rights.read || rights.write) ? rights : undefined
}

/** The relay's half of the protocol, for any number of connections and universes. */
export interface RelaySide {
  readonly counters: Readonly<RelayCounters>
  /** Takes on a connection that is open. It is told of every message and of the end. */
  accept(connection: Connection): Pick<ConnectionEvents, 'onMessage' | 'onClose'>
  /** Ends the connections whose token is no longer good (`bye unauthorized`). */
  revoke(isRevoked: (claims: TokenClaims) => boolean): void
  /**
   * Appends a floor, durable when it resolves to its offset. With `ifHead`, only while the log ends
   * there: undefined otherwise, and nothing was done.
   */
  appendFloor(universe: string, floor: Floor, ifHead?: number): Promise<number | undefined>
  /**
   * Forgets entries of the log up to an offset, between appends, at most so many of them; gives how
   * many are left to forget. To be used instead of the store's own while the relay runs.
   */
  truncate(universe: string, throughOffset: number, entriesMax: number): Promise<number>
  /** Tells of every append, once it is durable; gives the unsubscription. */
  onAppended(listener: (universe: string, head: number) => void): () => void
  /** Writes the cursors noted so far to the store. They are also written every few seconds. */
  keepCursors(): Promise<void>
  /**
   * Ends every connection by `bye shutting-down`, once what was accepted is durable and acknowledged.
   * The store stays open.
   */
  shutdown(): Promise<void>
}
