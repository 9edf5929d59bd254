/**
 * Ordered keys: typed parts as bytes whose order is the order of the parts. CODEC.md OK1–OK9.
 *
 * There are no type tags: one shape of key per category, or keys of different shapes may be the same
 * bytes.
 */
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import {
  bool,
  bytes,
  int,
  int64,
  type KeyCodec,
  type KeyValues,
  refuse,
  string,
  type TypedPart,
} from './key-type.ts'
import { ORDERED_KEY_BYTES_MAX } from './limits.ts'

/**
 * What a key is made of. A plain string is `k.string`, a boolean `k.bool`, a safe integer `k.int`, a
 * bigint `k.int64`, bytes `k.bytes`, an array its parts in order.
 */
export type KeyPart =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | TypedPart
  | readonly KeyPart[]

/** Keys from `start` on, before `stop`; an empty `stop` is no bound. */
export interface KeyRange {
  readonly start: Uint8Array
  readonly stop: Uint8Array
}

function isTypedPart(part: object): part is TypedPart {
  return 'writeTo' in part
}

function writePart(out: ByteWriter, part: KeyPart): void {
  if (typeof part === 'string') string.write(out, part)
  else if (typeof part === 'number') int.write(out, part)
  else if (typeof part === 'bigint') int64.write(out, part)
  else if (typeof part === 'boolean') bool.write(out, part)
  else if (part instanceof Uint8Array) bytes.write(out, part)
  else if (Array.isArray(part))
    for (const inner of part as readonly KeyPart[]) writePart(out, inner)
  else if (typeof part === 'object' && part !== null && isTypedPart(part)) part.writeTo(out)
  else refuse(`${part === null ? 'null' : `a ${typeof part}`} is no part of a key`)
}

/**
 * The bytes of a key. Cost: about 0.2 µs a part.
 *
 * @throws UniverseError `kv/invalid-argument` for a part that does not fit its type, a component above
 * {@link KEY_PART_BYTES_MAX}, a key above {@link ORDERED_KEY_BYTES_MAX}.
 */
export function encodeKey(...parts: readonly KeyPart[]): Uint8Array {
  const out = new ByteWriter({ bytesMax: ORDERED_KEY_BYTES_MAX, code: 'kv/invalid-argument' })
  writePart(out, parts)
  return out.finish()
}

/**
 * The parts of a key, by the types it was made with.
 *
 * @throws UniverseError `kv/invalid-argument` when the bytes are not a key of that shape.
 */
export function decodeKey<const Types extends readonly KeyCodec<unknown>[]>(
  key: Uint8Array,
  ...types: Types
): KeyValues<Types> {
  const reader = new ByteReader(key, 'kv/invalid-argument')
  const values = types.map((type) => type.read(reader))
  reader.expectEnd()
  return values as KeyValues<Types>
}

/** Below 0, 0, above 0: byte by byte, a key before its own extensions. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const difference = (a[index] as number) - (b[index] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** All keys that begin with these bytes. Of a whole key: it, and those that go on after its parts. */
export function prefixRange(prefix: Uint8Array): KeyRange {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  const stop = prefix.slice(0, length)
  if (length > 0) stop[length - 1] = (stop[length - 1] as number) + 1
  return { start: prefix, stop }
}
