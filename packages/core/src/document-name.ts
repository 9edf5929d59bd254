/**
 * How the reducers of documents are called, and what they write. Apart from what defines them, so that
 * pages, which only call them, carry none of it.
 */

/** What a row of a hidden table (`document-table.ts`) holds, in its column `kind`. */
export const DOCUMENT_UPDATE_KINDS = {
  /** What a burst of edits changed, in Yjs's first format. */
  update: 0,
  /** Everything of the rows it took the place of, in Yjs's second format. */
  checkpoint: 1,
} as const

/** Adds an update to a document: `{ table, row, document, update }`. Gives the id of its row. */
export const APPEND_REDUCER = 'document:append'

/**
 * Puts one checkpoint in the place of rows whose updates it contains: `{ table, row, document,
 * checkpoint, covers }`, `covers` being ids of rows. Gives the id of the checkpoint's row, or null when
 * none of `covers` is there any more: then somebody else's checkpoint has them.
 */
export const COMPACT_REDUCER = 'document:compact'
