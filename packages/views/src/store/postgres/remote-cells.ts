/** One value per key in one Postgres table, as far as a step has loaded them. STORES.md VS16. */
import { assert } from '@inner-universe/core'
import { type MapKey, mapKey } from '../../map-key.ts'
import type { Cells, Datum } from '../../state.ts'
import { encodeDatum, encodeExact } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import type { Digest, DigestSeed } from '../digest.ts'
import type { Connection } from './connection.ts'
import { type NeededKey, type PieceOwner, type RemotePiece, textOf } from './remote-piece.ts'
import { KEY_SHORT_MAX, shortForm } from './short-form.ts'

/** Values written by one statement. */
const WRITE_ROWS_MAX = 5_000

/** Rows read at once by a cursor. */
const FETCH_ROWS = 2_000

interface Cell<V> {
  readonly k: Uint8Array
  value: V | undefined
  /** As the table has it. */
  stored: Uint8Array | undefined
}

interface StoredCell {
  readonly k: Uint8Array
  readonly kl: Uint8Array | null
  readonly v: Uint8Array
}

/** What was loaded of a table for the step under way, and what the step has set. */
export class RemoteCells<V> implements Cells<V>, RemotePiece {
  readonly #table: string
  readonly #owner: PieceOwner
  readonly #seed: DigestSeed
  readonly #cells = new Map<MapKey, Cell<V>>()
  readonly #changed = new Set<Cell<V>>()

  constructor(table: string, owner: PieceOwner, seed: DigestSeed) {
    this.#table = table
    this.#owner = owner
    this.#seed = seed
  }

  get(key: Datum): V | undefined {
    return this.#loaded(key).value
  }

  set(key: Datum, value: V | undefined): void {
    const cell = this.#loaded(key)
    cell.value = value
    this.#changed.add(cell)
  }

  eachEntry(): void {
    assert(false, 'remote state is read whole by its cache')
  }

  async load(by: Connection, needs: ReadonlyMap<MapKey, NeededKey>): Promise<void> {
    const cells = new Map<string, Cell<V>>()
    for (const [mark, { key }] of needs) {
      if (this.#cells.has(mark)) continue
      const cell: Cell<V> = { k: encodeDatum(key), value: undefined, stored: undefined }
      this.#cells.set(mark, cell)
      cells.set(textOf(cell.k), cell)
    }
    if (cells.size === 0) return
    const rows = await by.query<StoredCell>(
      `SELECT k, kl, v FROM ${this.#table} WHERE k = ANY($1::bytea[])`,
      [[...cells.values()].map(({ k }) => shortForm(k, KEY_SHORT_MAX).short)],
    )
    for (const { k, kl, v } of rows) {
      const cell = cells.get(textOf(kl ?? k))
      assert(cell !== undefined, 'only values of the asked keys are loaded')
      cell.stored = v
      cell.value = decodeDatum(v) as V
    }
  }

  async flush(by: Connection): Promise<void> {
    const puts: { readonly cell: Cell<V>; readonly bytes: Uint8Array }[] = []
    const removed: Cell<V>[] = []
    for (const cell of this.#changed) {
      const bytes = cell.value === undefined ? undefined : encodeExact(cell.value)
      if (cell.stored !== undefined) {
        this.#owner.digest.add(this.#seed, -1, [cell.k, cell.stored])
        if (bytes === undefined) removed.push(cell)
      }
      if (bytes !== undefined) {
        this.#owner.digest.add(this.#seed, 1, [cell.k, bytes])
        puts.push({ cell, bytes })
      }
      cell.stored = bytes
    }
    this.#changed.clear()
    for (let from = 0; from < puts.length; from += WRITE_ROWS_MAX) {
      const part = puts.slice(from, from + WRITE_ROWS_MAX)
      const keys = part.map(({ cell }) => shortForm(cell.k, KEY_SHORT_MAX))
      await by.query(
        `INSERT INTO ${this.#table} (k, kl, v)
         SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])
         ON CONFLICT (k) DO UPDATE SET v = excluded.v`,
        [
          keys.map((each) => each.short),
          keys.map((each) => each.long),
          part.map(({ bytes }) => bytes),
        ],
      )
    }
    if (removed.length === 0) return
    await by.query(`DELETE FROM ${this.#table} WHERE k = ANY($1::bytea[])`, [
      removed.map(({ k }) => shortForm(k, KEY_SHORT_MAX).short),
    ])
  }

  discard(): void {
    this.#cells.clear()
    this.#changed.clear()
  }

  async addTo(by: Connection, digest: Digest): Promise<void> {
    await by.query(`DECLARE entries NO SCROLL CURSOR FOR SELECT k, kl, v FROM ${this.#table}`)
    for (;;) {
      const rows = await by.query<StoredCell>(`FETCH ${FETCH_ROWS} FROM entries`)
      for (const { k, kl, v } of rows) digest.add(this.#seed, 1, [kl ?? k, v])
      if (rows.length < FETCH_ROWS) break
    }
    await by.query('CLOSE entries')
  }

  #loaded(key: Datum): Cell<V> {
    const cell = this.#cells.get(mapKey(key))
    assert(cell !== undefined, `a key is announced before it is read from ${this.#table}`)
    return cell
  }
}
