/**
 * What documents of a simulated world hold: sets of words. An update adds one, a checkpoint has those of all
 * that it stands for, and whatever several have written merges to their union, as of any other kind of
 * document. Engines do not look into them (core DOCUMENTS.md DC7).
 */
import { DOCUMENT_UPDATE_KINDS } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'

/** A row of a document, as the engine gives it. */
export interface DocumentRow {
  readonly id: string
  readonly row: string
  readonly document: string
  readonly update: Uint8Array
  readonly kind: number
}

/** Tables with documents, each with the name of the one that holds them. */
export const DOCUMENT_TABLES: ReadonlyMap<string, string> = new Map(
  ['item', 'note'].map((table) => [table, `${table}_document`]),
)

/** The one document column of each of them. */
export const DOCUMENT_COLUMN = 'body'

/** Words as bytes. */
export function encodeWords(words: Iterable<string>): Uint8Array {
  return new TextEncoder().encode([...words].join(' '))
}

/** The words of an update or a checkpoint. */
export function wordsIn(update: Uint8Array): readonly string[] {
  return new TextDecoder().decode(update).split(' ')
}

/** The word that a row adds; undefined: it is a checkpoint. */
export function wordAdded({
  kind,
  update,
}: Pick<DocumentRow, 'kind' | 'update'>): string | undefined {
  return kind === DOCUMENT_UPDATE_KINDS.update ? wordsIn(update)[0] : undefined
}

/** All words of all documents that an engine shows, by owner: its table and key. */
export function shownWords(engine: Engine): ReadonlyMap<string, ReadonlySet<string>> {
  const shown = new Map<string, Set<string>>()
  for (const [table, documents] of DOCUMENT_TABLES) {
    const rows = engine.query({ table: documents, orderBy: [] }) as never as readonly DocumentRow[]
    for (const { row, update } of rows) {
      const owner = `${table} ${row}`
      const words = shown.get(owner) ?? new Set()
      for (const word of wordsIn(update)) words.add(word)
      shown.set(owner, words)
    }
  }
  return shown
}
