/**
 * Rows between TypeScript and SQLite: checks what comes in, gives what goes out. STORAGE.md ST3.
 *
 * Booleans are 0 and 1, JSON kinds canonical JSON text, all else as it is. An optional cell without
 * a value is NULL. JSON `null` in a `json` column that is not optional is the text `null`.
 */
import {
  canonicalJson,
  compileCheck,
  Findings,
  isUniverseError,
  notAScalar,
  type Row,
  type StoredValue,
  setText,
  sortElements,
  UniverseError,
} from '@inner-universe/core'
import { type ColumnSchema, hasDocument, type TableSchema } from './schema.ts'

/** Encodes and decodes the rows of one table. */
export interface RowCodec {
  /** The row of stored values. JSON is parsed anew: the caller owns it. */
  decode(values: readonly StoredValue[]): Row
  /**
   * A row to insert, defaults filled in. `newId` is asked when the row leaves out an `id` primary key.
   *
   * @throws UniverseError `table/unknown-column`, `table/invalid-value`, `document/not-a-scalar`.
   */
  encode(row: Readonly<Record<string, unknown>>, newId: () => string): EncodedRow
  /** One stored cell. @throws UniverseError `table/invalid-value`. */
  encodeCell(column: ColumnSchema, value: unknown): StoredValue
  /** The column of that name. @throws UniverseError `table/unknown-column`, `document/not-a-scalar`. */
  columnOf(name: string): ColumnSchema
}

/** A row in both forms. */
export interface EncodedRow {
  readonly values: StoredValue[]
  /** As `decode` would give it; JSON in it may be the caller's own. */
  readonly row: Row
  /** True when the id was made just now, so that no row of it can be anywhere. */
  readonly isNewId: boolean
}

/** The two steps of a cell on its way in. */
interface CellEncoder {
  /** The value as it counts from now on; throws when it does not fit. */
  readonly check: (value: unknown) => unknown
  /** The stored form of a checked value. */
  readonly store: (checked: unknown) => StoredValue
  /** True when the stored form decodes to the checked value itself. */
  readonly isReadAsChecked: boolean
}

/** Gives the value of a stored form that is not NULL; undefined where they are the same. */
type Decode = ((stored: StoredValue) => unknown) | undefined

/** The codec of a table. Cost: once per open. @throws UniverseError `module/invalid` for a default that does not fit its column. */
export function createRowCodec(table: TableSchema): RowCodec {
  const { columns, columnsByName } = table
  const encoders = columns.map((column) => compileEncoder(table, column))
  const defaults = columns.map((column, index) => defaultOf(table, column, encoders[index]))
  const decoders = columns.map(decoderOf)
  const keyIndex = table.primaryKey.index
  const makesId = table.primaryKey.kind === 'id'

  const columnOf = (name: string): ColumnSchema => {
    const column = columnsByName.get(name)
    if (column !== undefined) return column
    if (hasDocument(table, name)) throw notAScalar(table.name, name)
    throw new UniverseError(
      'table/unknown-column',
      `table "${table.name}" has no column "${name}"; check the name and the module version`,
      { details: { table: table.name, column: name } },
    )
  }
  return {
    columnOf,
    decode(values) {
      const row: Record<string, unknown> = {}
      for (let index = 0; index < columns.length; index++) {
        const value = values[index] as StoredValue
        row[(columns[index] as ColumnSchema).name] = decodeCell(decoders[index], value)
      }
      return row
    },
    encode(given, newId) {
      for (const name in given) {
        if (!columnsByName.has(name) && given[name] !== undefined) columnOf(name)
      }
      const values: StoredValue[] = new Array(columns.length)
      const row: Record<string, unknown> = {}
      let isNewId = false
      for (let index = 0; index < columns.length; index++) {
        const column = columns[index] as ColumnSchema
        const value = given[column.name]
        if (value !== undefined) {
          const { check, store, isReadAsChecked } = encoders[index] as CellEncoder
          const checked = check(value)
          const stored = store(checked)
          values[index] = stored
          // What was stored is what was checked, so there is no need to parse it again.
          row[column.name] = isReadAsChecked ? checked : decodeCell(decoders[index], stored)
        } else {
          const isMade = index === keyIndex && makesId
          isNewId ||= isMade
          const stored = isMade ? newId() : defaults[index]
          if (stored === undefined) throw invalidValue(table, column, 'missing')
          values[index] = stored
          row[column.name] = decodeCell(decoders[index], stored)
        }
      }
      return { values, row, isNewId }
    },
    encodeCell(column, value) {
      if (value === undefined) throw invalidValue(table, column, 'missing')
      const { check, store } = encoders[column.index] as CellEncoder
      return store(check(value))
    },
  }
}

