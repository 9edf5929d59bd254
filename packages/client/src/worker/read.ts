/** One read, answered by the engine; key-value entries are written this way too. */
import type { Engine } from '@inner-universe/engine'
import type { HistoryRead, Read, UndoRead, WorkerItem } from '../rpc/contract.ts'
import { encodeColumns, encodeRows } from '../rpc/row-transfer.ts'

/** Reads that need no code of live queries and no client. */
export type PlainRead = Exclude<Read, UndoRead | HistoryRead | { kind: 'explain' | 'relation' }>

/**
 * The answer to a read. Pushes memory that is handed over to `transfer`.
 *
 * @throws UniverseError what the engine says of a wrong query, table or SQL text.
 */
export function answerRead(
  engine: Engine,
  id: number,
  read: PlainRead,
  transfer: Transferable[],
): WorkerItem {
  switch (read.kind) {
    case 'query':
      return { kind: 'rows', id, rows: encodeRows(engine.query(read.query), transfer) }
    case 'count':
      return { kind: 'value', id, value: engine.count(read.query) }
    case 'get':
      return { kind: 'value', id, value: engine.get(read.table, read.id) }
    case 'search': {
      const { table, text, limit, offset } = read
      return {
        kind: 'rows',
        id,
        rows: encodeRows(engine.search(table, text, { limit, offset }), transfer),
      }
    }
    case 'sql':
      return { kind: 'rows', id, rows: encodeColumns(engine.sql(read.text, read.params), transfer) }
    case 'kv-get':
      return { kind: 'value', id, value: engine.kv.get(read.category, read.key) }
    case 'kv-count':
      return { kind: 'value', id, value: engine.kv.count(read.category, read) }
    case 'kv-scan':
      return { kind: 'value', id, value: engine.kv.scan(read.category, read, read) }
    case 'kv-write':
      return { kind: 'value', id, value: engine.kv.batch(read.operations) }
  }
}
