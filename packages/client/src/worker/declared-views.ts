/**
 * Declared views as an engine wants them kept: the views package behind the engine's port. Loaded only
 * for modules that declare any.
 */
import { assert, type RowChange, type StoredValue, type ViewState } from '@inner-universe/core'
import {
  type Changes,
  compileView,
  type Views,
  type ViewsPart,
  type ViewsParts,
  viewStatements,
} from '@inner-universe/engine'
import { DeclaredViews, type StoredTable } from '@inner-universe/views/declared'
import type { LiveExplanation } from '../rpc/contract.ts'
import { explainPlan } from './live/explain.ts'

/** What comes from outside. */
export interface DeclaredViewsOptions {
  /** A rising clock in ms. */
  readonly now: () => number
  /** A view was given up or found damaged. */
  readonly onFault: (error: unknown) => void
}

/** What `EngineOptions.views` takes. */
export function declaredViews(options: DeclaredViewsOptions): Views {
  return { create: (parts) => new EngineViews(parts, options) }
}

type TableSchema = ReturnType<typeof compileView>

class EngineViews implements ViewsPart {
  readonly tables: ReadonlyMap<string, TableSchema>
  readonly #parts: ViewsParts
  readonly #views: DeclaredViews
  readonly #stored = new Map<string, StoredTable>()

  constructor(parts: ViewsParts, { now, onFault }: DeclaredViewsOptions) {
    const { driver, module, query } = parts
    this.#parts = parts
    this.#views = new DeclaredViews({
      driver,
      module,
      query,
      onFault,
      nowMs: now,
      table: (name) => this.#storedTable(name),
      statements: (view) => viewStatements(this.#schemaOf(view)),
    })
    const compiled = Object.entries(this.#views.tables).map(
      ([name, definition]) => [name, compileView(name, definition)] as const,
    )
    this.tables = new Map(compiled)
  }

  open(): void {
    this.#views.open()
  }

  step(changes: Changes): void {
    const decoded = new Map<string, readonly RowChange[]>()
    const changesOf = (table: string): readonly RowChange[] => {
      let rows = decoded.get(table)
      if (rows === undefined) {
        rows = this.#decode(table, changes)
        decoded.set(table, rows)
      }
      return rows
    }
    for (const { view, rows } of this.#views.step(changesOf)) {
      const schema = this.#schemaOf(view)
      for (const { id, before, after } of rows) changes.note(schema, id, before, after)
    }
  }

  rollBack(): void {
    this.#views.rollBack()
  }

  restart(): void {
    this.#views.restart()
  }

  fill(): boolean {
    return this.#views.fill()
  }

  states(): readonly ViewState[] {
    return this.#views.states()
  }

  explain(view: string): LiveExplanation | undefined {
    const plan = this.#views.planOf(view)
    return plan && explainPlan(plan)
  }

  assertReady(tables: Iterable<string>): void {
    this.#views.assertReady(tables)
  }

  verify(): readonly string[] {
    return this.#views.verify()
  }

  #decode(table: string, changes: Changes): readonly RowChange[] {
    const { decode } = this.#storedTable(table)
    const rows: RowChange[] = []
    for (const { id, before, after } of changes.of(this.#schemaOf(table))) {
      rows.push({ table, id, before: before && decode(before), after: after && decode(after) })
    }
    return rows
  }

  #schemaOf(name: string): TableSchema {
    const schema = this.#parts.schema.get(name) ?? this.tables.get(name)
    assert(schema !== undefined, `"${name}" is a table or a view of the module`)
    return schema
  }

  #storedTable(name: string): StoredTable {
    const known = this.#stored.get(name)
    if (known !== undefined) return known
    const schema = this.#schemaOf(name)
    const codec = this.#parts.codecs.get(schema)
    assert(codec !== undefined, `the rows of "${name}" are read once the engine has all tables`)
    const stored: StoredTable = {
      name,
      definition: schema.definition,
      sql: schema.rowsSql,
      columnsSql: schema.columnsSql,
      decode: (values: readonly StoredValue[]) => codec.decode(values),
    }
    this.#stored.set(name, stored)
    return stored
  }
}
