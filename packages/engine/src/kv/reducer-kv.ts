/** `ctx.kv`: key-value entries in a universe, in the transaction of the call. KV.md KS16–KS19. */
import {
  inputBytes,
  inputRange,
  type KeyInput,
  type KeyInputRange,
  type Kv,
  type KvCategory,
  type KvRow,
  type ScanOptions,
} from '@inner-universe/core'
import { currentCall, type Session } from '../table-access.ts'
import type { KvStore } from './kv-store.ts'

/** The entries as reducers see them, whichever call is under way. */
export function reducerKv(session: Session, store: KvStore): Kv {
  return { category: (name) => new Category(session, store, inputBytes(name)) }
}

class Category implements KvCategory {
  readonly #session: Session
  readonly #store: KvStore
  readonly #name: Uint8Array

  constructor(session: Session, store: KvStore, name: Uint8Array) {
    this.#session = session
    this.#store = store
    this.#name = name
  }

  get(key: KeyInput): Uint8Array | undefined {
    return this.#reading().get(this.#name, inputBytes(key))
  }

  exists(key: KeyInput): boolean {
    return this.#reading().exists(this.#name, inputBytes(key))
  }

  put(key: KeyInput, payload: KeyInput): void {
    this.#writing().put(this.#name, inputBytes(key), inputBytes(payload))
  }

  delete(key: KeyInput): boolean {
    return this.#writing().delete(this.#name, inputBytes(key))
  }

  deletePrefix(prefix: KeyInput): number {
    return this.#writing().deletePrefix(this.#name, inputBytes(prefix))
  }

  scan(range: KeyInputRange = {}, options: ScanOptions = {}): readonly KvRow[] {
    return this.#reading().scan(this.#name, inputRange(range), scanOf(options)).rows
  }

  scanPrefix(prefix: KeyInput, options: ScanOptions = {}): readonly KvRow[] {
    return this.#reading().scanPrefix(this.#name, inputBytes(prefix), scanOf(options)).rows
  }

  count(range: KeyInputRange = {}): number {
    return this.#reading().count(this.#name, inputRange(range))
  }

  #reading(): KvStore {
    currentCall(this.#session)
    return this.#store
  }

  /** The file has to be undone with the call from now on. */
  #writing(): KvStore {
    currentCall(this.#session).hasWritten = true
    return this.#store
  }
}

function scanOf({ after, ...options }: ScanOptions) {
  return after === undefined ? options : { ...options, after: inputBytes(after) }
}
