/** Key-value entries inside a universe, as reducers see them: ordered bytes in named categories. */
import type { KeyPart } from './ordered-key.ts'

/**
 * A category, key or payload: bytes are taken as they are, anything else is encoded as a key part (an
 * array as its parts in order; CODEC.md OK1–OK9). One shape of key per category.
 */
export type KeyInput = Uint8Array | KeyPart

/** Keys from `start` on, before `stop`; either may be left out or empty, which is no bound. */
export interface KeyInputRange {
  readonly start?: KeyInput
  readonly stop?: KeyInput
}

/** One write of a batch. For `deletePrefix`, `key` is the prefix. */
export type KvWrite =
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

/** One entry of a category. */
export interface KvRow {
  readonly key: Uint8Array
  readonly payload: Uint8Array
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
 * The entries of one category inside a reducer: on this device only, never synced, kept or undone
 * together with the rows that the call writes. Reads see the call's own writes.
 *
 * @throws UniverseError `kv/invalid-argument`, `storage/…`.
 */
export interface KvCategory {
  /** The payload of a key, or undefined. Cost: one index seek. */
  get(key: KeyInput): Uint8Array | undefined
  exists(key: KeyInput): boolean
  /** Puts a payload under a key, in the place of an older one. */
  put(key: KeyInput, payload: KeyInput): void
  /** Deletes one key. Says whether it was there. */
  delete(key: KeyInput): boolean
  /** Deletes the keys that begin with the bytes of `prefix`; of none: all. Gives their number. */
  deletePrefix(prefix: KeyInput): number
  /** The entries of a range in the order of their keys, all in memory. */
  scan(range?: KeyInputRange, options?: ScanOptions): readonly KvRow[]
  /** The entries whose keys begin with the bytes of `prefix`. */
  scanPrefix(prefix: KeyInput, options?: ScanOptions): readonly KvRow[]
  /** Number of entries of a range. */
  count(range?: KeyInputRange): number
}

/** The key-value entries of a universe. */
export interface Kv {
  category(name: KeyInput): KvCategory
}
