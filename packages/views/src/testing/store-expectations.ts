/** What the contract of stores is written in. */
import { expect } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { type Delta, NO_DELTA } from '../delta.ts'
import type { ViewStore, ViewStoreOptions } from '../store/view-store.ts'
import { ZSet } from '../zset.ts'
import {
  FAILING_NOTE,
  type Item,
  Outputs,
  type ReceiptHistory,
  receiptDefinition,
} from './view-history.ts'

/** One database, for one test. */
export interface StoreDatabase {
  /** Opens a store of the view in it; several at once see the same. */
  open(options: ViewStoreOptions): Promise<ViewStore>
  /** Changes one stored row behind the stores' backs. */
  damage(): Promise<void>
  /** Says that the view is of a format to come. */
  raiseFormat(): Promise<void>
  /** Ends and removes it. */
  remove(): Promise<void>
}

/** A line that makes a step fail. */
export const FAILING_ITEM: Item = {
  id: -1,
  basket: 'a',
  product: 1,
  quantity: 1,
  note: FAILING_NOTE,
}

/** A `rebuild` that must not be asked for. */
export function refuse(): never {
  throw new Error('what is there is served, not built anew')
}

/** The entries of one input. */
export function entriesOf<R>(batch: Deltas, name: string): (readonly [R, number])[] {
  const delta = batch.get(name)
  return delta?.rows.map((row, index) => [row as R, delta.weights[index] as number]) ?? []
}

/** What a view keeps for its outputs, in an order of its own. */
export async function dumpOf(store: ViewStore): Promise<unknown> {
  const dump: string[] = []
  for (const name of ['dearest/rows', 'notes/integral']) {
    for await (const { row, weight } of store.cache(name).entries()) {
      dump.push(`${name} ${weight} ${textOf(row)}`)
    }
  }
  return dump.sort()
}

function textOf(row: unknown): string {
  return JSON.stringify(row, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Uint8Array ? [...value] : value
  })
}

/** Expects the same of all outputs. */
export function expectSame(actual: Outputs, expected: Outputs, seed: number): void {
  const name = actual.differenceTo(expected)
  if (name === undefined) return
  expectSameOutput(
    `${name} of seed ${seed}`,
    actual.get(name).toDelta(),
    expected.get(name).toDelta(),
  )
}

/** Expects the same change of one output. */
export function expectSameOutput(
  what: string,
  actual: Delta = NO_DELTA,
  expected: Delta = NO_DELTA,
): void {
  const [left, right] = [actual, expected].map((delta: Delta) => ZSet.fromDelta(delta)) as [
    ZSet,
    ZSet,
  ]
  if (left.equals(right)) return
  const text = (of: ZSet): string => [...of].map(textOf).sort().join('\n')
  expect.fail(`output ${what} is\n${text(left)}\nand should be\n${text(right)}`)
}

/** What is in the store is `batches`, so that one more brings the difference that it should. */
export async function expectNextIsRight(
  store: ViewStore,
  history: ReceiptHistory,
  batches: readonly Deltas[],
): Promise<void> {
  const next = history.next(20)
  const outputs = Outputs.recomputed(receiptDefinition(), batches)
  outputs.add(await store.run(next))
  expectSame(outputs, Outputs.recomputed(receiptDefinition(), [...batches, next]), 0)
  expect(await store.verify()).toBe(true)
}
