/** What callers give for keys, ranges and operations, as the bytes that are stored. */
import { encodeKey, type KeyPart, type KeyRange, UniverseError } from '@inner-universe/core'
import type { KvOperation } from '@inner-universe/engine/kv'
import { OPERATION_BYTES, PAYLOAD_BYTES_MAX } from './limits.ts'

/**
 * A category, key or payload: bytes are taken as they are, anything else is encoded as a key part (an
 * array as its parts in order; core CODEC.md OK1–OK9). One shape of key per category.
 */
export type KeyInput = Uint8Array | KeyPart

/** Keys from `start` on, before `stop`; either may be left out or empty, which is no bound. */
export interface JobRange {
  readonly start?: KeyInput
  readonly stop?: KeyInput
}

/** One write of a batch. For `deletePrefix`, `key` is the prefix. */
export type JobOperation =
  | {
      readonly kind: 'put'
      readonly category: KeyInput
      readonly key: KeyInput
      readonly payload: KeyInput
    }
  | {
      readonly kind: 'delete' | 'deletePrefix'
      readonly category: KeyInput
      readonly key: KeyInput
    }

/** How a range is read. */
export interface ScanOptions {
  /** From the highest key down. */
  readonly reverse?: boolean
  /** Entries at most. Default: all of the range. */
  readonly limit?: number
  /** Only entries beyond this key, in the direction of the scan: the key of the last one read. */
  readonly after?: KeyInput
}

/**
 * The bytes of an input: a copy, so that the caller's may change while they are on their way.
 *
 * @throws UniverseError `kv/invalid-argument`.
 */
export function inputBytes(input: KeyInput): Uint8Array {
  if (!(input instanceof Uint8Array)) return encodeKey(input)
  if (input.length > PAYLOAD_BYTES_MAX) {
    throw new UniverseError(
      'kv/invalid-argument',
      `${input.length} bytes are more than ${PAYLOAD_BYTES_MAX}; keep them in a file, or in parts`,
    )
  }
  // Not `slice`: that of a Node Buffer is a view, and its whole pool would cross.
  return new Uint8Array(input)
}

/** The bytes of a range. */
export function rangeBytes({ start = [], stop = [] }: JobRange): KeyRange {
  return { start: inputBytes(start), stop: inputBytes(stop) }
}

/** The bytes of operations. */
export function operationBytes(operations: readonly JobOperation[]): KvOperation[] {
  return operations.map((operation): KvOperation => {
    const category = inputBytes(operation.category)
    const key = inputBytes(operation.key)
    const { kind } = operation
    switch (kind) {
      case 'put':
        return { kind, category, key, payload: inputBytes(operation.payload) }
      case 'delete':
      case 'deletePrefix':
        return { kind, category, key }
      default:
        throw new UniverseError(
          'kv/invalid-argument',
          `"${String(kind)}" is no operation; give put, delete or deletePrefix`,
        )
    }
  })
}

/** What operations take on their way, in bytes. */
export function weigh(operations: readonly KvOperation[]): number {
  let bytes = 0
  for (const operation of operations) {
    bytes += OPERATION_BYTES + operation.category.length + operation.key.length
    if (operation.kind === 'put') bytes += operation.payload.length
  }
  return bytes
}
