/**
 * Operations on their way to a job's worker: all their bytes in one array, since each array of its own
 * costs a thread about what putting it into SQLite does.
 */
import { type KvWrite, UniverseError, viewOfInput } from '@inner-universe/core'
import type { KvOperation } from '@inner-universe/engine/kv'
import { OPERATION_BYTES } from './limits.ts'

/** Some operations, in order. */
export interface PackedOperations {
  /** Of each operation its place in {@link KINDS}. */
  readonly kinds: Uint8Array
  /** Of each operation the lengths of category, key and, for `put`, payload. */
  readonly lengths: Uint32Array
  /** Those parts, one after the other. */
  readonly bytes: Uint8Array
}

const KINDS = ['put', 'delete', 'deletePrefix'] as const

/**
 * Packs what callers give: a copy, so that theirs may change while it is on its way.
 *
 * @throws UniverseError `kv/invalid-argument`.
 */
export function packOperations(operations: readonly KvWrite[]): PackedOperations {
  const parts: Uint8Array[] = []
  let byteCount = 0
  const add = (part: Uint8Array): void => {
    parts.push(part)
    byteCount += part.length
  }
  const kinds = Uint8Array.from(operations, (operation) => {
    const { kind } = operation
    const place = KINDS.indexOf(kind)
    if (place < 0) {
      throw new UniverseError(
        'kv/invalid-argument',
        `"${String(kind)}" is no operation; give put, delete or deletePrefix`,
      )
    }
    add(viewOfInput(operation.category))
    add(viewOfInput(operation.key))
    if (kind === 'put') add(viewOfInput(operation.payload))
    return place
  })
  const bytes = new Uint8Array(byteCount)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { kinds, lengths: Uint32Array.from(parts, ({ length }) => length), bytes }
}

/** The operations again; their bytes are views into what was packed. */
export function unpackOperations({ kinds, lengths, bytes }: PackedOperations): KvOperation[] {
  let part = 0
  let at = 0
  const next = (): Uint8Array => {
    const start = at
    at += lengths[part] ?? 0
    part += 1
    return bytes.subarray(start, at)
  }
  return Array.from(kinds, (place): KvOperation => {
    const kind = KINDS[place] ?? 'delete'
    const [category, key] = [next(), next()]
    return kind === 'put' ? { kind, category, key, payload: next() } : { kind, category, key }
  })
}

/** What operations take on their way, in bytes. */
export function weigh({ kinds, bytes }: PackedOperations): number {
  return kinds.length * OPERATION_BYTES + bytes.length
}
