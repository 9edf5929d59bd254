/** The schema a file was last opened with, as stored. STORAGE.md MG1. */
import { canonicalJson, type Module, type TableDefinition } from '@inner-universe/core'

/** Schema version and tables, as kept in `_meta`. */
export interface StoredSchema {
  readonly version: number
  readonly minReader?: number
  readonly minWriter?: number
  readonly tables: Readonly<Record<string, TableDefinition>>
}

/** The stored form of a module's schema. Equal modules have equal texts. */
export function encodeSchema({ version, minReader, minWriter, tables }: Module): string {
  const definitions = Object.entries(tables).map(([name, { definition }]) => [name, definition])
  return canonicalJson({
    version,
    ...(minReader > 1 ? { minReader } : {}),
    ...(minWriter > 1 ? { minWriter } : {}),
    tables: withoutUndefined(Object.fromEntries(definitions)),
  })
}

/** A schema from its stored form. */
export function decodeSchema(text: string): StoredSchema {
  return JSON.parse(text) as StoredSchema
}

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
