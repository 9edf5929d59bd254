/** The hidden tables that hold the versions of a universe. engine/HISTORY.md HI2. */
import { t } from './column.ts'
import { HISTORY_TABLES } from './history-table-names.ts'
import { Table, type Tables, table } from './table.ts'

/** Tables with the hidden ones of state versions. Those given stay as they are. */
export function withHistoryTables<T extends Tables>(tables: T): T {
  const { version, content, chunk, ref } = HISTORY_TABLES
  // Order matters: an author's own table of such a name must stay, for `checkModule` to refuse it.
  return {
    [version]: hidden(
      table({
        id: t.key(),
        parents: t.array(t.text()),
        /** Null: the state of the universe itself. */
        branch: t.text().optional(),
        description: t.text(),
        author: t.text(),
        created: t.timestamp(),
        /** What of the log its author had read and written, for people: `epoch.offset.hash.stream.seq`. */
        cut: t.text(),
      }).appendOnly(),
    ),
    [content]: hidden(
      table({
        id: t.id(),
        version: t.ref(version, { onDelete: 'cascade' }),
        /** The version that the rows are the difference to; null: to nothing. */
        basis: t.text().optional(),
      }).appendOnly(),
    ),
    [chunk]: hidden(
      table({
        /** `<content>/<ordinal>` */
        id: t.key(),
        content: t.ref(content, { onDelete: 'cascade' }),
        ordinal: t.int(),
        /** `history-chunk.ts` */
        rows: t.bytes(),
        /** On the last chunk alone: the digest of the state. */
        seal: t.text().optional(),
      })
        .index('byOrdinal', ['content', 'ordinal'])
        .appendOnly(),
    ),
    [ref]: hidden(
      table({
        /** `branch:<name>` or `tag:<name>` */
        id: t.key(),
        version: t.text(),
      }),
    ),
    ...tables,
  }
}

function hidden({ definition }: { readonly definition: Table<never>['definition'] }): Table<never> {
  return new Table({ ...definition, isHistory: true })
}
