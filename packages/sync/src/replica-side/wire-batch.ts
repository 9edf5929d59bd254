/** How the content of a batch travels: as it is, or deflated when that is shorter. */
import { type HashFunction, type SealedBatch, UniverseError } from '@inner-universe/core'
import { decodeBatch } from '../batch.ts'
import { CONTENT_BYTES_MAX, DEFLATE_BYTES_MIN } from '../limits.ts'
import type { DecodedBatch, WireBatch } from '../messages.ts'
import type { Compression } from '../transport.ts'

/** The batch as it is pushed. The outcome differs between browsers; hash and content do not. */
export function packBatch(
  batch: SealedBatch,
  compression: Compression,
): WireBatch | Promise<WireBatch> {
  const { header, content } = batch
  const raw: WireBatch = { header, contentBytes: content.length, encoding: 'raw', body: content }
  if (content.length < DEFLATE_BYTES_MIN) return raw
  const shorter = (body: Uint8Array): WireBatch =>
    body.length < content.length ? { ...raw, encoding: 'deflate', body } : raw
  const deflated = compression.deflate(content)
  return deflated instanceof Uint8Array ? shorter(deflated) : deflated.then(shorter)
}

/**
 * The batch as it was sealed, with its header, checked against each other.
 *
 * @throws UniverseError `sync/protocol`, or rejects with it.
 */
export function unpackBatch(
  wire: WireBatch,
  compression: Compression,
  hash: HashFunction,
): DecodedBatch | Promise<DecodedBatch> {
  const { header, contentBytes, encoding, body } = wire
  if (contentBytes > CONTENT_BYTES_MAX) {
    throw new UniverseError('sync/protocol', `a batch of ${contentBytes} bytes is too large`)
  }
  const read = (content: Uint8Array): DecodedBatch => {
    if (content.length !== contentBytes) {
      const text = `a batch said to hold ${contentBytes} bytes holds ${content.length}`
      throw new UniverseError('sync/protocol', text)
    }
    return decodeBatch(header, content, hash)
  }
  if (encoding === 'raw') return read(body)
  const refuse = (cause: unknown): never => {
    throw new UniverseError('sync/protocol', 'the content of a batch cannot be inflated', { cause })
  }
  let inflated: Uint8Array | Promise<Uint8Array>
  try {
    inflated = compression.inflate(body, contentBytes)
  } catch (error) {
    return refuse(error)
  }
  return inflated instanceof Uint8Array ? read(inflated) : inflated.catch(refuse).then(read)
}
