/** Draws work on documents: bursts of edits by several, and checkpoints. */
import { ITEM_KEYS } from './draw-call.ts'
import { type Draw, pick, placeOf, times } from './drawing.ts'
import type { Action, DocumentPlace } from './plan.ts'

/** Few documents, so that replicas meet in them. */
const PLACES: readonly DocumentPlace[] = [
  ...ITEM_KEYS.slice(0, 2).map((key) => ({ table: 'item', key, pick: 0 }) as const),
  ...[0, 1].map((pick) => ({ table: 'note', key: '', pick }) as const),
]

/** How often a document is edited and compacted in one sitting, at most. */
const SITTINGS_MAX = 5

/** Each sitting: some edits of one document by one replica, and often a checkpoint, here or elsewhere. */
export const drawDocuments: Draw = (random, settings) =>
  times(random, SITTINGS_MAX).flatMap((_, sitting): readonly Action[] => {
    const { atMs, replica } = placeOf(random, settings)
    const place = pick(random, PLACES)
    const edits = times(random, 4).map((_, edit): Action => {
      const later = random.integer(0, 2000)
      const marker = `d${sitting}.${edit}`
      return { kind: 'append', ...place, atMs: atMs + later, replica, marker }
    })
    const checkpoints = Array.from({ length: random.integer(0, 2) }, (): Action => {
      const later = random.integer(0, 5000)
      const by = random.next() < 0.5 ? replica : random.integer(0, 5)
      const isPartial = random.next() < 0.2
      return { kind: 'compact-document', ...place, atMs: atMs + later, replica: by, isPartial }
    })
    return [...edits, ...checkpoints]
  })
