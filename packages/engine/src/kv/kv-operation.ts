/** What is written to a key-value store, as plain data that crosses threads. */
import type { KvRow } from '@inner-universe/core'

/**
 * One write. Category, key and payload are bytes as they are stored, each of any length from 0 on;
 * typed parts become bytes by `encodeKey` of core (CODEC.md OK1–OK9).
 */
export type KvOperation =
  /** Puts a payload, in the place of an older one of that key. */
  | {
      readonly kind: 'put'
      readonly category: Uint8Array
      readonly key: Uint8Array
      readonly payload: Uint8Array
    }
  /** Deletes one key, if it is there. */
  | { readonly kind: 'delete'; readonly category: Uint8Array; readonly key: Uint8Array }
  /** Deletes all keys of the category that begin with the bytes of `key`; of none: all keys. */
  | { readonly kind: 'deletePrefix'; readonly category: Uint8Array; readonly key: Uint8Array }

/** How a range is read. */
export interface KvScanOptions {
  /** From the highest key down. */
  readonly reverse?: boolean
  /** Entries at most: a whole number from 0 on. Default: all. */
  readonly limit?: number
  /** Only entries beyond this key, in the direction of the scan: the key of the last one read. */
  readonly after?: Uint8Array
  /** Ends the page with the entry that brings keys and payloads to this many bytes. Default: none. */
  readonly bytesMax?: number
}

/** Some entries of a range, and where to go on. */
export interface KvPage {
  readonly rows: readonly KvRow[]
  /** Give it as `after` for the next page; undefined when there is nothing beyond. */
  readonly next: Uint8Array | undefined
}
