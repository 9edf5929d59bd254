/** The five operations a delta record may hold, and the check that a value is one of them. */
import type { JsonValue } from '@inner-universe/core'
import { parseStatePath } from './state-path.ts'

/** One step from a state version towards the next. Paths: see `state-path.ts`. */
export type DeltaOperation =
  /** Puts a value at a path, making or replacing it. */
  | { readonly kind: 'set'; readonly path: string; readonly value: JsonValue }
  /** Takes the value at a path away; not the whole state. */
  | { readonly kind: 'delete'; readonly path: string }
  /** Puts an element into the array at a path: before `index`, or at the end. */
  | {
      readonly kind: 'insert'
      readonly path: string
      readonly index?: number
      readonly value: JsonValue
    }
  /** Takes the element at `index` out of the array at a path. */
  | { readonly kind: 'remove'; readonly path: string; readonly index: number }
  /** Sets several names of the object at a path. */
  | {
      readonly kind: 'patch'
      readonly path: string
      readonly patch: Readonly<Record<string, JsonValue>>
    }

type Check = (operation: Readonly<Record<string, unknown>>) => string | undefined

const isIndex = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const needsValue: Check = ({ value }) => (value === undefined ? 'value is missing' : undefined)

/** By kind: the fields besides `kind` and `path`, and what must hold of them. */
const KINDS: Readonly<Record<string, { readonly fields: readonly string[]; check: Check }>> = {
  set: { fields: ['value'], check: needsValue },
  delete: { fields: [], check: () => undefined },
  insert: {
    fields: ['index', 'value'],
    check: (operation) =>
      operation.index !== undefined && !isIndex(operation.index)
        ? 'index must be a whole number from 0'
        : needsValue(operation),
  },
  remove: {
    fields: ['index'],
    check: ({ index }) => (isIndex(index) ? undefined : 'index must be a whole number from 0'),
  },
  patch: {
    fields: ['patch'],
    check: ({ patch }) => (isMap(patch) ? undefined : 'patch must be a map'),
  },
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is wrong with a would-be operation, or undefined when it is one. */
export function faultOfOperation(operation: unknown): string | undefined {
  if (!isMap(operation)) return 'it is not a map'
  const { kind, path } = operation
  const rule = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (rule === undefined) {
    return `kind must be one of ${Object.keys(KINDS).join(', ')}, not ${JSON.stringify(kind)}`
  }
  if (typeof path !== 'string') return 'path must be text'
  const names = parseStatePath(path)
  if ('fault' in names) return `path "${path}": ${names.fault}`
  if (names.length === 0 && kind === 'delete') return 'the whole state cannot be deleted; set it'
  for (const field of Object.keys(operation)) {
    if (field !== 'kind' && field !== 'path' && !rule.fields.includes(field)) {
      return `field "${field}" does not belong to a ${kind}`
    }
  }
  return rule.check(operation)
}
