/** What may change between two versions of a module. STORAGE.md MG1–MG6. */
import {
  type ColumnDefinition,
  canonicalJson,
  checkModule,
  defineReducer,
  isUniverseError,
  type Module,
  Table,
  type TableDefinition,
  UniverseError,
} from '@inner-universe/core'
import { decodeSchema, type StoredSchema } from './schema-text.ts'

/** What is new in a module, compared with a file. */
export interface SchemaChange {
  readonly newTables: readonly string[]
  /** Table → columns it did not have. */
  readonly newColumns: ReadonlyMap<string, readonly string[]>
  /** Tables whose indexes or full-text search differ. */
  readonly reindexed: readonly string[]
}

/**
 * A module of these tables that can merge what others write: reducers it has in name only, for its
 * timers, and they refuse to run.
 *
 * @throws UniverseError `module/invalid` for a text that is no schema, and for one with lenses: those
 * are code, which a schema does not carry.
 */
export function moduleOfSchema(name: string, text: string): Module {
  try {
    const module = buildModule(name, decodeSchema(text))
    checkModule(module)
    return module
  } catch (cause) {
    if (isUniverseError(cause)) throw cause
    // It may come from anywhere, and need not look like a schema at all.
    throw new UniverseError('module/invalid', `what was given is no schema of module "${name}"`, {
      cause,
    })
  }
}

function buildModule(
  name: string,
  { version, minReader = 1, minWriter = 1, tables: definitions }: StoredSchema,
): Module {
  const tables = Object.entries(definitions).map(
    ([table, definition]) => [table, new Table(definition)] as const,
  )
  const timers = Object.values(definitions).flatMap(({ schedule }) => schedule?.reducer ?? [])
  const reducers = timers.map((reducer) => [reducer, defineReducer({}, refuse)] as const)
  return {
    name,
    version,
    minReader,
    minWriter,
    tables: Object.fromEntries(tables),
    reducers: Object.fromEntries(reducers),
    lifecycle: {},
    views: {},
    versions: Object.values(definitions).some(({ isHistory }) => isHistory === true),
  }
}

function refuse(): never {
  throw new UniverseError('engine/read-only', 'the module was made of its schema and has no code')
}

/**
 * What has to be done to a file for a module, or the refusal.
 *
 * @throws UniverseError `engine/schema-too-new`, `engine/schema-incompatible`.
 */
export function compareSchemas(stored: StoredSchema, module: Module): SchemaChange {
  if (stored.version > module.version) {
    throw new UniverseError(
      'engine/schema-too-new',
      `the file has schema version ${stored.version}, module "${module.name}" has ${module.version}; update the app`,
      { details: { fileSchemaVersion: stored.version, moduleSchemaVersion: module.version } },
    )
  }
  const newColumns = new Map<string, readonly string[]>()
  const reindexed: string[] = []
  for (const [name, before] of Object.entries(stored.tables)) {
    const after = Object.hasOwn(module.tables, name) ? module.tables[name]?.definition : undefined
    if (after === undefined) incompatible(`table "${name}" is gone`, { table: name })
    const added = compareTable(name, before, after)
    if (added.length > 0) newColumns.set(name, added)
    if (indexDigest(before) !== indexDigest(after)) reindexed.push(name)
  }
  const newTables = Object.keys(module.tables).filter((name) => !Object.hasOwn(stored.tables, name))
  return { newTables, newColumns, reindexed }
}

function indexDigest({ indexes, search }: TableDefinition): string {
  return JSON.stringify([indexes, search ?? null])
}

function compareTable(
  table: string,
  before: TableDefinition,
  after: TableDefinition,
): readonly string[] {
  if (before.scope !== after.scope) {
    incompatible(`table "${table}" was ${before.scope} and is ${after.scope}`, { table })
  }
  if (before.primaryKey !== after.primaryKey) {
    incompatible(
      `the primary key of table "${table}" was "${before.primaryKey}" and is "${after.primaryKey}"`,
      { table },
    )
  }
  if (before.schedule !== undefined && after.schedule?.column !== before.schedule.column) {
    incompatible(`table "${table}" holds timers in "${before.schedule.column}"`, { table })
  }
  const added = compareFields(table, '', before.columns, after.columns)
  compareDocuments(table, before, after)
  compareLenses(table, before, after)
  if (before.scope === 'synced') compareMerging(table, before, after)
  return added
}

