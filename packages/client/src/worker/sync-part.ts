/**
 * The seam between a host and what keeps it in sync with a relay, which is loaded only where a
 * universe is opened with `sync`.
 */
import { type Changeset, UniverseError } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { SyncItem, SyncStatus } from '../rpc/contract.ts'
import { encodeError } from '../rpc/error-transfer.ts'
import type { HostClient } from './host-client.ts'

/** What the host tells. */
export interface SyncPart {
  /** A client has come; it is told where sync stands. */
  welcome(client: HostClient): void
  leave(client: HostClient): void
  take(client: HostClient, item: SyncItem): void
  /** Something was committed. */
  committed(): void
  /** Stops before the database is replaced by an import; resolves when it is no longer used. */
  stop(): Promise<void>
  /** Begins anew, over the host's engine. */
  start(): void
  /** The end. */
  close(): void
}

/** What it needs of the host. */
export interface SyncHost {
  readonly engine: Engine
  clients(): Iterable<HostClient>
  /** Tells clients of a transaction that came from elsewhere, and sends what has gathered. */
  publish(changeset: Changeset | undefined): void
  /** Sends what has gathered. */
  flush(): void
  /** Lets what comes in wait. */
  suspend(): void
  /** Goes on with another engine; all clients go on with it. */
  resume(engine: Engine): void
}

/** No sync: universes opened without it, and those whose sync could not be loaded, which is told. */
export function syncOff(fault?: UniverseError): SyncPart {
  const status: SyncStatus =
    fault === undefined
      ? { kind: 'off', unsyncedCount: 0, lastContactMs: undefined }
      : {
          kind: 'blocked',
          code: fault.code,
          message: fault.message,
          unsyncedCount: 0,
          lastContactMs: undefined,
        }
  const error =
    fault ??
    new UniverseError(
      'sync/not-configured',
      'the tab that owns the database opened the universe without sync; give all tabs the same options',
    )
  return {
    welcome: (client) => {
      if (client.hasToken) client.post({ kind: 'sync-status', status })
    },
    leave: () => undefined,
    take: (client, item) => {
      if (item.kind !== 'confirm') return
      client.post({ kind: 'unconfirmed', id: item.id, error: encodeError(error) })
    },
    committed: () => undefined,
    stop: async () => undefined,
    start: () => undefined,
    close: () => undefined,
  }
}
