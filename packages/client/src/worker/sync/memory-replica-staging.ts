/** Replicas built in memory, to replace databases there. */
import type { Driver } from '@inner-universe/sqlite'
import { FILE_CHUNK_BYTES } from '../../rpc/piece-limits.ts'
import { concatenate } from '../memory-staging.ts'
import type { ReplicaStaging } from '../store.ts'

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
