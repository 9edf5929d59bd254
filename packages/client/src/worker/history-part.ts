/**
 * The seam between a host and what answers reads of versions, which is loaded only for modules that keep
 * some, before their engine is opened.
 */
import { type Module, UniverseError } from '@inner-universe/core'
import type { Engine, History } from '@inner-universe/engine'
import type { HistoryRead, HistoryRequest, WorkerItem } from '../rpc/contract.ts'
import { HISTORY_STATES } from '../rpc/history-states.ts'
import type { HostClient } from './host-client.ts'

/** The code of versions. */
export interface HistoryCode {
  /** For the engine. */
  readonly history: History
  readonly answer: AnswerHistory
}

/**
 * The answer to a request of a page. Pushes memory that is handed over to `transfer`.
 *
 * @throws UniverseError `history/…`, and what the engine says of a wrong query.
 */
export type AnswerHistory = (asked: HistoryQuestion, transfer: Transferable[]) => WorkerItem

/** A request of a page, and who asks. */
export interface HistoryQuestion {
  readonly engine: Engine
  /** Of the read. */
  readonly id: number
  readonly request: HistoryRequest
  /** Of the client. */
  readonly identity: string
}

/** Whether a read is of versions. */
export function isHistoryRead(read: { readonly kind: string }): read is HistoryRead {
  return read.kind === 'history'
}

/** Answers where there are no versions. @throws UniverseError `history/not-configured`. */
export function noHistory({ name }: Module): AnswerHistory {
  return () => {
    throw new UniverseError(
      'history/not-configured',
      `module "${name}" keeps no versions; define it with \`versions: true\``,
    )
  }
}

/** Tells all that watch that versions may have come further. */
export function tellHistory(clients: Iterable<HostClient>): void {
  const changes = [{ table: HISTORY_STATES, id: '', before: undefined, after: undefined }]
  for (const client of clients) {
    if (!client.watched.has(HISTORY_STATES)) continue
    client.post({ kind: 'changes', origin: 'local', changes })
  }
}
