/** What a table definition must be for the store to keep it. Faults are `module/invalid`. */
import type { ColumnDefinition, ColumnKind } from './column.ts'
import type { DocumentKind } from './document-column.ts'
import { documentTable } from './document-table.ts'
import { checkName, invalidModule } from './module-fault.ts'
import type { TableDefinition } from './table.ts'
import { compileCheck, Findings } from './validate.ts'

/** Table definitions by name. */
export type DefinitionsByName = Readonly<Record<string, TableDefinition>>

/** Kinds whose values can be elements of a set. */
const ELEMENT_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'id',
  'key',
  'text',
  'int',
  'real',
  'bool',
  'timestamp',
  'enum',
  'ref',
])

/** Kinds that have no place inside a JSON column: JSON cannot hold them, or they merge on their own. */
const COLUMN_ONLY_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['bytes', 'counter', 'set'])

const JSON_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['json', 'array', 'object'])
const UNIQUE_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'text',
  'int',
  'enum',
  'timestamp',
])
/** Kinds that a lens may join. */
const LENS_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'text',
  'int',
  'real',
  'bool',
  'timestamp',
  'enum',
])
const DOCUMENT_KINDS: ReadonlySet<string> = new Set<DocumentKind>(['richText', 'jsonDoc', 'list'])
const TEXT_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['key', 'text', 'enum'])

/** Names FTS5 keeps for itself. */
const SEARCH_NAMES: ReadonlySet<string> = new Set(['rank', 'rowid'])

/** What FTS5 appends to the name of an index for its own tables. */
const SEARCH_SUFFIXES = ['data', 'idx', 'content', 'docsize', 'config'] as const

/** Checks all tables of a module, each for itself and against the others. */
export function checkTables(tables: DefinitionsByName): void {
  checkDistinct('tables', Object.keys(tables))
  for (const [name, definition] of Object.entries(tables)) {
    checkName('table', name)
    if (/^sqlite_/i.test(name)) invalidModule(`table "${name}": names in sqlite_ belong to SQLite`)
    checkTable(name, definition, tables)
    checkDocuments(name, definition, tables)
  }
}

/** SQLite does not tell names apart that differ only in case. */
function checkDistinct(what: string, names: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) invalidModule(`${what} "${other}" and "${name}" are one name to SQL`)
    seen.set(name.toLowerCase(), name)
  }
}

function checkTable(name: string, definition: TableDefinition, tables: DefinitionsByName): void {
  const columns = Object.entries(definition.columns)
  const keys = columns.filter(([, column]) => column.kind === 'id' || column.kind === 'key')
  if (keys.length !== 1) {
    invalidModule(`table "${name}" has ${keys.length} primary keys; give it one t.id() or t.key()`)
  }
  checkDistinct(`columns of table "${name}",`, [
    ...Object.keys(definition.columns),
    ...Object.keys(definition.documents ?? {}),
  ])
  for (const [column, columnDefinition] of columns) {
    const where = `column "${name}.${column}"`
    checkName(where, column)
    checkColumn(where, columnDefinition, tables, definition.isHistory === true)
    checkUnique(where, columnDefinition, definition.scope)
    checkLens(where, columnDefinition, definition)
  }
  checkIndexes(name, definition)
  checkSearch(name, definition, tables)
  checkSchedule(name, definition)
}

function checkColumn(
  where: string,
  column: ColumnDefinition,
  tables: DefinitionsByName,
  isHistory: boolean,
): void {
  const { kind, isOptional } = column
  const isKey = kind === 'id' || kind === 'key'
  if (isOptional && (isKey || kind === 'counter' || kind === 'set')) {
    invalidModule(`${where} is of kind ${kind} and cannot be optional()`)
  }
  if (kind === 'ref') {
    if (!Object.hasOwn(tables, column.table ?? '')) {
      invalidModule(`${where} refers to table "${column.table}", which the module does not have`)
    }
    // What is kept by a reference would outlive every compaction.
    const target = tables[column.table ?? '']
    if (target?.documentsOf !== undefined || (target?.isHistory && !isHistory)) {
      invalidModule(`${where} refers to table "${column.table}", whose rows are the store's own`)
    }
    if (column.onDelete === 'null' && !isOptional) {
      invalidModule(`${where} has onDelete "null" and must therefore be optional()`)
    }
  }
  if (kind === 'set' && !ELEMENT_KINDS.has(column.element?.kind ?? 'json')) {
    invalidModule(`${where}: elements of a set are texts, numbers or booleans`)
  }
  checkInside(where, column)
  if (column.defaultValue === undefined) return
  const findings = new Findings()
  compileCheck(column)(column.defaultValue, findings)
  const [issue] = findings.issues
  if (issue !== undefined)
    invalidModule(`${where} has a default that does not fit: ${issue.message}`)
}

function checkUnique(
  where: string,
  { isUnique, kind, defaultValue }: ColumnDefinition,
  scope: TableDefinition['scope'],
): void {
  if (isUnique !== true) return
  if (!UNIQUE_KINDS.has(kind)) invalidModule(`${where} is of kind ${kind} and cannot be unique()`)
  if (scope !== 'synced') invalidModule(`${where} is of a ${scope} table and cannot be unique()`)
  if (defaultValue !== undefined && defaultValue !== null) {
    invalidModule(`${where} is unique() and must not have a default, which only one row could hold`)
  }
}

