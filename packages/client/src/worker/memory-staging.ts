/** Replacements of databases in memory. */
import { UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { FILE_CHUNK_BYTES } from '../rpc/limits.ts'
import type { ReplicaStaging, Staging } from './store.ts'

/** A staging that gathers the bytes. */
export function memoryStaging(target: {
  readonly open: (contents: Uint8Array) => Promise<Driver>
  readonly takeOver: (contents: Uint8Array) => void
}): Staging {
  let chunks: Uint8Array[] = []
  const gathered = (): Uint8Array => {
    const bytes = concatenate(chunks)
    chunks = [bytes]
    return bytes
  }
  return {
    write: async (bytes) => {
      chunks.push(bytes)
    },
    open: async () => {
      const bytes = gathered()
      if (bytes.byteLength === 0) {
        throw new UniverseError('storage/not-a-database', 'the file to import is empty')
      }
      return target.open(bytes)
    },
    takeOver: async () => target.takeOver(gathered()),
    drop: async () => {
      chunks = []
    },
  }
}

/** A database built in memory. Nothing of it outlives its process. */
export function memoryReplicaStaging(target: {
  readonly open: (contents: Uint8Array | undefined) => Promise<Driver>
  readonly takeOver: (contents: Uint8Array) => void
}): ReplicaStaging {
  let bytes: Uint8Array = new Uint8Array(0)
  let driver: Driver | undefined
  const close = (): void => {
    driver?.close()
    bytes = new Uint8Array(0)
  }
  return {
    read: (at, byteCount) => bytes.subarray(at, at + byteCount),
    write: (at, chunk) => {
      const end = at + chunk.byteLength
      if (end > bytes.byteLength) {
        const grown = new Uint8Array(Math.max(end, bytes.byteLength * 2))
        grown.set(bytes)
        bytes = grown
      }
      bytes.set(chunk, at)
    },
    open: async (byteCount) => {
      driver = await target.open(byteCount === 0 ? undefined : bytes.subarray(0, byteCount))
      return driver
    },
    seal: () => {
      bytes = concatenate([...(driver?.exportChunks(FILE_CHUNK_BYTES) ?? [])])
    },
    takeOver: async () => target.takeOver(bytes),
    drop: async () => close(),
    close,
  }
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
