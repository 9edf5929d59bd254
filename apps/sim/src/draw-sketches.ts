/** Draws calls that can be undone, undoing and doing again. */
import type { Random } from '@inner-universe/core'
import { drawStep } from './draw-call.ts'
import { type Draw, placeOf, times } from './drawing.ts'
import type { Step } from './module-under-test.ts'
import { type Action, SCOPES } from './plan.ts'

/** How often one replica sketches and undoes, at most. */
const SITTINGS_MAX = 5

/** Each sitting: some calls by one replica, and some undoing at once or while others write. */
export const drawSketches: Draw = (random, settings) =>
  times(random, SITTINGS_MAX).flatMap((_, sitting): readonly Action[] => {
    const { atMs, replica } = placeOf(random, settings)
    const scope = SCOPES[random.next() < 0.7 ? 0 : 1] as string
    const calls = times(random, 3).map((_, call) => drawSketch(random, `${sitting}.${call}`))
    const isGroup = random.next() < 0.3
    const isTakenBack = random.next() < 0.3
    const sketch: Action = { kind: 'sketch', atMs, replica, scope, isGroup, calls, isTakenBack }
    const turns = times(random, 3).map((): Action => {
      const later = atMs + random.integer(1, random.next() < 0.5 ? 1000 : 30_000)
      const undos = random.integer(0, 3)
      const redos = random.next() < 0.5 ? undos : random.integer(0, 3)
      return { kind: 'turn', atMs: later, replica, scope, undos, redos }
    })
    return [sketch, ...turns]
  })

/** Steps whose texts nobody else writes: whose they are can be told from them. */
function drawSketch(random: Random, name: string): readonly Step[] {
  return times(random, 3).map((_, index) => {
    const step = drawStep(random)
    const cells = Object.entries(step.cells).map(([column, value]) => [
      column,
      TEXTS.has(column) ? `s${name}.${index}` : value,
    ])
    return { ...step, cells: Object.fromEntries(cells) }
  })
}

const TEXTS: ReadonlySet<string> = new Set(['title', 'note', 'meta', 'name', 'text'])
