/** Draws work on versions: naming, drafting, and what writes states into the present. */
import type { Random } from '@inner-universe/core'
import { drawCall, drawStep } from './draw-call.ts'
import { type Draw, type Place, pick, placeOf, times } from './drawing.ts'
import type { Action, Settings } from './plan.ts'

const BRANCHES = ['plan', 'other']

/** Names the present here and there, at the same time on replicas that are away, and lets some go. */
export const drawVersions: Draw = (random, settings) => [
  ...times(random, 5).flatMap((_, index) => drawNaming(random, settings, index)),
  ...some(random, 0.6, 3, () => drawDraft(random, placeOf(random, settings))),
  ...some(random, 0.4, 3, (): Action => {
    const keepLast = random.next() < 0.4 ? random.integer(1, 3) : undefined
    return {
      ...placeOf(random, settings),
      kind: 'drop-versions',
      pick: random.integer(0, 9),
      keepLast,
    }
  }),
]

/** Merges into the present and goes back: what calls have left may be taken back by that. */
export const drawStates: Draw = (random, settings) => [
  ...drawVersions(random, settings),
  ...times(random, 3).flatMap(() => drawMerge(random, placeOf(random, settings))),
  ...some(random, 0.7, 2, (): Action => {
    return { ...placeOf(random, settings), kind: 'revert', pick: random.integer(0, 9) }
  }),
]

function drawDraft(random: Random, at: Place): Action {
  const calls = times(random, 3).map((_, call) => drawCall(random, `draft${at.atMs}.${call}`))
  return { ...at, kind: 'draft', branch: pick(random, BRANCHES), calls }
}

/** Something that was tried on a branch comes into the present, mostly while others have gone on. */
function drawMerge(random: Random, { atMs, replica }: Place): readonly Action[] {
  const branch = pick(random, BRANCHES)
  const later = (ms: number): Place => ({ atMs: atMs + random.integer(1, ms), replica })
  const tried = later(1000)
  return [
    { atMs, replica, kind: 'name-version', steps: [] },
    { ...drawDraft(random, tried), branch } as Action,
    { ...later(10_000), kind: 'merge-branch', branch },
  ]
}

function drawNaming(random: Random, settings: Settings, index: number): readonly Action[] {
  const at = placeOf(random, settings)
  const isGrouped = random.next() < 0.4
  const steps = isGrouped ? times(random, 2).map(() => drawStep(random)) : []
  const name: Action = { ...at, kind: 'name-version', steps }
  if (random.next() < 0.7) return [name]
  const other = at.replica + 1 + index
  const pause = (replica: number): Action => {
    const atMs = Math.max(0, at.atMs - random.integer(1, 2000))
    return { kind: 'pause', atMs, replica, forMs: random.integer(2000, 20_000) }
  }
  return [pause(at.replica), pause(other), name, { ...name, replica: other }]
}

function some(random: Random, share: number, most: number, draw: () => Action): readonly Action[] {
  return random.next() < share ? times(random, most).map(draw) : []
}
