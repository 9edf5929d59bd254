/** A document of its own, made of stored rows: of the past, say. Nothing of it is stored. */
import * as Y from 'yjs'
import { applyUnseen, checkUpdate } from './check-update.ts'
import { applyRow } from './document.ts'
import type { StoredUpdate } from './document-home.ts'

/** The document that rows hold. Rows that hold no update of a document are left out. */
export function readDocument(rows: readonly StoredUpdate[]): Y.Doc {
  const whole = new Y.Doc()
  if (applyUnseen(whole, rows)) return whole
  whole.destroy()
  const doc = new Y.Doc()
  for (const { update, kind } of rows) {
    try {
      checkUpdate(update, kind)
      applyRow(doc, update, kind)
    } catch {
      // Whoever opens the document of today is told of such rows.
    }
  }
  return doc
}