/** The typed error for a value that does not fit. The reason never contains the value. */
export function invalidValue(
  table: TableSchema,
  column: ColumnSchema | undefined,
  reason: string,
): UniverseError {
  return new UniverseError(
    'table/invalid-value',
    `"${table.name}.${column?.name}": ${reason}; correct the value`,
    { details: { table: table.name, column: column?.name, reason } },
  )
}

function compileEncoder(table: TableSchema, column: ColumnSchema): CellEncoder {
  const { definition } = column
  const check = compileCheck(definition)
  const findings = new Findings()
  const checked = (value: unknown): unknown => {
    const result = check(value, findings)
    if (findings.issues.length === 0) return result
    const [issue] = findings.issues
    const at = issue?.path === '' || issue === undefined ? '' : `at ${issue.path}: `
    findings.reset()
    throw invalidValue(table, column, `${at}${issue?.message}`)
  }
  const json = (value: unknown): string => {
    try {
      return canonicalJson(value)
    } catch (error) {
      if (!isUniverseError(error, 'table/invalid-value')) throw error
      throw invalidValue(table, column, error.message)
    }
  }
  switch (column.kind) {
    case 'bool':
      return {
        check: checked,
        store: (flag) => (flag === null ? null : flag ? 1 : 0),
        isReadAsChecked: true,
      }
    case 'json':
      // Making the text is the check.
      return {
        check: (value) => value,
        store: (value) => (value === null && definition.isOptional ? null : json(value)),
        isReadAsChecked: true,
      }
    case 'array':
    case 'object':
      return {
        check: checked,
        store: (value) => (value === null ? null : json(value)),
        isReadAsChecked: true,
      }
    case 'set':
      return {
        check: checked,
        store: (elements) => storedSet(elements as readonly unknown[], json),
        isReadAsChecked: false,
      }
    case 'bytes':
      // A copy: the caller may write into its buffer before the delta is encoded.
      return {
        check: checked,
        store: (bytes) => (bytes as Uint8Array | null)?.slice() ?? null,
        isReadAsChecked: true,
      }
    default:
      return { check: checked, store: (value) => value as StoredValue, isReadAsChecked: true }
  }
}

/** The stored form of a set: its elements once each, in their order (MERGE.md MR7). */
function storedSet(elements: readonly unknown[], json: (value: unknown) => string): string {
  return setOfElements(elements.map(json))
}

/** The canonical JSON texts of the elements of a stored set. */
export function setElements(stored: StoredValue): string[] {
  return (JSON.parse(stored as string) as unknown[]).map((element) => JSON.stringify(element))
}

/** The stored form of a set of elements given as canonical JSON texts. */
export function setOfElements(elements: Iterable<string>): string {
  return setText(sortElements([...new Set(elements)]))
}

function defaultOf(
  table: TableSchema,
  column: ColumnSchema,
  encoder: CellEncoder | undefined,
): StoredValue | undefined {
  const { defaultValue, isOptional } = column.definition
  if (defaultValue !== undefined) {
    try {
      return encoder?.store(encoder.check(defaultValue))
    } catch (cause) {
      throw new UniverseError(
        'module/invalid',
        `the default of "${table.name}.${column.name}" does not fit the column`,
        { cause },
      )
    }
  }
  return isOptional ? null : undefined
}

function decodeCell(decode: Decode, stored: StoredValue): unknown {
  return decode === undefined || stored === null ? stored : decode(stored)
}

function decoderOf({ kind, isJson }: ColumnSchema): Decode {
  if (isJson) return (value) => JSON.parse(value as string) as unknown
  return kind === 'bool' ? (value) => value !== 0 : undefined
}

/** The stored form a definition's default has, for `ALTER TABLE … ADD COLUMN`; null when it has none. */
export function storedDefault(table: TableSchema, column: ColumnSchema): StoredValue {
  return defaultOf(table, column, compileEncoder(table, column)) ?? null
}
