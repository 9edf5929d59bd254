/** What all draws of plans have in common. */
import type { Random } from '@inner-universe/core'
import type { Action, Settings } from './plan.ts'

/** Draws the actions of one kind of thing that a seed may have. */
export type Draw = (random: Random, settings: Settings) => readonly Action[]

/** A time and a replica. */
export interface Place {
  readonly atMs: number
  readonly replica: number
}

/** Some time while actions go on, and one of the replicas. */
export function placeOf(random: Random, settings: Settings): Place {
  return { atMs: random.integer(0, settings.durationMs), replica: random.integer(0, 5) }
}

/** Draws one to `most` actions, each at a time of its own. */
export function several(draw: (random: Random, place: Place) => Action, most: number): Draw {
  return (random, settings) =>
    times(random, most).map(() => draw(random, placeOf(random, settings)))
}

/** One to `most` times nothing, to map. */
export function times(random: Random, most: number): readonly undefined[] {
  return Array.from({ length: random.integer(1, most) })
}

/** How long something that died stays dead, ms. */
export function downTime(random: Random): number {
  return random.next() < 0.3 ? 0 : random.integer(10, 15_000)
}

/** One of several. */
export function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.integer(0, of.length - 1)] as T
}
