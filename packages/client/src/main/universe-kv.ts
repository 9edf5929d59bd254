/** `universe.kv`: the key-value entries of this device, from outside of reducers. Loaded when first used. */
import {
  inputBytes,
  inputRange,
  type KeyRange,
  type KvRow,
  type KvWrite,
  prefixRange,
  type ScanOptions,
} from '@inner-universe/core'
import type { KvOperation, KvPage, KvScanOptions } from '@inner-universe/engine/kv'
import type { KvRead } from '../rpc/contract.ts'
import type { UniverseKv, UniverseKvCategory } from './universe.ts'

/** Entries in one page of an iteration, at most. */
const PAGE_ROWS = 256

/** Bytes of keys and payloads that end a page. */
const PAGE_BYTES = 1024 * 1024

/** The entries, over what asks the worker. */
export function createUniverseKv(ask: (read: KvRead) => Promise<unknown>): UniverseKv {
  const write = (operations: readonly KvWrite[]): Promise<readonly number[]> => {
    const encoded = operations.map((operation): KvOperation => {
      const { kind } = operation
      const category = inputBytes(operation.category)
      const key = inputBytes(operation.key)
      if (kind !== 'put') return { kind, category, key }
      return { kind, category, key, payload: inputBytes(operation.payload) }
    })
    return ask({ kind: 'kv-write', operations: encoded }) as Promise<readonly number[]>
  }
  return { category: (name) => categoryOf(inputBytes(name), ask, write), write }
}

function categoryOf(
  category: Uint8Array,
  ask: (read: KvRead) => Promise<unknown>,
  write: UniverseKv['write'],
): UniverseKvCategory {
  const page = (range: KeyRange, options: KvScanOptions): Promise<KvPage> =>
    ask({ kind: 'kv-scan', category, ...range, ...options }) as Promise<KvPage>
  const count = (range: KeyRange): Promise<number> =>
    ask({ kind: 'kv-count', category, ...range }) as Promise<number>
  const scan = async (
    range: KeyRange,
    { after, ...options }: ScanOptions,
  ): Promise<readonly KvRow[]> => {
    const from = after === undefined ? {} : { after: inputBytes(after) }
    return (await page(range, { ...options, ...from })).rows
  }
  return {
    get: (key) => {
      const asked = { kind: 'kv-get', category, key: inputBytes(key) } as const
      return ask(asked) as Promise<Uint8Array | undefined>
    },
    async exists(key) {
      const start = inputBytes(key)
      return (await count({ start, stop: Uint8Array.of(...start, 0) })) === 1
    },
    scan: (range = {}, options = {}) => scan(inputRange(range), options),
    scanPrefix: (prefix, options = {}) => scan(prefixRange(inputBytes(prefix)), options),
    count: async (range = {}) => count(inputRange(range)),
    async *iterate(range = {}, { reverse = false } = {}) {
      const within = inputRange(range)
      let from: Pick<KvScanOptions, 'after'> = {}
      for (;;) {
        const options = { reverse, limit: PAGE_ROWS, bytesMax: PAGE_BYTES, ...from }
        const { rows, next } = await page(within, options)
        yield* rows
        if (next === undefined) return
        from = { after: next }
      }
    },
    async put(key, payload) {
      await write([{ kind: 'put', category, key, payload }])
    },
    async delete(key) {
      const [count = 0] = await write([{ kind: 'delete', category, key }])
      return count > 0
    },
    async deletePrefix(prefix) {
      const [count = 0] = await write([{ kind: 'deletePrefix', category, key: prefix }])
      return count
    },
  }
}
