/** Three-way merge of states. */
import { canonicalJson, type JsonValue } from '@inner-universe/core'
import { diff3Merge } from 'node-diff3'
import { formatStatePath } from '../module/state-path.ts'
import { isObject } from './apply-operations.ts'
import { isEqualJson } from './diff-states.ts'

/** A place that both sides changed, differently. Undefined: nothing is there. */
export interface StateConflict {
  /** Where, as operations write it. A list is one place. */
  readonly path: string
  readonly base: JsonValue | undefined
  readonly older: JsonValue | undefined
  readonly newer: JsonValue | undefined
}

/** Says which value a conflict is to have; undefined takes the place away. */
export type ResolveConflict = (conflict: StateConflict) => JsonValue | undefined

/** The merged state, and what both had changed. */
export interface MergedState {
  readonly state: JsonValue
  readonly conflicts: readonly StateConflict[]
}

/** Elements of the three lists together that are matched with each other; longer lists merge as a whole. */
const MATCHED_ELEMENTS_MAX = 3000

/**
 * Merges what two sides made of one base: what one side changed is taken, what both changed alike too,
 * objects member by member, lists where their changes do not touch. Of other changes `resolve` decides;
 * the newer side's value is usual.
 */
export function mergeStates(
  base: JsonValue | undefined,
  older: JsonValue,
  newer: JsonValue,
  resolve: ResolveConflict = ({ newer: value }) => value,
): MergedState {
  const conflicts: StateConflict[] = []
  const merging = (conflict: StateConflict): JsonValue | undefined => {
    conflicts.push(conflict)
    return resolve(conflict)
  }
  // A state is something: where a resolver takes it away, null is left.
  const state = merge(base, older, newer, { names: [], resolve: merging }) ?? null
  return { state, conflicts }
}

interface Place {
  readonly names: readonly string[]
  readonly resolve: ResolveConflict
}

function merge(
  base: JsonValue | undefined,
  older: JsonValue | undefined,
  newer: JsonValue | undefined,
  { names, resolve }: Place,
): JsonValue | undefined {
  if (isEqualJson(older, newer) || isEqualJson(base, older)) return newer
  if (isEqualJson(base, newer)) return older
  if (isObject(older) && isObject(newer) && (base === undefined || isObject(base))) {
    const all = new Set([...Object.keys(base ?? {}), ...Object.keys(older), ...Object.keys(newer)])
    const members = [...all].map((name) => {
      const of = (value: JsonValue | undefined): JsonValue | undefined =>
        isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
      const place = { names: [...names, name], resolve }
      return [name, merge(of(base), of(older), of(newer), place)] as const
    })
    return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as JsonValue
  }
  if (Array.isArray(base) && Array.isArray(older) && Array.isArray(newer)) {
    const merged = mergeLists(base, older, newer)
    if (merged !== undefined) return merged
  }
  return resolve({ path: formatStatePath(names), base, older, newer })
}

/** The merged list; undefined where both changed one stretch. */
function mergeLists(
  base: readonly JsonValue[],
  older: readonly JsonValue[],
  newer: readonly JsonValue[],
): readonly JsonValue[] | undefined {
  if (base.length + older.length + newer.length > MATCHED_ELEMENTS_MAX) return undefined
  const texts = (list: readonly JsonValue[]): string[] => list.map((each) => canonicalJson(each))
  const regions = diff3Merge(texts(older), texts(base), texts(newer))
  if (regions.some(({ conflict }) => conflict !== undefined)) return undefined
  return regions.flatMap(({ ok = [] }) => ok.map((text) => JSON.parse(text) as JsonValue))
}
