/**
 * What the relay is given by its operating system: time, timers, randomness, hashing, compression.
 * Everything else takes it as an argument, so that it runs under a virtual clock as well.
 */
import { createHash, randomBytes, randomFillSync } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Hash } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import type { FoldSystem } from './fold/fold.ts'

/** Longest timer Node takes, ms: a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Wall time and timers of this process. A timer does not keep the process alive. */
export const systemScheduler: Scheduler = {
  now: () => Date.now(),
  setTimer(delayMs, run) {
    if (delayMs <= 0) {
      // A timer of 0 ms takes one or more; the next turn of the event loop is what is meant.
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    }
    const timer = setTimeout(run, Math.min(delayMs, TIMER_MS_MAX))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Random bytes fit for keys. */
export function systemRandomBytes(count: number): Uint8Array {
  return randomFillSync(new Uint8Array(count))
}

/** Random bytes as lower-case hex. */
export function systemRandomHex(byteCount: number): string {
  return randomBytes(byteCount).toString('hex')
}

/**
 * The first 16 bytes of the SHA-256 of the parts one after the other. Several times as quick as the
 * portable one of core.
 */
export function systemHash(...parts: readonly Uint8Array[]): Hash {
  const sha256 = createHash('sha256')
  for (const part of parts) sha256.update(part)
  return sha256.digest('hex').slice(0, 32) as Hash
}

/**
 * Raw deflate of this process, synchronous: what is compressed here is a chunk or a batch.
 *
 * `inflate` throws when the outcome would exceed its bound, before that is allocated.
 */
export const systemCompression: Pick<FoldSystem, 'deflate' | 'inflate'> = {
  deflate: (bytes) => deflateRawSync(bytes),
  // Node takes no bound of 0, and nothing inflates to less than that.
  inflate: (bytes, bytesMax) => inflateRawSync(bytes, { maxOutputLength: Math.max(1, bytesMax) }),
}

/** What folds are given of all this. */
export const foldSystem: FoldSystem = {
  now: systemScheduler.now,
  randomBytes: systemRandomBytes,
  hash: systemHash,
  inflate: systemCompression.inflate,
  deflate: systemCompression.deflate,
}
