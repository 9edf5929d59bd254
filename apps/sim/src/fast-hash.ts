import { createHash } from 'node:crypto'
import type { Hash } from '@inner-universe/core'
import type { HashFunction } from '@inner-universe/sync'

/** The protocol's hash by the machine's own SHA-256. */
export const fastHash: HashFunction = (...parts) => {
  const sha256 = createHash('sha256')
  for (const part of parts) sha256.update(part)
  return sha256.digest('hex').slice(0, 32) as Hash
}
