/**
 * What callers of the reducers of documents know of them: names, what they write, limits. Apart from what
 * defines them, so that pages carry none of that; and of its own, as most pages have no documents.
 */
import { BLOB_BYTES_MAX } from './limits.ts'

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

/**
 * Largest update of a document, in bytes: what a burst of edits changed. A pasted book fits; a picture
 * should be stored elsewhere and be named in the document.
 */
export const DOCUMENT_UPDATE_BYTES_MAX: number = 1024 * 1024

/** Largest checkpoint of a document, in bytes: all of it, as one cell. */
export const DOCUMENT_CHECKPOINT_BYTES_MAX: number = BLOB_BYTES_MAX

/**
 * Rows that one checkpoint may take the place of. Their deletions go into one delta with it, and are
 * at most a quarter of what {@link DELTA_BYTES_MAX} leaves beside the largest one.
 */
export const DOCUMENT_COVERS_MAX = 10_000
