/** Where a universe is synced, from what the app gave. */
import { UniverseError } from '@inner-universe/core'
import type { SyncRequest } from '../rpc/commands.ts'
import type { SyncOptions } from './universe.ts'

/**
 * The relay and the universe's name there.
 *
 * @throws UniverseError `sync/not-configured` when the address is not one of a relay.
 */
export function relayAddress(
  { url, universe }: SyncOptions,
  name: string,
): Omit<SyncRequest, 'isPaused'> {
  if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
    throw new UniverseError(
      'sync/not-configured',
      `"${url}" is not the address of a relay; give one that begins with wss:// or ws://`,
    )
  }
  return { url, universe: universe ?? name }
}
