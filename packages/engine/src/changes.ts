/**
 * What a transaction did to visible rows, as it happens: the source of its changeset.
 *
 * Rows are noted in stored form and decoded only when somebody reads the changeset: a bulk import
 * that nobody watches parses no JSON.
 */
import type { Changeset, Row, RowChange, StoredValue } from '@inner-universe/core'
import type { RowCodec } from './row-codec.ts'
import type { TableSchema } from './schema.ts'

/** Stored values of a row in column order. Never changed once noted. */
export type StoredRow = readonly StoredValue[]

/** A row that was touched, with what it was before the first and is after the last time. */
export interface NotedRow {
  readonly table: TableSchema
  readonly id: string
  readonly before: StoredRow | undefined
  readonly after: StoredRow | undefined
}

type Noted = { -readonly [K in keyof NotedRow]: NotedRow[K] }

/** Undoes a note. */
type Undo = () => void

/** The rows one transaction touched. */
export class Changes {
  readonly #byTable = new Map<TableSchema, Map<string, Noted>>()
  readonly #inOrder: Noted[] = []
  #undos: Undo[] | undefined

  /**
   * Notes that a visible row was written: `before` as it was until now, `after` as it is from now on;
   * undefined means not visible. Later notes on one row add up.
   */
  note(
    table: TableSchema,
    id: string,
    before: StoredRow | undefined,
    after: StoredRow | undefined,
  ): void {
    let byId = this.#byTable.get(table)
    if (byId === undefined) {
      byId = new Map()
      this.#byTable.set(table, byId)
    }
    const noted = byId.get(id)
    if (noted === undefined) {
      const entry: Noted = { table, id, before, after }
      byId.set(id, entry)
      this.#inOrder.push(entry)
      const rows = byId
      this.#undos?.push(() => {
        rows.delete(id)
        this.#inOrder.pop()
      })
    } else {
      const last = noted.after
      noted.after = after
      this.#undos?.push(() => {
        noted.after = last
      })
    }
  }

  /**
   * Runs `body`; if it throws, forgets what was noted meanwhile, as the savepoint around it does with
   * the file.
   */
  undoable<T>(body: () => T): T {
    const outer = this.#undos
    const own: Undo[] = []
    this.#undos = own
    try {
      const result = body()
      outer?.push(...own)
      return result
    } catch (error) {
      for (const undo of own.reverse()) undo()
      throw error
    } finally {
      this.#undos = outer
    }
  }

  /** The rows of a table that are other than before. Cost: only rows of this table are looked at. */
  *of(table: TableSchema): Iterable<NotedRow> {
    for (const noted of this.#byTable.get(table)?.values() ?? []) {
      if (!isSameRow(noted.before, noted.after)) yield noted
    }
  }

  /** The changeset, or undefined when no visible row is other than before. */
  changeset(
    transaction: number,
    origin: Changeset['origin'],
    codecs: ReadonlyMap<TableSchema, RowCodec>,
  ): Changeset | undefined {
    const noted = this.#inOrder.filter(({ before, after }) => !isSameRow(before, after))
    if (noted.length === 0) return undefined
    const decode = (table: TableSchema, row: StoredRow | undefined): Row | undefined =>
      row && codecs.get(table)?.decode(row)
    let changes: readonly RowChange[] | undefined
    return {
      transaction,
      origin,
      tables: new Set(noted.map(({ table }) => table.name)),
      // An own enumerable accessor: a structured clone reads it like any property.
      get changes() {
        changes ??= noted.map(({ table, id, before, after }) => ({
          table: table.name,
          id,
          before: decode(table, before),
          after: decode(table, after),
        }))
        return changes
      },
    }
  }
}

/** Whether two rows are equal, or both missing. */
export function isSameRow(a: StoredRow | undefined, b: StoredRow | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b
  return a.every((value, index) => isSameValue(value, b[index]))
}

/** Whether two stored values are equal; bytes by content. */
export function isSameValue(a: StoredValue | undefined, b: StoredValue | undefined): boolean {
  if (a === b) return true
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return false
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
