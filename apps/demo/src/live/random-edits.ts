/** Edits at random, so that people see views move. They add much and remove only what they added. */
import type { AppUniverse } from '../universe.ts'
import { POINTER_TYPES } from '../wordnet/pointer-type.ts'
import { clocked } from './edit-clock.ts'

/** Edits of one burst. */
export const BURST_EDITS = 100

/** Says in what was added where it came from. */
export const RANDOM_TAG = 'random edit'

const ENTITY_TYPES = ['noun', 'verb', 'adjective', 'adverb']

/** Entities that a burst relates. */
const ENDS_MAX = 200
/** The best connected are taken for every other relation, so that the first ten change places. */
const TOP_COUNT = 10

/** Makes bursts of edits, and remembers what they added. */
export interface RandomEdits {
  /** Makes {@link BURST_EDITS} edits, one per frame, each once the one before is on disk. */
  readonly run: (onDone: (editCount: number) => void, signal: AbortSignal) => Promise<void>
}

/** `random` gives numbers from 0 on and below 1. */
export function createRandomEdits(
  universe: AppUniverse,
  random: () => number = Math.random,
): RandomEdits {
  const relations: string[] = []
  const entities: string[] = []
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const takeOut = (from: string[]): string | undefined =>
    from.splice(Math.floor(random() * from.length), 1)[0]

  async function edit(ends: readonly string[], top: readonly string[]): Promise<void> {
    const dice = random()
    if (dice < 0.55) {
      const from = pick(random() < 0.5 && top.length > 0 ? top : ends)
      const relation = { from, to: pick(ends), type: pick(POINTER_TYPES) }
      const metadata = { tags: [RANDOM_TAG] }
      relations.push(await clocked(universe.reducers.createRelation({ ...relation, metadata })))
    } else if (dice < 0.8) {
      const id = takeOut(relations)
      if (id !== undefined) await clocked(universe.reducers.deleteRelation({ id }))
    } else if (dice < 0.92) {
      const metadata = { name: 'a word at random', tags: [RANDOM_TAG] }
      entities.push(
        await clocked(universe.reducers.createEntity({ type: pick(ENTITY_TYPES), metadata })),
      )
    } else {
      const id = takeOut(entities)
      if (id !== undefined) await clocked(universe.reducers.deleteEntity({ id }))
    }
  }

  return {
    async run(onDone, signal) {
      const [ends, top] = await Promise.all([
        universe.sql<{ readonly id: string }>(
          'select id from entity order by random() limit ?1',
          [ENDS_MAX],
          { signal },
        ),
        universe.query((q) => q.connections.orderBy('count', 'desc').limit(TOP_COUNT), { signal }),
      ])
      const own = new Set(entities)
      const endIds = ends.map(({ id }) => id).filter((id) => !own.has(id))
      if (endIds.length === 0) return
      const topIds = top.map(({ from_entity }) => from_entity)
      for (let done = 1; done <= BURST_EDITS && !signal.aborted; done++) {
        await edit(endIds, topIds)
        onDone(done)
        await new Promise(requestAnimationFrame)
      }
    },
  }
}
