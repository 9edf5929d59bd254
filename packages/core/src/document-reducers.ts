/**
 * The reducers by which documents are written: every engine of a module with documents has them beside
 * the module's own. Pages call them by name and carry none of this. DOCUMENTS.md DC5–DC7.
 */
import { t } from './column.ts'
import {
  APPEND_REDUCER,
  COMPACT_REDUCER,
  DOCUMENT_CHECKPOINT_BYTES_MAX,
  DOCUMENT_COVERS_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
} from './document-contract.ts'
import { documentTable } from './document-table.ts'
import { UniverseError } from './error.ts'
import { defineReducer, type ReducerContext, type Reducers, type TableAccess } from './reducer.ts'
import type { Tables } from './table.ts'

/** What names a document. */
interface Place {
  readonly table: string
  readonly row: string
  readonly document: string
}

interface UpdateRow {
  readonly id: string
  readonly row: string
  readonly document: string
}

type Updates = TableAccess<UpdateRow, object, never>

const PLACE = { table: t.text(), row: t.text(), document: t.text() } as const

/** The reducers of documents in a module of these tables; none when no table has documents. */
export function documentReducers(tables: Tables): Reducers {
  if (!Object.values(tables).some(({ definition }) => definition.documents)) return {}
  return {
    [APPEND_REDUCER]: defineReducer({ ...PLACE, update: t.bytes() }, (context, args) => {
      const updates = updatesOf(tables, context, args)
      checkBytes(args, args.update, DOCUMENT_UPDATE_BYTES_MAX)
      return insert(updates, context, args, args.update, 'update')
    }),
    [COMPACT_REDUCER]: defineReducer(
      { ...PLACE, checkpoint: t.bytes(), covers: t.array(t.text()).max(DOCUMENT_COVERS_MAX) },
      (context, args) => {
        const updates = updatesOf(tables, context, args)
        checkBytes(args, args.checkpoint, DOCUMENT_CHECKPOINT_BYTES_MAX)
        const covered = args.covers.filter((id) => {
          const found = updates.get(id)
          return found?.row === args.row && found.document === args.document && updates.delete(id)
        })
        if (covered.length === 0) return null
        return insert(updates, context, args, args.checkpoint, 'checkpoint')
      },
    ),
  }
}

/**
 * The table with the updates of a document.
 *
 * @throws UniverseError `document/not-found`, `table/row-not-found`.
 */
function updatesOf(tables: Tables, { db }: ReducerContext, place: Place): Updates {
  const { table, row, document } = place
  const documents = Object.hasOwn(tables, table) ? tables[table]?.definition.documents : undefined
  if (documents === undefined || !Object.hasOwn(documents, document)) {
    throw new UniverseError(
      'document/not-found',
      `the module has no document column "${table}.${document}"; check table, column and module version`,
      { details: { table, document } },
    )
  }
  if (db[table]?.get(row) === undefined) {
    throw new UniverseError(
      'table/row-not-found',
      `table "${table}" has no row "${row.slice(0, 64)}"; it may have been deleted`,
      { details: { table, id: row } },
    )
  }
  return db[documentTable(table)] as unknown as Updates
}

function checkBytes({ table, row, document }: Place, { length }: Uint8Array, max: number): void {
  if (length > 0 && length <= max) return
  const details = { table, row, document, bytes: length, bytesMax: max }
  const where = `document "${table}.${document}" of row "${row.slice(0, 64)}"`
  throw length === 0
    ? new UniverseError('document/invalid-update', `${where}: no bytes are no update`, { details })
    : new UniverseError(
        'document/too-large',
        `${where}: ${length} bytes are more than the ${max} that are kept; divide it`,
        { details },
      )
}

function insert(
  updates: Updates,
  { timestamp: created }: ReducerContext,
  { row, document }: Place,
  update: Uint8Array,
  kind: keyof typeof DOCUMENT_UPDATE_KINDS,
): string {
  return updates.insert({ row, document, update, kind: DOCUMENT_UPDATE_KINDS[kind], created }).id
}
