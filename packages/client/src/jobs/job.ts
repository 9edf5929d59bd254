/** One open job: what is read from it and written to it. JOBS.md KJ… */
import type {
  KeyInput,
  KeyInputRange,
  KeyPart,
  KvRow,
  KvWrite,
  ScanOptions,
} from '@inner-universe/core'
import type { JobChange } from './contract.ts'

/** How a range is iterated over. */
export interface IterateOptions {
  /** From the highest key down. */
  readonly reverse?: boolean
  /** Only entries beyond this key, in the direction of the iteration. */
  readonly after?: KeyInput
  /** Entries fetched at once, at most. Default 256; large entries make a page end earlier. */
  readonly pageRows?: number
  /** Ends the iteration with `call/aborted`. */
  readonly signal?: AbortSignal
}

/** How a range is read in one piece. */
export interface JobScanOptions extends ScanOptions {
  /** Ends the waiting for it with `call/aborted`; the worker may still read what it was asked for. */
  readonly signal?: AbortSignal
}

/**
 * A key-value database of its own file and thread.
 *
 * What is asked of a job is done in the order in which it is asked: a read sees all writes issued
 * before it. A write without `Acked` resolves when it is queued, which takes a while only if more
 * than 8 MiB are on their way; if it fails later, `onFault` of the root is told, and the next `flush`
 * rejects with it. A write with `Acked` resolves when it is durable.
 *
 * @throws UniverseError from every method: `kv/invalid-argument`, `kv/closed`, `kv/backend`,
 * `kv/timeout`.
 */
export interface Job {
  readonly id: string
  /** Does all of the operations in their order, or none of them. None at all: nothing happens. */
  persist(operations: KvWrite | readonly KvWrite[]): Promise<void>
  /** As `persist`; gives for each operation the number of entries that it put or deleted. */
  persistAcked(operations: KvWrite | readonly KvWrite[]): Promise<readonly number[]>
  /** Puts a payload under a key, in the place of an older one. */
  persistPut(category: KeyInput, key: KeyInput, payload: KeyInput): Promise<void>
  persistPutAcked(category: KeyInput, key: KeyInput, payload: KeyInput): Promise<void>
  /** Encodes a payload of typed parts, bytes among them, and puts it. */
  persistEncoded(category: KeyInput, key: KeyInput, payload: KeyPart): Promise<void>
  persistEncodedAcked(category: KeyInput, key: KeyInput, payload: KeyPart): Promise<void>
  /** Deletes one key, if it is there. Its acknowledged form is `deleteAcked`. */
  persistDelete(category: KeyInput, key: KeyInput): Promise<void>
  /** Deletes one key. Tells whether it was there. */
  deleteAcked(category: KeyInput, key: KeyInput): Promise<boolean>
  /** Deletes the keys that begin with the bytes of `prefix`; of none: the whole category. */
  persistDeletePrefix(category: KeyInput, prefix: KeyInput): Promise<void>
  /** As `persistDeletePrefix`; gives the number of entries deleted. */
  persistDeletePrefixAcked(category: KeyInput, prefix: KeyInput): Promise<number>
  /** The payload of a key, or undefined. */
  get(category: KeyInput, key: KeyInput): Promise<Uint8Array | undefined>
  exists(category: KeyInput, key: KeyInput): Promise<boolean>
  /** The entries of a range in the order of their keys, all in memory: see `iterate`. */
  scan(
    category: KeyInput,
    range?: KeyInputRange,
    options?: JobScanOptions,
  ): Promise<readonly KvRow[]>
  /** The entries whose keys begin with the bytes of `prefix`. As `scan`. */
  scanPrefix(
    category: KeyInput,
    prefix: KeyInput,
    options?: JobScanOptions,
  ): Promise<readonly KvRow[]>
  /** Number of entries of a range. */
  count(category: KeyInput, range?: KeyInputRange): Promise<number>
  /**
   * The entries of a range, a page in memory at a time. Each page is what is there when it is read:
   * entries put behind the last one read are seen, entries deleted before they are read are not.
   */
  iterate(category: KeyInput, range?: KeyInputRange, options?: IterateOptions): AsyncIterable<KvRow>
  /** The entries whose keys begin with the bytes of `prefix`. As `iterate`. */
  iteratePrefix(
    category: KeyInput,
    prefix: KeyInput,
    options?: IterateOptions,
  ): AsyncIterable<KvRow>
  /**
   * Resolves when all writes issued before it are durable.
   *
   * @throws the first failure since the last flush of a write that nobody waits for.
   */
  flush(): Promise<void>
  /**
   * Tells what changes under a prefix by writes issued from now on, once they are durable and before
   * they are acknowledged; in a browser by those of other tabs too. A `gap` tells that changes may have
   * been missed: read anew. Returns the end of it. The end of the job ends it too.
   */
  watch(
    category: KeyInput,
    prefix: KeyInput,
    listener: (changes: readonly JobChange[]) => void,
  ): () => void
}
