/** The tables of an engine as views read them: see table-source.ts of the views package. */

import {
  type Condition,
  type Row,
  type TableDefinition,
  type TableQuery,
  UniverseError,
} from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { Catalog, HydrationBound, Lookup, TableSource } from '@inner-universe/views'

/** Definitions by name. */
export type Definitions = Readonly<Record<string, TableDefinition>>

/** The tables that one live query reads, each with its own bound. */
export function engineCatalog(definitions: Definitions, engine: Engine): Catalog {
  const sources = new Map<string, TableSource>()
  return {
    table(name) {
      let source = sources.get(name)
      if (source === undefined) {
        source = new EngineTable(name, definitionOf(definitions, name), engine)
        sources.set(name, source)
      }
      return source
    },
  }
}

/** @throws UniverseError `table/unknown`. */
export function definitionOf(definitions: Definitions, table: string): TableDefinition {
  const definition = Object.hasOwn(definitions, table) ? definitions[table] : undefined
  if (definition !== undefined) return definition
  throw new UniverseError('table/unknown', `the module has no table "${table}"`, {
    details: { table },
  })
}

class EngineTable implements TableSource {
  readonly table: string
  readonly primaryKey: string
  bound: HydrationBound = { kind: 'none' }
  readonly #definition: TableDefinition
  readonly #engine: Engine

  constructor(table: string, definition: TableDefinition, engine: Engine) {
    this.table = table
    this.primaryKey = definition.primaryKey
    this.#definition = definition
    this.#engine = engine
  }

  page(after: string | undefined, rowsMax: number): readonly Row[] {
    return this.#engine.query({
      table: this.table,
      orderBy: [{ column: this.primaryKey, direction: 'asc' }],
      limit: rowsMax,
      ...(after === undefined ? {} : { after: [after] }),
    })
  }

  lookup(columns: readonly string[], condition?: Condition): Lookup<Row> | undefined {
    const index = this.#indexOf(columns)
    if (index === undefined) return undefined
    return {
      description: `${this.table} by ${columns.join(', ')} (${index})`,
      each: (key, onRow) => {
        const values = key as readonly unknown[]
        if (this.bound.kind === 'none' || values.includes(null)) return
        const of: Condition[] = columns.map((column, part) =>
          equals(column, values[part] as string),
        )
        if (condition !== undefined) of.push(condition)
        if (this.bound.kind === 'through') {
          const { id: value } = this.bound
          of.push({ kind: 'compare', column: this.primaryKey, operator: 'lte', value })
        }
        for (const row of this.query({ table: this.table, where: and(of), orderBy: [] })) {
          if (onRow(row, 1) === false) return
        }
      },
    }
  }

  query(query: TableQuery): readonly Row[] {
    return this.#engine.query(query)
  }

  /** The index whose first columns are these, in any order: equalities on all of them seek in it. */
  #indexOf(columns: readonly string[]): string | undefined {
    const wanted = new Set(columns)
    const begins = (indexed: readonly string[]): boolean =>
      indexed.length >= wanted.size &&
      indexed.slice(0, wanted.size).every((column) => wanted.has(column))
    if (begins([this.primaryKey])) return 'primary key'
    const index = this.#definition.indexes.find((candidate) => begins(candidate.columns))
    if (index !== undefined) return `index ${index.name}`
    const [column] = columns
    const only = wanted.size === 1 ? this.#definition.columns[column as string] : undefined
    if (only?.kind === 'ref') return 'reference'
    return only?.isUnique ? 'unique' : undefined
  }
}

function equals(column: string, value: string): Condition {
  return { kind: 'compare', column, operator: 'eq', value }
}

function and(of: readonly Condition[]): Condition {
  const [first] = of
  return of.length === 1 && first !== undefined ? first : { kind: 'and', of }
}
