/** The hidden table that holds the updates of a table's documents. DOCUMENTS.md DC2. */
import { t } from './column.ts'
import { Table, type Tables, table } from './table.ts'

/** Name of the table that holds the updates of another's documents. */
export function documentTable(owner: string): string {
  return `${owner}_document`
}

/** Tables with the hidden ones that their documents need. Those given stay as they are. */
export function withDocumentTables<T extends Tables>(tables: T): T {
  const added: Record<string, Table<never>> = {}
  for (const owner of Object.keys(tables)) {
    if (tables[owner]?.definition.documents) added[documentTable(owner)] = updatesOf(owner)
  }
  // Order matters: an author's own table of such a name must stay, for `checkModule` to refuse it.
  return { ...added, ...tables }
}

/** Rows are never changed, only added and removed: what merging gives is their union. */
function updatesOf(documentsOf: string): Table<never> {
  const { definition } = table({
    id: t.id(),
    row: t.ref(documentsOf, { onDelete: 'cascade' }),
    // No enum: rows of a document that only a later version of the module has must fit as well.
    document: t.text(),
    update: t.bytes(),
    kind: t.int(),
    created: t.timestamp(),
  })
    .index('byDocument', ['row', 'document'])
    .appendOnly()
  return new Table({ ...definition, documentsOf })
}
