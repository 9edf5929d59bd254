/** Yjs updates before they are kept, and the documents they make. */
import {
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
  UniverseError,
} from '@inner-universe/core'
import { checkUpdate as checkStoredUpdate } from '@inner-universe/documents'
import { convertUpdateFormatV1ToV2, mergeUpdates as mergeYjsUpdates } from 'yjs'

/**
 * Checks an update of format 1, as clients send it, of any size: nobody else is to fail on it.
 *
 * @throws UniverseError `document/invalid-update`.
 */
export function checkUpdate(update: Uint8Array): void {
  if (update.length <= DOCUMENT_UPDATE_BYTES_MAX) {
    checkStoredUpdate(update, DOCUMENT_UPDATE_KINDS.update)
  } else {
    checkStoredUpdate(checkpointOf(update), DOCUMENT_UPDATE_KINDS.checkpoint)
  }
}

/** The same in the format of checkpoints. @throws UniverseError `document/invalid-update`. */
export function checkpointOf(update: Uint8Array): Uint8Array {
  try {
    return convertUpdateFormatV1ToV2(update)
  } catch (cause) {
    const message = `${update.length} bytes are no Yjs update; nothing was kept`
    throw new UniverseError('document/invalid-update', message, { cause })
  }
}

/** One update (of format 1) that does what several do. At least one is given. */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const [only] = updates
  return only !== undefined && updates.length === 1 ? only : mergeYjsUpdates([...updates])
}
