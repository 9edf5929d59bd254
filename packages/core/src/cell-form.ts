/** The stored form of a cell: what a column may hold when it is merged, and what it holds by default. */
import type { ColumnDefinition } from './column.ts'
import type { StoredValue } from './delta.ts'
import { canonicalJson, type JsonValue, parseJson } from './json.ts'
import { isOrderKey } from './order-key.ts'

/**
 * Whether a written value has the form its column stores. `misfit`: never, as a column's kind does
 * not change: left out. `awaits-schema`: a newer schema may take it; see MERGE.md MR12.
 */
export type Fit = 'fits' | 'misfit' | 'awaits-schema'

/** [MR11] Judges a value for a column; only its form, not its limits, which may be widened later. */
export function fitOf(definition: ColumnDefinition | undefined, value: StoredValue): Fit {
  if (definition === undefined) return 'awaits-schema'
  const { kind } = definition
  if (kind === 'counter' || kind === 'set') return 'misfit'
  if (value === null) {
    return definition.isOptional ? 'fits' : 'awaits-schema'
  }
  switch (kind) {
    case 'int':
    case 'timestamp':
      return Number.isSafeInteger(value) ? 'fits' : 'misfit'
    case 'real':
      return typeof value === 'number' && Number.isFinite(value) ? 'fits' : 'misfit'
    case 'bool':
      return value === 0 || value === 1 ? 'fits' : 'misfit'
    case 'bytes':
      return value instanceof Uint8Array ? 'fits' : 'misfit'
    case 'json':
    case 'array':
    case 'object':
      return typeof value === 'string' && isJsonText(value) ? 'fits' : 'misfit'
    case 'id':
    case 'key':
      // The primary key is the row's id; no write names it.
      return 'misfit'
    default:
      if (definition.isOrderKey) return isOrderKey(value) ? 'fits' : 'misfit'
      return typeof value === 'string' ? 'fits' : 'misfit'
  }
}

function isJsonText(text: string): boolean {
  try {
    parseJson(text)
    return true
  } catch {
    // Not JSON, or JSON that SQLite would refuse for its depth: the answer is no, not an error.
    return false
  }
}

/** The same for an element of a set, a canonical JSON text. */
export function fitsElement(definition: ColumnDefinition, element: string): boolean {
  switch (definition.element?.kind) {
    case 'int':
    case 'real':
    case 'timestamp':
      return /^[-0-9]/.test(element)
    case 'bool':
      return element === 'true' || element === 'false'
    default:
      return element.startsWith('"')
  }
}

/** The stored form of a column's default, or undefined when it has none. */
export function storedDefault(definition: ColumnDefinition): StoredValue | undefined {
  const { kind, defaultValue } = definition
  if (kind === 'counter') return (defaultValue as number | undefined) ?? 0
  if (kind === 'set') return '[]'
  if (defaultValue === undefined) return definition.isOptional ? null : undefined
  if (defaultValue === null) return null
  if (kind === 'json' || kind === 'array' || kind === 'object') return canonicalJson(defaultValue)
  if (kind === 'bool') return defaultValue === true ? 1 : 0
  return defaultValue as Exclude<JsonValue, boolean | readonly JsonValue[]> as StoredValue
}
