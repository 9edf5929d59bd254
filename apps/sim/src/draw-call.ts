/** Draws calls of the module under test. */
import type { Random } from '@inner-universe/core'
import { pick } from './drawing.ts'
import { type CallArguments, type Mark, type Step, TALLIES } from './module-under-test.ts'

/** Keys of items. */
export const ITEM_KEYS = ['a', 'b', 'c', 'd']
const SEATS = ['1', '2']
const HANDLES = ['ann', 'bob', 'cat', 'dan']
const ELEMENTS = ['x', 'y', 'z']

/** One call of a reducer. */
export interface Call {
  readonly reducer: string
  readonly args: CallArguments
}

/** A call that writes other texts into the cells of the first of some calls. */
export function twinOf([first]: readonly Call[], mark: Mark): Call {
  const steps = ((first?.args.steps ?? []) as readonly Step[]).map((step) => ({
    ...step,
    cells: Object.fromEntries(
      Object.entries(step.cells).map(([name, value]) => [
        name,
        typeof value === 'string' && name !== 'color' ? `${value}x` : value,
      ]),
    ),
  }))
  return { reducer: 'write', args: { ...mark, steps } }
}

/** Who is counted where, for the call of a marker. */
export function drawMark(random: Random, marker: string): Mark {
  return { marker, tally: pick(random, TALLIES), by: random.integer(1, 1000) }
}

/** Any call of the module. */
export function drawCall(random: Random, marker: string): Call {
  const mark = drawMark(random, marker)
  const draw = random.next()
  if (draw < 0.08) return { reducer: 'book', args: { ...mark, seat: pick(random, SEATS) } }
  if (draw < 0.12) return { reducer: 'leave', args: { ...mark, seat: pick(random, SEATS) } }
  if (draw < 0.17) return { reducer: 'hoard', args: { ...mark, key: pick(random, ITEM_KEYS) } }
  if (draw < 0.25) {
    const size = random.integer(0, 9)
    return { reducer: 'decorate', args: { ...mark, key: pick(random, ITEM_KEYS), size } }
  }
  const steps = Array.from({ length: random.integer(1, 4) }, () => drawStep(random))
  return { reducer: draw < 0.29 ? 'fail' : 'write', args: { ...mark, steps } }
}

/** One write of `write`. */
export function drawStep(random: Random): Step {
  const table = pick(random, ['item', 'item', 'person', 'note', 'note'] as const)
  const acts = ['put', 'put', 'update', 'update', 'delete', 'increment', 'add', 'remove'] as const
  const act = pick(random, acts)
  const text = `t${random.integer(0, 99)}`
  const links: Record<string, string | number | null> = {}
  const link = (column: string, toPerson: boolean): void => {
    if (random.next() < 0.4) return
    const toNothing = random.next() < 0.15
    links[column] = toNothing ? null : toPerson ? random.integer(0, 5) : pick(random, ITEM_KEYS)
  }
  const cells: Record<string, string | number | boolean> = {}
  if (table === 'item') {
    if (act === 'put' || random.next() < 0.6) cells.title = text
    if (random.next() < 0.4) cells.note = text
    if (random.next() < 0.4) cells.size = random.integer(0, 9)
    if (random.next() < 0.3) cells.isDone = random.next() < 0.5
    if (random.next() < 0.3) cells.meta = text
    if (random.next() < 0.3) cells.color = pick(random, ['red', 'green'])
    link('owner', true)
    link('parent', false)
    link('friend', false)
  } else if (table === 'person') {
    cells.name = text
    if (random.next() < 0.5) cells.handle = pick(random, HANDLES)
    link('best', false)
    link('boss', true)
    link('spouse', true)
  } else {
    cells.text = text
    link('about', false)
    link('by', true)
  }
  return {
    act,
    table,
    key: pick(random, ITEM_KEYS),
    pick: random.integer(0, 9),
    cells,
    links,
    by: random.integer(-5, 5),
    element: pick(random, ELEMENTS),
  }
}
