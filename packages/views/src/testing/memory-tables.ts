/** Tables in memory, as views read them, for tests without an engine. */
import {
  conditionOf,
  type Relation,
  type Row,
  type RowChange,
  relationOf,
  type TableDefinition,
} from '@inner-universe/core'
import { compareDatum, equalDatum } from '../datum.ts'
import type { Lookup } from '../operator.ts'
import type { Catalog, HydrationBound, TableSource } from '../table-source.ts'
import { computeRelation } from './plain-relation.ts'
import type { RowWrite } from './random-relation.ts'

/** Tables with the indexes that their definitions declare. */
export class MemoryTables implements Catalog {
  /** How often each table was asked for rows by a query. */
  readonly queries: string[] = []
  readonly #definitions: Readonly<Record<string, TableDefinition>>
  readonly #rows = new Map<string, Map<string, Row>>()
  readonly #sources = new Map<string, TableSource>()

  constructor(definitions: Readonly<Record<string, TableDefinition>>) {
    this.#definitions = definitions
    for (const name of Object.keys(definitions)) this.#rows.set(name, new Map())
  }

  /** Writes rows; gives the changes. */
  write(writes: readonly RowWrite[]): readonly RowChange[] {
    const changes: RowChange[] = []
    for (const { table, id, row } of writes) {
      const rows = this.#rows.get(table) as Map<string, Row>
      const before = rows.get(id)
      if (before !== undefined || row !== undefined) changes.push({ table, id, before, after: row })
      if (row === undefined) rows.delete(id)
      else rows.set(id, row)
    }
    return changes
  }

  /** Rows of a relation, computed anew. */
  compute(relation: Relation): readonly Row[] {
    const rows = new Map([...this.#rows].map(([name, of]) => [name, [...of.values()]] as const))
    return computeRelation(relation, { tables: this.#definitions }, rows)
  }

  table(name: string): TableSource {
    let source = this.#sources.get(name)
    if (source === undefined) {
      source = this.#source(name)
      this.#sources.set(name, source)
    }
    return source
  }

  #source(name: string): TableSource {
    const { primaryKey, columns: kinds, indexes } = this.#definitions[name] as TableDefinition
    const compute = this.compute.bind(this)
    const { queries } = this
    return {
      table: name,
      primaryKey,
      bound: { kind: 'none' },
      page(after, limit) {
        const where =
          after === undefined ? {} : { where: conditionOf({ [primaryKey]: { gt: after } }) }
        return compute(relationOf({ table: name, orderBy: [], limit, ...where }))
      },
      lookup(columns): Lookup<Row> | undefined {
        const begins = (of: readonly string[]) => columns.every((column, at) => of[at] === column)
        const index = indexes.find((one) => begins(one.columns))?.name
        // References always have one.
        const isReference = columns.length === 1 && kinds[columns[0] as string]?.kind === 'ref'
        const served = index ?? (isReference ? 'reference' : begins([primaryKey]) && 'primary key')
        if (served === false) return undefined
        return {
          description: `${name} by ${columns.join(', ')} (${served})`,
          each: (key, onRow) => {
            for (const row of compute({ kind: 'table', table: name })) {
              const values = columns.map((column) => row[column])
              if (!isShown(this.bound, String(row[primaryKey])) || !equalDatum(values, key))
                continue
              if (onRow(row, 1) === false) return
            }
          },
        }
      },
      query(query) {
        queries.push(name)
        return compute(relationOf(query))
      },
    }
  }
}

function isShown(bound: HydrationBound, id: string): boolean {
  return bound.kind === 'through' ? compareDatum(id, bound.id) <= 0 : bound.kind === 'all'
}