/** Documents may be added: their rows are beside those of their table. */
function compareDocuments(table: string, before: TableDefinition, after: TableDefinition): void {
  if (before.documentsOf !== after.documentsOf) {
    const owner = before.documentsOf ?? after.documentsOf
    incompatible(`table "${table}" held documents of "${owner}" or does now, and not both`, {
      table,
    })
  }
  for (const [column, { kind }] of Object.entries(before.documents ?? {})) {
    const is = Object.hasOwn(after.documents ?? {}, column) ? after.documents?.[column] : undefined
    if (is === undefined) incompatible(`document "${table}.${column}" is gone`, { table, column })
    if (is.kind === kind) continue
    incompatible(`document "${table}.${column}" was ${kind} and is ${is.kind}`, { table, column })
  }
}

/** Rows are filled when a column is added, and at no other time. */
function compareLenses(table: string, before: TableDefinition, after: TableDefinition): void {
  for (const [column, { from }] of Object.entries(before.columns)) {
    const [was, is] = [from?.column, after.columns[column]?.from?.column]
    if (was === is) continue
    incompatible(`column "${table}.${column}" followed from ${was} and follows from ${is}`, {
      table,
      column,
    })
  }
}

/** What replicas of one universe must have in common to come to the same. */
function compareMerging(table: string, before: TableDefinition, after: TableDefinition): void {
  if (before.isAppendOnly !== after.isAppendOnly) {
    incompatible(`table "${table}" was append-only or is now, and not both`, { table })
  }
  for (const [column, was] of Object.entries(before.columns)) {
    const is = Object.hasOwn(after.columns, column) ? after.columns[column] : undefined
    if (is === undefined) continue
    const refuse = (what: string): never =>
      incompatible(`column "${table}.${column}" ${what}`, { table, column })
    if ((was.isUnique ?? false) !== (is.isUnique ?? false)) {
      refuse('was unique or is now, and not both')
    }
    if ((was.isOrderKey ?? false) !== (is.isOrderKey ?? false)) {
      refuse('was an order key or is now, and not both')
    }
    // Rows that lack the cell read the default: replicas that changed at different times would differ.
    if (was.defaultValue !== undefined || was.isOptional) {
      const [had, has] = [was, is].map(({ defaultValue }) => canonicalJson(defaultValue ?? null))
      if (had !== has) refuse(`had the default ${had} and has ${has}`)
    }
  }
}

type Fields = Readonly<Record<string, ColumnDefinition>>

/** Compares columns of a table or fields of an object; gives the names that are new. */
function compareFields(table: string, at: string, before: Fields, after: Fields): string[] {
  for (const [name, definition] of Object.entries(before)) {
    const column = at + name
    if (!Object.hasOwn(after, name)) {
      incompatible(`column "${table}.${column}" is gone`, { table, column })
    }
    compareColumn(table, column, definition, after[name] as ColumnDefinition)
  }
  const added = Object.keys(after).filter((name) => !Object.hasOwn(before, name))
  for (const name of added) {
    const { isOptional, defaultValue } = after[name] as ColumnDefinition
    if (!isOptional && defaultValue === undefined) {
      incompatible(`new column "${table}.${at}${name}" is neither optional nor has a default`, {
        table,
        column: at + name,
      })
    }
  }
  return added
}

function compareColumn(
  table: string,
  column: string,
  before: ColumnDefinition,
  after: ColumnDefinition,
): void {
  const refuse = (what: string): never =>
    incompatible(`column "${table}.${column}" ${what}`, { table, column })
  if (before.kind !== after.kind) refuse(`was ${before.kind} and is ${after.kind}`)
  if (before.isOptional && !after.isOptional) refuse('was optional and is required')
  if (before.table !== after.table) {
    refuse(`referred to "${before.table}" and refers to "${after.table}"`)
  }
  if (before.onDelete !== after.onDelete) {
    refuse(`had onDelete "${before.onDelete}" and has "${after.onDelete}"`)
  }
  const gone = before.values?.find((value) => !after.values?.includes(value))
  if (gone !== undefined) refuse(`can no longer be "${gone}"`)
  if (before.element !== undefined && after.element !== undefined) {
    compareColumn(table, `${column}[]`, before.element, after.element)
  }
  if (before.fields !== undefined && after.fields !== undefined) {
    compareFields(table, `${column}.`, before.fields, after.fields)
  }
}

function incompatible(what: string, details: { table: string; column?: string }): never {
  throw new UniverseError(
    'engine/schema-incompatible',
    `${what}; only additions can be made to a module that has data`,
    { details },
  )
}
