/** What makes files fit a module: given to an engine, see `preparation-part.ts`. */
import { checkModule } from '@inner-universe/core'
import { migrateFormat } from './format.ts'
import { applySchemaChange, createTables } from './migrate.ts'
import type { Preparation } from './preparation-part.ts'
import { decodeSchema } from './schema-text.ts'
import { compareSchemas } from './stored-schema.ts'

/** What `openPrepared` takes. */
export const preparation: Preparation = {
  check: checkModule,
  compare: (stored, module) => compareSchemas(decodeSchema(stored), module),
  create: createTables,
  migrateFormat,
  migrate: applySchemaChange,
}
