/** Images in a relay's database, and the chunks they share. */
import type { Hash } from '@inner-universe/core'
import { type Driver, inTransaction } from '@inner-universe/sqlite'
import { hashToBytes } from '@inner-universe/sync'
import { chunkMissing, chunksOf, type StoredImage } from '@inner-universe/sync/relay-side'
import { storedHash } from './sqlite-rows.ts'

/** The images of all universes, which it knows by number. */
export class SqliteImages {
  readonly #driver: Driver

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** @throws UniverseError `sync/image-invalid` when a chunk it names is not kept. */
  put(universe: number, image: StoredImage & { readonly text: string }): void {
    const { manifest, offset, byteCount, createdMs, text } = image
    const key = hashToBytes(manifest)
    const insertChunk = this.#driver.prepare(
      'INSERT INTO image_chunk (chunk, universe, manifest) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING',
    )
    const insert = this.#driver.prepare(
      `INSERT INTO image (universe, manifest, "offset", byte_count, created_ms, text)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING`,
    )
    inTransaction(this.#driver, () => {
      for (const chunk of chunksOf(text)) {
        if (!this.hasChunk(chunk)) throw chunkMissing(manifest, chunk)
        insertChunk.run([hashToBytes(chunk), universe, key])
      }
      insert.run([universe, key, offset, byteCount, createdMs, text])
    })
  }

  /** Images of a universe, the oldest first. */
  list(universe: number): readonly StoredImage[] {
    const select = this.#driver.prepare(
      `SELECT manifest, "offset", byte_count, created_ms FROM image WHERE universe = ?1
       ORDER BY "offset", created_ms`,
    )
    return select.all([universe]).map(([manifest, offset, byteCount, createdMs]) => ({
      manifest: storedHash(manifest),
      offset: offset as number,
      byteCount: byteCount as number,
      createdMs: createdMs as number,
    }))
  }

  /** The text of a manifest. */
  text(universe: number, manifest: Hash): string | undefined {
    const select = this.#driver.prepare(
      'SELECT text FROM image WHERE universe = ?1 AND manifest = ?2',
    )
    const row = select.get([universe, hashToBytes(manifest)])
    return row && (row[0] as string)
  }

  /** Removes images, and the chunks that no other image names. */
  drop(universe: number, manifests: readonly Hash[]): void {
    inTransaction(this.#driver, () => {
      for (const manifest of manifests) this.#drop(universe, manifest)
    })
  }

  #drop(universe: number, manifest: Hash): void {
    const key = hashToBytes(manifest)
    const chunks = chunksOf(this.text(universe, manifest))
    this.#driver
      .prepare('DELETE FROM image WHERE universe = ?1 AND manifest = ?2')
      .run([universe, key])
    const unname = this.#driver.prepare(
      'DELETE FROM image_chunk WHERE chunk = ?1 AND universe = ?2 AND manifest = ?3',
    )
    const dropUnnamed = this.#driver.prepare(
      `DELETE FROM chunk WHERE hash = ?1
       AND NOT EXISTS (SELECT 1 FROM image_chunk WHERE chunk = ?1)`,
    )
    for (const chunk of chunks) {
      unname.run([hashToBytes(chunk), universe, key])
      dropUnnamed.run([hashToBytes(chunk)])
    }
  }

  hasChunk(chunk: Hash): boolean {
    const select = this.#driver.prepare('SELECT 1 FROM chunk WHERE hash = ?1')
    return select.get([hashToBytes(chunk)]) !== undefined
  }

  putChunk(chunk: Hash, bytes: Uint8Array): void {
    this.#driver
      .prepare('INSERT INTO chunk (hash, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING')
      .run([hashToBytes(chunk), bytes])
  }

  chunk(chunk: Hash): Uint8Array | undefined {
    const row = this.#driver
      .prepare('SELECT body FROM chunk WHERE hash = ?1')
      .get([hashToBytes(chunk)])
    return row && (row[0] as Uint8Array)
  }
}
