/** The rows of one view in its table: written by what changed of them. DECLARED.md VD3. */
import type { ColumnKind, Row, RowChange, StoredValue } from '@inner-universe/core'
import { type Driver, quoteIdentifier, type Statement } from '@inner-universe/sqlite'
import type { Delta } from '../delta.ts'
import { datumText } from '../map-key.ts'
import type { ZSet } from '../zset.ts'
import { type StoredTable, storedValue } from './stored-table.ts'
import type { ViewDefinition } from './view-definition.ts'

/** A row of a view that was written: stored values in order of its columns. */
export interface ViewRowChange {
  readonly id: string
  readonly before: readonly StoredValue[] | undefined
  readonly after: readonly StoredValue[] | undefined
}

/** What happens to one row. */
interface Pending {
  before: Row | undefined
  after: Row | undefined
  /** Copies more or fewer, of rows that may occur several times. */
  weight: number
}

/**
 * Writes a view's table. Rows that are told apart by a key are put in the place of the one before. Of
 * others every copy is a row of its own, its id that of the first, a tilde and a number.
 */
export class ViewRows {
  readonly #driver: Driver
  readonly #definition: ViewDefinition
  readonly #stored: StoredTable
  readonly #columns: readonly (readonly [name: string, kind: ColumnKind])[]
  readonly #setAt: readonly number[]
  readonly #insert: Statement
  readonly #update: Statement
  readonly #remove: Statement
  readonly #copies: Statement

  constructor(driver: Driver, definition: ViewDefinition, stored: StoredTable) {
    this.#driver = driver
    this.#definition = definition
    this.#stored = stored
    const { columns, primaryKey } = definition.table
    this.#columns = Object.entries(columns).map(([name, { kind }]) => [name, kind] as const)
    const { sql, columnsSql } = stored
    const marks = this.#columns.map((_, at) => `?${at + 1}`)
    const key = quoteIdentifier(primaryKey)
    // Not the key itself: its index is left alone.
    this.#setAt = this.#columns.flatMap(([name], at) => (name === primaryKey ? [] : [at]))
    const set = this.#setAt.map(
      (at, place) => `${quoteIdentifier(this.#nameAt(at))} = ?${place + 1}`,
    )
    const id = `?${set.length + 1}`
    this.#insert = driver.prepare(`INSERT INTO ${sql} (${columnsSql}) VALUES (${marks.join(', ')})`)
    this.#update = driver.prepare(
      `UPDATE ${sql} SET ${set.join(', ') || `${key} = ${key}`} WHERE ${key} = ${id}`,
    )
    this.#remove = driver.prepare(`DELETE FROM ${sql} WHERE ${key} = ?1`)
    // Beyond a tilde there is nothing but the copies: the ids before it end where they end.
    this.#copies = driver.prepare(
      `SELECT count(*) FROM ${sql} WHERE ${key} = ?1 OR (${key} > ?1 || '~' AND ${key} < ?1 || char(127))`,
    )
  }

  /** Takes in a change of the view; gives what it came to, row by row. Cost: O(rows) index seeks. */
  write(change: Delta<Row>): readonly ViewRowChange[] {
    const pending = new Map<string, Pending>()
    for (const [at, row] of change.rows.entries()) {
      const weight = change.weights[at] as number
      const id = this.#definition.idOf(row)
      const entry = pending.get(id) ?? { before: undefined, after: undefined, weight: 0 }
      if (weight < 0) entry.before = row
      else entry.after = row
      entry.weight += weight
      pending.set(id, entry)
    }
    const written: ViewRowChange[] = []
    for (const [id, entry] of pending) {
      if (this.#definition.isKeyed) this.#put(id, entry, written)
      else this.#putCopies(id, entry, written)
    }
    return written
  }

  /** A written row as others see it. */
  changeOf({ id, before, after }: ViewRowChange): RowChange {
    const { name, decode } = this.#stored
    return { table: name, id, before: before && decode(before), after: after && decode(after) }
  }

  /** How many rows are there that should not be, or are not there. Cost: reads all. */
  compare(wanted: ZSet<Row>): number {
    const texts = new Map<string, string>()
    for (const [row, weight] of wanted) {
      const first = this.#definition.idOf(row)
      for (let at = 0; at < weight; at += 1) {
        const id = copyId(first, at)
        texts.set(id, datumText(this.#encode(row, id)))
      }
    }
    const { sql, columnsSql } = this.#stored
    const keyAt = this.#columns.findIndex(([name]) => name === this.#definition.table.primaryKey)
    let wrong = 0
    this.#driver.prepare(`SELECT ${columnsSql} FROM ${sql}`).each([], (values) => {
      const id = values[keyAt] as string
      if (texts.get(id) !== datumText(values)) wrong += 1
      texts.delete(id)
      return undefined
    })
    return wrong + texts.size
  }

  #put(id: string, { before, after }: Pending, written: ViewRowChange[]): void {
    const was = before && this.#encode(before, id)
    const is = after && this.#encode(after, id)
    if (was === undefined) this.#insert.run(is)
    else if (is === undefined) this.#remove.run([id])
    else this.#update.run([...this.#setAt.map((at) => is[at] as StoredValue), id])
    written.push({ id, before: was, after: is })
  }

  #putCopies(first: string, { before, after, weight }: Pending, written: ViewRowChange[]): void {
    const row = (after ?? before) as Row
    const count = this.#copies.get([first])?.[0] as number
    for (let at = count; at < count + weight; at += 1) {
      const id = copyId(first, at)
      const values = this.#encode(row, id)
      this.#insert.run(values)
      written.push({ id, before: undefined, after: values })
    }
    for (let at = count - 1; at >= count + weight; at -= 1) {
      const id = copyId(first, at)
      this.#remove.run([id])
      written.push({ id, before: this.#encode(row, id), after: undefined })
    }
  }

  #nameAt(at: number): string {
    return (this.#columns[at] as readonly [string, ColumnKind])[0]
  }

  #encode(row: Row, id: string): StoredValue[] {
    const { primaryKey } = this.#definition.table
    return this.#columns.map(([name, kind]) =>
      name === primaryKey ? id : storedValue(kind, row[name]),
    )
  }
}

function copyId(first: string, copy: number): string {
  return copy === 0 ? first : `${first}~${copy}`
}
