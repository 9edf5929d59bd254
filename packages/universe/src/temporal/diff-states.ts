/** The operations that lead from one state to another. */
import { canonicalJson, type JsonValue } from '@inner-universe/core'
import { diffIndices } from 'node-diff3'
import type { DeltaOperation } from '../module/delta-operation.ts'
import { STATE_PATH_DEPTH_MAX } from '../module/limits.ts'
import { formatStatePath } from '../module/state-path.ts'
import { isObject } from './apply-operations.ts'

/**
 * Elements of two lists that are matched with each other, besides those alike at both ends: matching
 * takes time with the product. Longer ones are replaced as a whole.
 */
const MATCHED_ELEMENTS_MAX = 2000

/**
 * Operations that make `after` of `before`: applied to it they give a value equal to `after`. Objects are
 * compared member by member, lists by their longest common part. Cost: one walk over both, and the
 * product of the lengths of lists that differ in their middle.
 */
export function diffStates(before: JsonValue, after: JsonValue): readonly DeltaOperation[] {
  const operations: DeltaOperation[] = []
  compare(before, after, [], operations)
  return operations
}

/** Equal as JSON. */
export function isEqualJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((each, at) => isEqualJson(each, b[at]))
    )
  }
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqualJson(a[name], b[name]))
  )
}

function compare(
  before: JsonValue,
  after: JsonValue,
  names: readonly string[],
  operations: DeltaOperation[],
): void {
  if (isEqualJson(before, after)) return
  const isDeepest = names.length === STATE_PATH_DEPTH_MAX
  if (!isDeepest && isObject(before) && isObject(after)) {
    for (const name of Object.keys(before)) {
      if (Object.hasOwn(after, name)) continue
      operations.push({ kind: 'delete', path: formatStatePath([...names, name]) })
    }
    for (const [name, value] of Object.entries(after)) {
      const path = [...names, name]
      if (Object.hasOwn(before, name)) compare(before[name] as JsonValue, value, path, operations)
      else operations.push({ kind: 'set', path: formatStatePath(path), value })
    }
  } else if (!isDeepest && Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, names, operations)
  } else {
    operations.push({ kind: 'set', path: formatStatePath(names), value: after })
  }
}

/** A stretch of one list in the place of a stretch of another. */
interface Replaced {
  readonly at: number
  readonly removedCount: number
  readonly inserted: readonly JsonValue[]
}

function compareLists(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  names: readonly string[],
  operations: DeltaOperation[],
): void {
  const path = formatStatePath(names)
  const replaced = replacedParts(before, after)
  if (replaced === undefined) {
    operations.push({ kind: 'set', path, value: after })
    return
  }
  // From the end on: places before stay what they are.
  for (const { at, removedCount, inserted } of replaced.toReversed()) {
    if (removedCount === inserted.length) {
      inserted.forEach((value, index) => {
        const place = at + index
        compare(before[place] as JsonValue, value, [...names, String(place)], operations)
      })
      continue
    }
    for (let index = at + removedCount - 1; index >= at; index--) {
      operations.push({ kind: 'remove', path, index })
    }
    inserted.forEach((value, index) => {
      operations.push({ kind: 'insert', path, index: at + index, value })
    })
  }
}

function replacedParts(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): readonly Replaced[] | undefined {
  const shortest = Math.min(before.length, after.length)
  let start = 0
  while (start < shortest && isEqualJson(before[start], after[start])) start++
  let end = 0
  while (end < shortest - start && isEqualJson(before.at(-1 - end), after.at(-1 - end))) end++
  const left = before.slice(start, before.length - end)
  const right = after.slice(start, after.length - end)
  if (left.length + right.length > MATCHED_ELEMENTS_MAX) return undefined
  if (left.length === 0 || right.length === 0 || left.length === right.length) {
    return [{ at: start, removedCount: left.length, inserted: right }]
  }
  const texts = (list: readonly JsonValue[]): string[] => list.map((each) => canonicalJson(each))
  return diffIndices(texts(left), texts(right)).map(({ buffer1, buffer2 }) => ({
    at: start + buffer1[0],
    removedCount: buffer1[1],
    inserted: right.slice(buffer2[0], buffer2[0] + buffer2[1]),
  }))
}
