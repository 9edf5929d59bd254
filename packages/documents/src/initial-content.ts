/**
 * What a document holds before anybody has written it.
 *
 * Two replicas may both be the first to open a document. Were what they put into it theirs, it would be
 * there twice once they meet; so it is nobody's: the same structs of the same client on every replica,
 * and Yjs takes the second for the first.
 */
import { hashOf } from '@inner-universe/core'
import * as Y from 'yjs'
import type { DocumentAddress } from './document-home.ts'

/** Initial content as an update in Yjs's first format, and the client whose it is. */
export interface InitialContent {
  readonly client: number
  readonly length: number
  readonly update: Uint8Array
}

const encoder = new TextEncoder()

/**
 * The initial content of a document; undefined when `write` writes none.
 *
 * `write` runs twice: the client's number comes from the address and from what it writes, so that two
 * versions of an app which write different things are two clients, not one that contradicts itself.
 */
export function initialContent(
  address: DocumentAddress,
  write: (doc: Y.Doc) => void,
): InitialContent | undefined {
  const place = encoder.encode(JSON.stringify([address.table, address.row, address.document]))
  const draft = written(0, write)
  const client = Number.parseInt(hashOf(place, draft).slice(0, 8), 16)
  const update = written(client, write)
  const length = Y.parseUpdateMeta(update).to.get(client) ?? 0
  return length === 0 ? undefined : { client, length, update }
}

function written(client: number, write: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc({ gc: false })
  doc.clientID = client
  // One transaction: what observers of an editor's schema add would be added by each replica.
  doc.transact(() => write(doc))
  const update = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return update
}
