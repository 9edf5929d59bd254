/** What is asked of a Yjs update before it is kept: nobody else is to fail on it. */
import { UniverseError } from '@inner-universe/core'
import { decodeUpdate, mergeUpdates as mergeYjsUpdates } from 'yjs'

/**
 * Reads an update (of format 1) to its end.
 *
 * @throws UniverseError `document/invalid-update`.
 */
export function checkUpdate(update: Uint8Array): void {
  try {
    decodeUpdate(update)
  } catch (cause) {
    throw new UniverseError(
      'document/invalid-update',
      `${update.length} bytes are no Yjs update; nothing was kept`,
      { cause },
    )
  }
}

/** One update (of format 1) that does what several do. At least one is given. */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const [only] = updates
  return only !== undefined && updates.length === 1 ? only : mergeYjsUpdates([...updates])
}
