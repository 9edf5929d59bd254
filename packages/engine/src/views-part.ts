/**
 * The seam between an engine and the declared views of its module, which are code of their own: whoever
 * opens a universe whose module declares none need not load it. STORAGE.md VW1–VW9.
 */
import type { Module, Row, TableQuery, ViewState } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Changes } from './changes.ts'
import type { RowCodec } from './row-codec.ts'
import type { Schema, TableSchema } from './schema.ts'

/** What views work with; lives as long as the engine. */
export interface ViewsParts {
  readonly driver: Driver
  readonly module: Module
  /** The module's tables. */
  readonly schema: Schema
  /** Of tables, and of views once they are made. */
  readonly codecs: ReadonlyMap<TableSchema, RowCodec>
  /** Reads tables and views, uncommitted rows of the open transaction included. */
  readonly query: (query: TableQuery) => readonly Row[]
}

/**
 * The declared views of one open universe. Whatever writes does so in the transaction that is open.
 */
export interface ViewsPart {
  /** Views by name as tables that can be read; the same for as long as the engine is open. */
  readonly tables: Schema
  /**
   * Makes the file fit the module: takes up views that are as declared, begins new and changed ones,
   * drops the rest.
   */
  open(): void
  /**
   * Takes in what a transaction did, right before its COMMIT, and notes in `changes` what that did to
   * views. What it throws undoes the transaction.
   */
  step(changes: Changes): void
  /** The transaction was rolled back, with what `step` or `fill` wrote. */
  rollBack(): void
  /** Rows changed that nobody noted: every view is begun anew, whatever the file has of them. */
  restart(): void
  /** Fills a slice of the views that are not ready; false when all are. */
  fill(): boolean
  states(): readonly ViewState[]
  /** How a view is kept, as plain data; undefined before it was begun. */
  explain(view: string): unknown
  /** @throws UniverseError `views/not-ready` for a view that cannot be read yet. Others are no matter. */
  assertReady(tables: Iterable<string>): void
  /** Faults as sentences; views that have any are begun anew. Cost: computes every view again. */
  verify(): readonly string[]
}

/** Makes that part for an engine. Reads and writes nothing yet. */
export interface Views {
  /** @throws UniverseError `module/invalid` for a view that cannot be kept. */
  create(parts: ViewsParts): ViewsPart
}
