/** What callers give for operations, as the bytes that are stored. */
import { inputBytes, type KvWrite, UniverseError } from '@inner-universe/core'
import type { KvOperation } from '@inner-universe/engine/kv'
import { OPERATION_BYTES } from './limits.ts'

/** The bytes of operations. */
export function operationBytes(operations: readonly KvWrite[]): KvOperation[] {
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
