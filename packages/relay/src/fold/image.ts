/**
 * Images: the database file of a fold, without what only the fold needs, in chunks named by their hash.
 *
 * The chunks put together are a SQLite file with a rollback journal and pages of 8192 bytes, as a new
 * replica writes them itself, so that it opens them in a browser or in Node as they are.
 */
import { rmSync } from 'node:fs'
import type { Hash } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type HashFunction, IMAGE_CHUNK_BYTES } from '@inner-universe/sync'

/** What SQLite keeps beside a database file. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/** One chunk of an image. */
export interface ImageChunk {
  /** Of the bytes before compression. */
  readonly hash: Hash
  /** Deflated. */
  readonly bytes: Uint8Array
}

/** An image that is being read out. */
export interface ImageCopy {
  readonly byteCount: number
  /** In order. Each is read, hashed and compressed when it is asked for. */
  readonly chunks: Iterator<ImageChunk>
  /** Removes the copy. */
  close(): void
}

/** What making an image needs. */
export interface ImageOptions {
  /** Of the fold; its engine is open and in no transaction. */
  readonly driver: Driver
  /** Where the copy is made; undefined: in memory. */
  readonly path: string | undefined
  /** Opens the engine of the fold's module over the copy. It closes the driver. */
  readonly openEngine: (driver: Driver) => Engine
  readonly hash: HashFunction
  readonly deflate: (bytes: Uint8Array) => Uint8Array
}

/**
 * Copies a fold's database and strips the copy.
 *
 * Cost: reads and writes the whole file, twice.
 */
export function copyImage(options: ImageOptions): ImageCopy {
  const { driver, path, openEngine, hash, deflate } = options
  if (path !== undefined) removeDatabase(path)
  const copy = path === undefined ? copyInMemory(driver) : copyToFile(driver, path)
  const engine = openEngine(copy)
  const close = (): void => {
    engine.close()
    if (path !== undefined) removeDatabase(path)
  }
  try {
    engine.stripForImage()
    copy.exec('VACUUM')
    copy.checkpoint()
    return { byteCount: copy.fileBytes(), chunks: readChunks(copy, hash, deflate), close }
  } catch (error) {
    close()
    throw error
  }
}

/** Removes a database file and what SQLite keeps beside it. Nothing to remove is fine. */
export function removeDatabase(path: string): void {
  for (const end of ['', ...COMPANIONS]) rmSync(path + end, { force: true })
}

function copyToFile(driver: Driver, path: string): Driver {
  driver.prepare('VACUUM INTO ?1').run([path])
  return openNodeDatabase({ path, durability: 'process' })
}

function copyInMemory(driver: Driver): Driver {
  const chunks = [...driver.exportChunks(IMAGE_CHUNK_BYTES)]
  return openNodeDatabase({
    path: ':memory:',
    durability: 'process',
    contents: joinBytes(chunks),
  })
}

/** The bytes of all parts, one after the other. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, { length }) => total + length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

function* readChunks(
  copy: Driver,
  hash: HashFunction,
  deflate: (bytes: Uint8Array) => Uint8Array,
): Iterator<ImageChunk> {
  for (const bytes of copy.exportChunks(IMAGE_CHUNK_BYTES)) {
    yield { hash: hash(bytes), bytes: deflate(bytes) }
  }
}
