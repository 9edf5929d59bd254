/** Documents as they were in a version. Loaded, with Yjs, when the first is asked for. */
import { type Condition, type Module, type Row, UniverseError } from '@inner-universe/core'
import {
  type DocumentAddress,
  type OpenDocument,
  readDocument,
  type StoredUpdate,
} from '@inner-universe/documents'
import type { PastRead } from '../rpc/contract.ts'

/**
 * A copy of a document, of the rows that its hidden table had.
 *
 * @throws UniverseError `document/not-found`, `table/row-not-found`.
 */
export async function readPastDocument(
  module: Module,
  { table, row, document }: DocumentAddress,
  read: (read: PastRead) => Promise<unknown>,
): Promise<OpenDocument['doc']> {
  const tables = Object.entries(module.tables)
  const hidden = tables.find(([, { definition }]) => definition.documentsOf === table)?.[0]
  const documents = module.tables[table]?.definition.documents
  if (hidden === undefined || !Object.hasOwn(documents ?? {}, document)) {
    throw new UniverseError(
      'document/not-found',
      `module "${module.name}" has no document column "${table}.${document}"`,
      { details: { table, document } },
    )
  }
  const query = {
    table: hidden,
    where: { kind: 'and', of: [equal('row', row), equal('document', document)] } as const,
    orderBy: [{ column: 'id', direction: 'asc' as const }],
  }
  const rows = (await read({ kind: 'query', query })) as readonly Row[]
  // Updates go with their row: only where there are none may it not have been there.
  if (rows.length === 0 && (await read({ kind: 'get', table, id: row })) === undefined) {
    throw new UniverseError(
      'table/row-not-found',
      `table "${table}" had no row "${row}" to read a document of`,
      { details: { table, id: row } },
    )
  }
  return readDocument(rows as unknown as readonly StoredUpdate[])
}

function equal(column: string, value: string): Condition {
  return { kind: 'compare', column, operator: 'eq', value }
}
