/**
 * The seam between an engine and what makes a file fit its module, which is code of its own: a file that was
 * last opened with the same tables needs none of it. STORAGE.md MG1–MG9.
 */
import type { Module } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Schema } from './schema.ts'
import type { SchemaChange } from './stored-schema.ts'

/** Makes files fit modules. What writes does so in the transaction that is open. */
export interface Preparation {
  /** @throws UniverseError `module/invalid` for a module that cannot be kept. */
  check(module: Module): void
  /**
   * What has to be done to a file of a stored schema.
   *
   * @throws UniverseError `engine/schema-too-new`, `engine/schema-incompatible`.
   */
  compare(stored: string, module: Module): SchemaChange
  /** Creates all tables of an empty file. */
  create(driver: Driver, module: Module, schema: Schema): void
  /** Brings a file of an older format version up to this one's. */
  migrateFormat(driver: Driver, fileFormatVersion: number): void
  /** Adds what a newer version of the module has. */
  migrate(driver: Driver, module: Module, schema: Schema, change: SchemaChange): void
}