function checkLens(where: string, column: ColumnDefinition, definition: TableDefinition): void {
  const { columns } = definition
  const { from, kind, isOptional, isUnique, defaultValue } = column
  if (from === undefined) return
  const source = Object.hasOwn(columns, from.column) ? columns[from.column] : undefined
  if (source === undefined) {
    invalidModule(
      `${where} follows from column "${from.column}", ${absent(definition, from.column)}`,
    )
  }
  if (!LENS_KINDS.has(kind) || !LENS_KINDS.has(source.kind)) {
    invalidModule(
      `${where} follows from one of kind ${source.kind}; a lens joins plain values only`,
    )
  }
  if (isUnique) invalidModule(`${where} follows from another and cannot be unique()`)
  if (!isOptional && defaultValue === undefined) {
    invalidModule(`${where} follows from another and must be optional() or have a default`)
  }
  if (typeof from.forward !== 'function' || !/^(function|undefined)$/.test(typeof from.backward)) {
    invalidModule(`${where} follows from another by functions, and those are not there`)
  }
  const seen = new Set<string>()
  for (let at: string | undefined = from.column; at !== undefined; at = columns[at]?.from?.column) {
    if (columns[at] === column || seen.has(at)) invalidModule(`${where} follows from itself`)
    seen.add(at)
  }
}

/** Why a row has no such column. */
function absent({ documents = {} }: TableDefinition, column: string): string {
  return Object.hasOwn(documents, column)
    ? 'which is a document and has no value in its row'
    : 'which is not there'
}

/** What is inside a JSON column. */
function checkInside(where: string, column: ColumnDefinition): void {
  const inside = [
    ...(column.element === undefined ? [] : [['an element', column.element] as const]),
    ...Object.entries(column.fields ?? {}),
  ]
  for (const [name, definition] of inside) {
    if (COLUMN_ONLY_KINDS.has(definition.kind)) {
      invalidModule(`${where}: ${name} is of kind ${definition.kind}, which only a column can be`)
    }
    if (definition.isUnique)
      invalidModule(`${where}: ${name} is unique(), which only a column can be`)
    checkInside(where, definition)
  }
}

function checkIndexes(name: string, definition: TableDefinition): void {
  checkDistinct(
    `indexes of table "${name}",`,
    definition.indexes.map((index) => index.name),
  )
  for (const index of definition.indexes) {
    checkName(`index of table "${name}",`, index.name)
    if (index.columns.length === 0) invalidModule(`index "${name}.${index.name}" has no columns`)
    for (const column of index.columns) {
      if (!Object.hasOwn(definition.columns, column)) {
        const why = absent(definition, column)
        invalidModule(`index "${name}.${index.name}" names column "${column}", ${why}`)
      }
    }
  }
}

function checkSearch(name: string, definition: TableDefinition, tables: DefinitionsByName): void {
  const { search, columns } = definition
  if (search === undefined) return
  const fields = Object.entries(search.fields)
  if (fields.length === 0) invalidModule(`search of table "${name}" has no fields`)
  for (const [field, path] of fields) {
    checkName(`search of table "${name}", field`, field)
    if (SEARCH_NAMES.has(field.toLowerCase())) {
      invalidModule(`search of table "${name}": SQLite keeps the name "${field}" for itself`)
    }
    const [column = '', ...steps] = path.split('.')
    const kind = Object.hasOwn(columns, column) ? columns[column]?.kind : undefined
    if (kind === undefined) {
      invalidModule(`search of table "${name}" names "${path}", ${absent(definition, column)}`)
    }
    if (steps.length > 0 ? !JSON_KINDS.has(kind) : !TEXT_KINDS.has(kind)) {
      invalidModule(`search of table "${name}": "${path}" is not a text, nor inside a JSON column`)
    }
  }
  for (const suffix of SEARCH_SUFFIXES) {
    const other = `${name}_${suffix}`
    if (tables[other]?.search !== undefined) {
      invalidModule(`the searches of tables "${name}" and "${other}" are one name to SQL`)
    }
  }
}

/** [DC3] Documents, and the hidden table that `defineModule` gives them. */
function checkDocuments(
  name: string,
  { scope, documents, documentsOf }: TableDefinition,
  tables: DefinitionsByName,
): void {
  const owner = documentsOf === undefined ? undefined : tables[documentsOf]
  if (documentsOf !== undefined && owner?.documents === undefined) {
    invalidModule(`table "${name}" holds documents of "${documentsOf}", which has none`)
  }
  if (documents === undefined) return
  for (const [column, { kind }] of Object.entries(documents)) {
    checkName(`column "${name}.${column}"`, column)
    if (scope !== 'synced') {
      invalidModule(`column "${name}.${column}" of a ${scope} table cannot be a document`)
    }
    if (!DOCUMENT_KINDS.has(kind)) {
      invalidModule(`column "${name}.${column}" is a document of unknown kind "${kind}"`)
    }
  }
  const holder = documentTable(name)
  if (!Object.hasOwn(tables, holder) || tables[holder]?.documentsOf !== name) {
    invalidModule(`table "${holder}" has the name of the one that holds documents of "${name}"`)
  }
}

function checkSchedule(name: string, { schedule, columns, scope }: TableDefinition): void {
  if (schedule === undefined) return
  if (scope !== 'local') invalidModule(`table "${name}" holds timers and must be local()`)
  const kind = columns[schedule.column]?.kind
  if (kind !== 'json' && kind !== 'object') {
    invalidModule(`table "${name}": its schedule column "${schedule.column}" is not JSON`)
  }
}
