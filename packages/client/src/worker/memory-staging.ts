/** Replacements of databases in memory. */
import { UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Staging } from './store.ts'

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

/** The pieces one after the other. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
