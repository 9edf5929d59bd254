/** Versions: the entry of the part that a worker loads for modules that keep some. */
import { HISTORY_TABLES } from '@inner-universe/core'
import type { Engine, Past } from '@inner-universe/engine'
import { history } from '@inner-universe/engine/history'
import { compileRelation } from '@inner-universe/engine/relations'
import type { Arrival, HistoryRequest, PastRead, WorkerItem } from '../../rpc/contract.ts'
import { encodeColumns, encodeRows } from '../../rpc/row-transfer.ts'
import type { HistoryCode, HistoryQuestion } from '../history-part.ts'

/** Versions, for a worker and its engine. */
export const historyCode: HistoryCode = { history, answer }

function answer(question: HistoryQuestion, transfer: Transferable[]): WorkerItem {
  const { engine, id, request, identity } = question
  if (request.kind === 'past') {
    return answerPast(engine.history.past(request.version), id, request.read, transfer)
  }
  if (request.kind === 'draft' && request.read !== undefined) {
    const { version, calls, read } = request
    const readPast = (past: Past): WorkerItem => answerPast(past, id, read, transfer)
    return engine.history.evaluate(version, calls, readPast, identity).result
  }
  if (request.kind === 'export') {
    const value = engine.history.export(request.versions)
    transfer.push(value.buffer)
    return { kind: 'value', id, value }
  }
  return { kind: 'value', id, value: answerValue(question, request) }
}

function answerValue(
  { engine, identity }: HistoryQuestion,
  request: Exclude<HistoryRequest, { kind: 'past' | 'export' }>,
): unknown {
  const { history } = engine
  switch (request.kind) {
    case 'versions':
      return { versions: history.versions(), refs: history.refs() }
    case 'arrival':
      return arrivalOf(engine, request.version)
    case 'diff': {
      const { from, to, ...options } = request
      return history.diff(from, to, options)
    }
    case 'digest':
      return history.digest(request.version)
    case 'draft': {
      const { version, calls } = request
      const { values, differences } = history.evaluate(version, calls, undefined, identity)
      return { values, differences }
    }
  }
}

function answerPast(past: Past, id: number, read: PastRead, transfer: Transferable[]): WorkerItem {
  switch (read.kind) {
    case 'query':
      return { kind: 'rows', id, rows: encodeRows(past.query(read.query), transfer) }
    case 'relation': {
      const rows = past.queryRelation(read.relation, compileRelation)
      return { kind: 'rows', id, rows: encodeRows(rows, transfer) }
    }
    case 'sql':
      return { kind: 'rows', id, rows: encodeColumns(past.sql(read.text, read.params), transfer) }
    case 'count':
      return { kind: 'value', id, value: past.count(read.query) }
    case 'get':
      return { kind: 'value', id, value: past.get(read.table, read.id) }
  }
}

/** Of the content of which most is here. */
function arrivalOf(engine: Engine, version: string): Arrival {
  const { content, chunk } = HISTORY_TABLES
  const { columns } = engine.sql(
    `SELECT count(*), max(CASE WHEN k.seal IS NOT NULL THEN k.ordinal + 1 END)
     FROM ${content} c JOIN ${chunk} k ON k.content = c.id
     WHERE c.version = ?1 GROUP BY c.id ORDER BY 1 DESC LIMIT 1`,
    [version],
  )
  const [chunkCount = 0, chunkTotal] = columns.map(([value]) => value)
  return { chunkCount: Number(chunkCount), chunkTotal: Number(chunkTotal ?? 0) || undefined }
}
