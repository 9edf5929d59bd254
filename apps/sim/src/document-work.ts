/** Edits and compacts documents at a replica, as an editor there would. */
import { APPEND_REDUCER, COMPACT_REDUCER } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import {
  DOCUMENT_COLUMN,
  DOCUMENT_TABLES,
  type DocumentRow,
  encodeWords,
  wordsIn,
} from './document-content.ts'
import type { DocumentPlace } from './plan.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Watch } from './watch.ts'

/** Adds a word to a document. Gives the key of its owner; undefined: nothing was written. */
export function appendWord(
  replica: SimReplica,
  place: DocumentPlace,
  word: string,
  watch: Watch,
): string | undefined {
  const { engine, name } = replica
  if (engine === undefined || !replica.isOn) return undefined
  const row = ownerOf(engine, place)
  if (row === undefined) return undefined
  const isThere = engine.get(place.table, row) !== undefined
  const update = encodeWords([word])
  const args = { table: place.table, row, document: DOCUMENT_COLUMN, update }
  const [outcome] = replica.commit([{ reducer: APPEND_REDUCER, args }])
  watch.trace(() => `${name} ${APPEND_REDUCER} ${word} to ${row}: ${outcome?.ok}`)
  if (outcome?.ok !== true) {
    watch.count(`refused call ${APPEND_REDUCER}`)
    return undefined
  }
  if (!isThere) watch.fail('documents', `${name} added to a document of ${row}, which is not there`)
  watch.count(APPEND_REDUCER)
  replica.memory.committed(word, outcome.delta, false)
  return row
}

/**
 * Puts a checkpoint in the place of a document's rows, or of every second of them. It names rows of other
 * documents too, which must stay (core DOCUMENTS.md DC6).
 */
export function compactDocument(
  replica: SimReplica,
  place: DocumentPlace,
  isPartial: boolean,
  watch: Watch,
): void {
  const { engine, name } = replica
  if (engine === undefined || !replica.isOn) return
  const row = ownerOf(engine, place)
  const documents = DOCUMENT_TABLES.get(place.table)
  if (row === undefined || documents === undefined || !engine.definitions[documents]) return
  const all = engine.query({ table: documents, orderBy: [] }) as never as readonly DocumentRow[]
  const own = all.filter((each) => each.row === row).filter((_, at) => !isPartial || at % 2 === 0)
  if (own.length === 0) return
  const others = all.filter((each) => each.row !== row)
  const words = new Set(own.flatMap(({ update }) => wordsIn(update)))
  const covers = [...own, ...others].map(({ id }) => id)
  const args = { table: place.table, row, document: DOCUMENT_COLUMN }
  const [outcome] = replica.commit([
    { reducer: COMPACT_REDUCER, args: { ...args, checkpoint: encodeWords(words), covers } },
  ])
  watch.trace(() => `${name} ${COMPACT_REDUCER} ${[...words]} of ${row}: ${outcome?.ok}`)
  watch.count(outcome?.ok ? COMPACT_REDUCER : `refused call ${COMPACT_REDUCER}`)
}

/** An item may have been deleted; of the notes one is taken that is there. */
function ownerOf(engine: Engine, { table, key, pick }: DocumentPlace): string | undefined {
  if (table === 'item') return key
  const notes = engine.query({ table, orderBy: [] })
  return notes.length === 0 ? undefined : String(notes[pick % notes.length]?.id)
}
