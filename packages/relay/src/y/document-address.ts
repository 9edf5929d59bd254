/**
 * How Yjs clients name documents: `<universe>/<table>/<row>/<document>`, each part encoded as in a URL.
 * y-websocket has it in the path, hocuspocus in its messages.
 */
import { UniverseError } from '@inner-universe/core'
import type { UniverseDocument } from './shared-document.ts'

/** Longest name of a document, in characters: four names of 256 bytes, encoded. */
const NAME_CHARACTERS_MAX = 4096

/**
 * The document of a name.
 *
 * @throws UniverseError `document/not-found` when it is no such name.
 */
export function parseDocumentName(name: string): UniverseDocument {
  const parts = name.length > NAME_CHARACTERS_MAX ? [] : name.split('/').map(decodePart)
  const [universe, table, row, document, ...rest] = parts
  if (!universe || !table || !row || !document || rest.length > 0) {
    throw new UniverseError(
      'document/not-found',
      'this names no document; give <universe>/<table>/<row>/<document>, each encoded as in a URL',
    )
  }
  return { universe, table, row, document }
}

/** The same of documents that are the same. */
export function documentKey({ table, row, document }: Omit<UniverseDocument, 'universe'>): string {
  return JSON.stringify([table, row, document])
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A stray percent sign: nothing is named so.
    return ''
  }
}
