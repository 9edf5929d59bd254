import { createClientId } from '@inner-universe/core'

/** A new id of 32 hex digits, of the browser's own randomness. */
export function randomId(): string {
  return createClientId((byteCount) => crypto.getRandomValues(new Uint8Array(byteCount)))
}
