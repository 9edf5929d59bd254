/**
 * Document columns: cells that several people edit at once, character by character (DOCUMENTS.md).
 *
 * A cell of such a column is one Yjs document. It is not in its row: its updates are rows of a hidden
 * table beside it (`document-table.ts`), so that queries, and pages without editors, never carry it.
 */
import { UniverseError } from './error.ts'

/**
 * What editors find at the root of a document: `richText` leaves the roots free (by convention
 * `doc.getText('content')` or `doc.getXmlFragment('content')`), `jsonDoc` is a tree under
 * `doc.getMap('content')`, `list` is `doc.getArray('content')`.
 */
export type DocumentKind = 'richText' | 'jsonDoc' | 'list'

/** A document column as plain data. */
export interface DocumentDefinition {
  readonly kind: DocumentKind
}

/** A document column as the builders `t.richText()`, `t.jsonDoc()` and `t.list()` give it. */
export interface DocumentColumn<Kind extends DocumentKind = DocumentKind> {
  readonly document: { readonly kind: Kind }
}

/** A document column of one kind. */
export function documentColumn<Kind extends DocumentKind>(kind: Kind): DocumentColumn<Kind> {
  return { document: { kind } }
}

/**
 * The refusal to read or write a document where a value is asked for.
 *
 * `details` has table and column; code `document/not-a-scalar`.
 */
export function notAScalar(table: string, column: string): UniverseError {
  return new UniverseError(
    'document/not-a-scalar',
    `column "${table}.${column}" is a document and has no value; open it with universe.doc("${table}", id, "${column}")`,
    { details: { table, column } },
  )
}
