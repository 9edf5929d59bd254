/** What callers give for keys, payloads and ranges, as the bytes that are stored. */
import { UniverseError } from './error.ts'
import type { KeyInput, KeyInputRange } from './kv.ts'
import { PAYLOAD_BYTES_MAX } from './limits.ts'
import { encodeKey, type KeyRange } from './ordered-key.ts'

/**
 * The bytes of an input: a copy, so that the caller's may change while they are on their way.
 *
 * @throws UniverseError `kv/invalid-argument`.
 */
export function inputBytes(input: KeyInput): Uint8Array {
  // Not `slice`: that of a Node Buffer is a view, and its whole pool would cross.
  return new Uint8Array(viewOfInput(input))
}

/**
 * The bytes of an input, to be read at once: they may be the caller's own.
 *
 * @throws UniverseError `kv/invalid-argument`.
 */
export function viewOfInput(input: KeyInput): Uint8Array {
  if (!(input instanceof Uint8Array)) return encodeKey(input)
  if (input.length > PAYLOAD_BYTES_MAX) {
    throw new UniverseError(
      'kv/invalid-argument',
      `${input.length} bytes are more than ${PAYLOAD_BYTES_MAX}; keep them in a file, or in parts`,
    )
  }
  return input
}

/** The bytes of a range. */
export function inputRange({ start = [], stop = [] }: KeyInputRange): KeyRange {
  return { start: inputBytes(start), stop: inputBytes(stop) }
}
