/** The relay's log as the invariants look at it: every entry since the beginning, opened. */
import { inflateRawSync } from 'node:zlib'
import { type Cells, type Delta, type Floor, type Hash, HISTORY_TABLES } from '@inner-universe/core'
import { type BatchHeader, verifyBatch } from '@inner-universe/sync'
import type { StoredEntry } from '@inner-universe/sync/relay-side'
import { DOCUMENT_TABLES, type DocumentRow, wordAdded } from './document-content.ts'
import { fastHash } from './fast-hash.ts'

/** One entry, opened. */
export type OpenedEntry =
  | {
      readonly kind: 'batch'
      readonly offset: number
      readonly logHash: Hash
      readonly hash: Hash
      readonly header: BatchHeader
      readonly deltas: readonly Delta[]
    }
  | {
      readonly kind: 'floor'
      readonly offset: number
      readonly logHash: Hash
      readonly floor: Floor
    }

/** Opens entries; those seen before are not opened again. One per world. */
export function createLogReader(): (entries: readonly StoredEntry[]) => readonly OpenedEntry[] {
  const opened = new Map<StoredEntry, OpenedEntry>()
  return (entries) =>
    entries.map((entry) => {
      let open = opened.get(entry)
      if (open === undefined) {
        open = openEntry(entry)
        opened.set(entry, open)
      }
      return open
    })
}

function openEntry(entry: StoredEntry): OpenedEntry {
  const { offset, logHash } = entry
  if (entry.kind === 'floor') return { kind: 'floor', offset, logHash, floor: entry.floor }
  const { header, encoding, body } = entry.batch
  const content = encoding === 'raw' ? body : new Uint8Array(inflateRawSync(body))
  const verified = verifyBatch(header, content, fastHash)
  return {
    kind: 'batch',
    offset,
    logHash,
    hash: verified.batch.hash,
    header: verified.header,
    deltas: verified.deltas,
  }
}

/** Markers of what a delta is of: those of the events it inserts, words it adds to documents, versions. */
export function markersOf(delta: Delta): readonly string[] {
  return delta.operations.flatMap((operation) =>
    operation.kind === 'insert'
      ? markersOfInsert(operation.table, operation.id, operation.cells)
      : [],
  )
}

function markersOfInsert(table: string, id: string, cells: Cells): readonly string[] {
  if (table === 'event') return [String(cells.marker)]
  if (table === HISTORY_TABLES.version) return [id]
  if (![...DOCUMENT_TABLES.values()].includes(table)) return []
  const word = wordAdded(cells as unknown as DocumentRow)
  return word === undefined ? [] : [word]
}
