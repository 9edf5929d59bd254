export { checkUpdate } from './check-update.ts'
export type { DocumentOptions, DocumentStatus, DocumentSurroundings } from './document.ts'
export type {
  DocumentAddress,
  DocumentHome,
  DocumentPresence,
  SetTimer,
  StoredUpdate,
} from './document-home.ts'
export { closeDocuments, type OpenDocument, openDocument } from './open-document.ts'
export { readDocument } from './read-document.ts'
