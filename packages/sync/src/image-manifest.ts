/** The manifest of an image: what a new replica needs to fetch, check and open it. PROTOCOL.md, IM. */
import {
  canonicalJson,
  type Epoch,
  type Hash,
  type HashFunction,
  hashOf,
  type JsonOptions,
  type JsonValue,
  parseJson,
  UniverseError,
  utf8Length,
} from '@inner-universe/core'
import { textHash } from './hash.ts'
import { CHUNKS_MAX, MANIFEST_BYTES_MAX, TEXT_NAME_BYTES_MAX } from './limits.ts'

/** Bytes of one chunk before compression; the last may be shorter. */
export const IMAGE_CHUNK_BYTES: number = 1024 * 1024

/** A SQLite file at an offset of the log, in chunks. Encoded as canonical JSON; PROTOCOL.md. */
export interface ImageManifest {
  readonly format: 1
  readonly universe: string
  readonly module: string
  readonly schemaVersion: number
  readonly schemaHash: Hash
  readonly epoch: Epoch
  readonly offset: number
  /** Chain hash of the log at `offset`. */
  readonly hash: Hash
  readonly owner: string
  /** Digest of the visible rows. */
  readonly digest: Hash
  readonly byteCount: number
  /** Of each chunk: hash of its bytes and its compressed length. */
  readonly chunks: readonly { readonly hash: Hash; readonly byteCount: number }[]
}

const JSON_OPTIONS: JsonOptions = {
  bytesMax: MANIFEST_BYTES_MAX,
  depthMax: 3,
  code: 'sync/image-invalid',
}

type Check = (value: JsonValue | undefined) => boolean

const isHash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
const isEpoch: Check = (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
const isShort: Check = (value) =>
  typeof value === 'string' && utf8Length(value) <= TEXT_NAME_BYTES_MAX
const isName: Check = (value) => value !== '' && isShort(value)
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isPositive: Check = (value) => value !== 0 && isCount(value)

const MEMBERS: Readonly<Record<keyof ImageManifest, Check>> = {
  format: (value) => value === 1,
  universe: isName,
  module: isName,
  schemaVersion: isPositive,
  schemaHash: isHash,
  epoch: isEpoch,
  offset: isPositive,
  hash: isHash,
  owner: isShort,
  digest: isHash,
  byteCount: isPositive,
  chunks: (value) => Array.isArray(value) && value.length <= CHUNKS_MAX && value.every(isChunk),
}

/**
 * The text of a manifest: canonical JSON, so that equal manifests have one hash.
 *
 * @throws UniverseError `sync/image-invalid` for one that {@link parseImageManifest} would refuse.
 */
export function encodeImageManifest(manifest: ImageManifest): string {
  const text = canonicalJson(manifest, JSON_OPTIONS)
  parseImageManifest(text)
  return text
}

/**
 * Reads a manifest. Nothing is trusted; whether it is the one that was asked for is told by
 * {@link imageManifestHash}.
 *
 * @throws UniverseError `sync/image-invalid` for a text that {@link encodeImageManifest} does not write.
 */
export function parseImageManifest(text: string): ImageManifest {
  const value = membersOf(parseJson(text, JSON_OPTIONS)) ?? refuse('is no object')
  for (const [member, isFitting] of Object.entries(MEMBERS)) {
    if (!isFitting(value[member])) refuse(`has no valid '${member}'`)
  }
  const names = Object.keys(value)
  if (names.length !== Object.keys(MEMBERS).length) refuse(`has other members: ${names.join(', ')}`)
  if (canonicalJson(value, JSON_OPTIONS) !== text) refuse('is not canonical JSON')
  const manifest = value as unknown as ImageManifest
  const { byteCount, chunks } = manifest
  if (chunks.length !== Math.ceil(byteCount / IMAGE_CHUNK_BYTES)) {
    refuse(`has ${chunks.length} chunks for ${byteCount} bytes`)
  }
  return manifest
}

/** The hash by which a manifest is named and fetched. */
export function imageManifestHash(text: string, hash: HashFunction = hashOf): Hash {
  return textHash(text, hash)
}

/** Bytes of one chunk of an image before compression. */
export function chunkBytes(manifest: ImageManifest, index: number): number {
  return Math.min(IMAGE_CHUNK_BYTES, manifest.byteCount - index * IMAGE_CHUNK_BYTES)
}

function isChunk(value: JsonValue): boolean {
  const { hash, byteCount, ...others } = membersOf(value) ?? {}
  if (!isHash(hash) || !isPositive(byteCount) || Object.keys(others).length > 0) return false
  // What deflate cannot make smaller it makes longer by a little.
  return (byteCount as number) <= 2 * IMAGE_CHUNK_BYTES
}

function membersOf(value: JsonValue): Readonly<Record<string, JsonValue>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Readonly<Record<string, JsonValue>>
}

function refuse(what: string): never {
  throw new UniverseError('sync/image-invalid', `the manifest of an image ${what}`)
}
