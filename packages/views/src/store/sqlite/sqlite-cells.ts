/** One value per key in one SQLite table. STORES.md VS6. */
import { type Driver, quoteIdentifier, type Statement } from '@inner-universe/sqlite'
import { type MapKey, mapKey } from '../../map-key.ts'
import type { Cells, Datum } from '../../state.ts'
import { encodeDatum, encodeExact } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import type { Digest, DigestSeed } from '../digest.ts'
import type { Piece, PieceOwner } from './piece.ts'

/** A value that was read or set. */
interface Cell<V> {
  readonly key: Uint8Array
  value: V | undefined
  /** As the table has it. */
  stored: Uint8Array | undefined
  isChanged: boolean
}

/** Values are read once and written at the flush, however often a step sets them. */
export class SqliteCells<V> implements Cells<V>, Piece {
  readonly #owner: PieceOwner
  readonly #seed: DigestSeed
  readonly #cells = new Map<MapKey, Cell<V>>()
  readonly #changed: Cell<V>[] = []
  readonly #get: Statement
  readonly #put: Statement
  readonly #remove: Statement
  readonly #all: Statement

  constructor(driver: Driver, table: string, owner: PieceOwner, seed: DigestSeed) {
    this.#owner = owner
    this.#seed = seed
    const t = quoteIdentifier(table)
    this.#get = driver.prepare(`SELECT v FROM ${t} WHERE k = ?`)
    this.#put = driver.prepare(
      `INSERT INTO ${t} (k, v) VALUES (?, ?) ON CONFLICT DO UPDATE SET v = excluded.v`,
    )
    this.#remove = driver.prepare(`DELETE FROM ${t} WHERE k = ?`)
    this.#all = driver.prepare(`SELECT k, v FROM ${t}`)
  }

  get(key: Datum): V | undefined {
    return this.#cell(key).value
  }

  set(key: Datum, value: V | undefined): void {
    const cell = this.#cell(key)
    cell.value = value
    if (cell.isChanged) return
    cell.isChanged = true
    this.#changed.push(cell)
  }

  eachEntry(onEntry: (key: Datum, value: V) => void): void {
    const pending = new Map(this.#changed.map((cell) => [String(cell.key), cell]))
    this.#all.each([], ([k, v]) => {
      if (!pending.has(String(k))) {
        onEntry(decodeDatum(k as Uint8Array), decodeDatum(v as Uint8Array) as V)
      }
      return undefined
    })
    for (const { key, value } of pending.values()) {
      if (value !== undefined) onEntry(decodeDatum(key), value)
    }
  }

  /** Adds all that is in the table to a digest. */
  addTo(digest: Digest): void {
    this.#all.each([], (row) => {
      digest.add(this.#seed, 1, row as Uint8Array[])
      return undefined
    })
  }

  /** Writes what was set. */
  flush(): void {
    for (const cell of this.#changed) this.#write(cell)
    this.#changed.length = 0
    if (this.#cells.size <= this.#owner.cachedMax) return
    for (const mark of this.#cells.keys()) {
      this.#cells.delete(mark)
      if (this.#cells.size <= this.#owner.cachedMax) return
    }
  }

  /** Forgets what was read and set. */
  discard(): void {
    this.#cells.clear()
    this.#changed.length = 0
  }

  #cell(key: Datum): Cell<V> {
    const mark = mapKey(key)
    const known = this.#cells.get(mark)
    if (known !== undefined) return known
    const bytes = encodeDatum(key)
    const stored = this.#get.get([bytes])?.[0] as Uint8Array | undefined
    const value = stored === undefined ? undefined : (decodeDatum(stored) as V)
    const cell: Cell<V> = { key: bytes, value, stored, isChanged: false }
    this.#cells.set(mark, cell)
    return cell
  }

  #write(cell: Cell<V>): void {
    const { key, stored } = cell
    const bytes = cell.value === undefined ? undefined : encodeExact(cell.value)
    cell.isChanged = false
    if (equalBytes(bytes, stored)) return
    if (stored !== undefined) this.#owner.digest.add(this.#seed, -1, [key, stored])
    if (bytes === undefined) this.#remove.run([key])
    else {
      this.#owner.digest.add(this.#seed, 1, [key, bytes])
      this.#put.run([key, bytes])
    }
    cell.stored = bytes
  }
}

function equalBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}
