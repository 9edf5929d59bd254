import fc from 'fast-check'
import { describe, it } from 'vitest'
import { equalDatum } from '../datum.ts'
import { MemoryState } from '../memory-state.ts'
import type { Lookup } from '../operator.ts'
import { type Batch, checkHistory, type Entry, historiesOf } from '../testing/history.ts'
import type { ZSet } from '../zset.ts'
import { joinNode } from './join.ts'
import type { JoinKeys } from './join-side.ts'
import { outerJoinNode } from './outer-join.ts'
import { semiJoinNode } from './semi-join.ts'

interface Keyed {
  readonly id: number
  readonly key: unknown
}

const keyed: fc.Arbitrary<Keyed> = fc.record({
  id: fc.nat(2),
  key: fc.constantFrom(0, 1, 'a', null, [1, 'a'], [1, null]),
})

const KINDS = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const
type Kind = (typeof KINDS)[number]

const combine = (left: Keyed | undefined, right: Keyed | undefined): unknown => [
  left ?? null,
  right ?? null,
]

function nodeOf(kind: Kind, keys: JoinKeys<Keyed, Keyed>) {
  if (kind === 'inner') return joinNode({ ...keys, combine })
  if (kind === 'semi' || kind === 'anti') return semiJoinNode(kind, keys)
  return outerJoinNode(kind, { ...keys, combine })
}

/** By nested loops. */
function recompute(kind: Kind, nulls: 'sql' | 'equal', left: ZSet, right: ZSet): Entry[] {
  const lefts = [...left] as (readonly [Keyed, number])[]
  const rights = [...right] as (readonly [Keyed, number])[]
  const matches = (a: Keyed, b: Keyed): boolean =>
    equalDatum(a.key, b.key) && (nulls === 'equal' || ![a.key].flat().some((part) => part === null))
  const hasMatch = (row: Keyed, others: typeof lefts): boolean =>
    others.some(([other, weight]) => weight > 0 && matches(row, other))
  const alone = (rows: typeof lefts, others: typeof lefts): typeof lefts =>
    rows.filter(([row]) => !hasMatch(row, others))
  if (kind === 'anti') return alone(lefts, rights)
  if (kind === 'semi') return lefts.filter(([row]) => hasMatch(row, rights))
  const pairs = lefts.flatMap(([a, weight]) =>
    rights.flatMap(([b, other]): Entry[] =>
      matches(a, b) ? [[combine(a, b), weight * other]] : [],
    ),
  )
  const leftAlone = kind === 'left' || kind === 'full' ? alone(lefts, rights) : []
  const rightAlone = kind === 'right' || kind === 'full' ? alone(rights, lefts) : []
  return [
    ...pairs,
    ...leftAlone.map(([row, weight]): Entry => [combine(row, undefined), weight]),
    ...rightAlone.map(([row, weight]): Entry => [combine(undefined, row), weight]),
  ]
}

/** A table that shows what it has after the step, as {@link Lookup} asks for. */
class Table implements Lookup<Keyed> {
  readonly description = 'table by key'
  #bag = new MemoryState().bag<Keyed>('rows')

  fill(rows: ZSet): void {
    this.#bag = new MemoryState().bag<Keyed>('rows')
    for (const [row, weight] of rows as ZSet<Keyed>) this.#bag.add(row.key, row, weight)
  }

  each(key: unknown, onRow: (row: Keyed, weight: number) => undefined | boolean): void {
    this.#bag.each(key, onRow)
  }
}

const left = (row: Keyed): unknown => row.key
const right = left

function check(
  kind: Kind,
  nulls: 'sql' | 'equal',
  history: readonly Batch[],
  lookups: { readonly left: boolean; readonly right: boolean },
): void {
  const leftTable = new Table()
  const rightTable = new Table()
  const node = nodeOf(kind, {
    left,
    right,
    nulls,
    leftLookup: lookups.left ? leftTable : undefined,
    rightLookup: lookups.right ? rightTable : undefined,
  })
  checkHistory(node, history, {
    onStep([lefts, rights]) {
      leftTable.fill(lefts as ZSet)
      rightTable.fill(rights as ZSet)
    },
    recompute: ([lefts, rights]) => recompute(kind, nulls, lefts as ZSet, rights as ZSet),
  })
}

describe.each(KINDS)('%s join', (kind) => {
  it('[VA30] gives what joining anew gives, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        historiesOf('tables', keyed, keyed),
        fc.constantFrom('sql' as const, 'equal' as const),
        (history, nulls) => check(kind, nulls, history, { left: false, right: false }),
      ),
      { numRuns: 60 },
    )
  })

  it('[VA32] gives the same where tables are read instead of kept', () => {
    fc.assert(
      fc.property(
        historiesOf('tables', keyed, keyed),
        fc.record({ left: fc.boolean(), right: fc.boolean() }),
        (history, lookups) => check(kind, 'sql', history, lookups),
      ),
      { numRuns: 60 },
    )
  })
})

it('[VA30] pairs of rows that are owed count as owed', () => {
  fc.assert(
    fc.property(historiesOf('any', keyed, keyed), (history) =>
      check('inner', 'sql', history, { left: false, right: false }),
    ),
    { numRuns: 60 },
  )
})
