/** Delta operations applied to a state. */
import type { JsonValue } from '@inner-universe/core'
import { type DeltaOperation, faultOfOperation } from '../module/delta-operation.ts'
import { validationError } from '../module/refusal.ts'
import { parseStatePath } from '../module/state-path.ts'

type JsonObject = { readonly [name: string]: JsonValue }

/** What an operation does to the value at its path; undefined takes the value away. */
type Change = (value: JsonValue | undefined) => JsonValue | undefined

/** Thrown inside and told with the operation's index. */
class Misfit extends Error {}

/**
 * The state after all operations, in their order. The given state is not changed; what is not touched is
 * shared with it.
 *
 * @throws UniverseError `universe/validation` with `details.operationIndex` for the first operation that is
 * unsound or does not fit the state: nothing is applied then.
 */
export function applyOperations(
  state: JsonValue,
  operations: readonly DeltaOperation[],
): JsonValue {
  return operations.reduce((before, operation, operationIndex) => {
    const fault = faultOfOperation(operation)
    try {
      if (fault !== undefined) throw new Misfit(fault)
      return applyOperation(before, operation)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      throw validationError(`Invalid operation ${operationIndex}: ${error.message}`, {
        operationIndex,
      })
    }
  }, state)
}

function applyOperation(state: JsonValue, operation: DeltaOperation): JsonValue {
  const names = parseStatePath(operation.path) as readonly string[]
  const isNew = operation.kind === 'set'
  const after = changeAt(state, names, 0, { change: changeOf(operation), isNew })
  return after as JsonValue
}

function changeOf(operation: DeltaOperation): Change {
  switch (operation.kind) {
    case 'set':
      return () => operation.value
    case 'delete':
      return () => undefined
    case 'insert':
      return (value) => {
        const list = listOf(value)
        const { index = list.length } = operation
        if (index > list.length) throw new Misfit(`index ${index} of ${list.length} elements`)
        return list.toSpliced(index, 0, operation.value)
      }
    case 'remove':
      return (value) => {
        const list = listOf(value)
        const { index } = operation
        if (index >= list.length) throw new Misfit(`index ${index} of ${list.length} elements`)
        return list.toSpliced(index, 1)
      }
    case 'patch':
      return (value) => {
        if (!isObject(value)) throw new Misfit(`it is ${nameOf(value)}, not an object`)
        return { ...value, ...operation.patch }
      }
  }
}

function changeAt(
  value: JsonValue | undefined,
  names: readonly string[],
  depth: number,
  what: { readonly change: Change; readonly isNew: boolean },
): JsonValue | undefined {
  const name = names[depth]
  if (name === undefined) return what.change(value)
  const isLast = depth === names.length - 1
  if (Array.isArray(value)) {
    const index = indexOf(name, value.length)
    const after = changeAt(value[index], names, depth + 1, what)
    return after === undefined ? value.toSpliced(index, 1) : value.with(index, after)
  }
  if (!isObject(value)) {
    throw new Misfit(`"${name}" is looked for in ${nameOf(value)}`)
  }
  const held = Object.hasOwn(value, name) ? value[name] : undefined
  if (held === undefined && !(isLast && what.isNew)) throw new Misfit(`there is no "${name}"`)
  const after = changeAt(held, names, depth + 1, what)
  if (after !== undefined) return { ...value, [name]: after }
  const { [name]: _, ...rest } = value
  return rest
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw new Misfit(`it is ${nameOf(value)}, not an array`)
}

function indexOf(name: string, length: number): number {
  if (/^(0|[1-9][0-9]*)$/.test(name) && Number(name) < length) return Number(name)
  throw new Misfit(`"${name}" is no index of ${length} elements`)
}

/** True for what has members. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return isObject(value) ? 'an object' : `a ${typeof value}`
}
