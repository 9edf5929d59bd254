/** The {@link Engine} itself: hands each method to the part that does it. */
import {
  type AdoptedDelta,
  type Hash,
  type KeptConflict,
  type QueryValue,
  type Relation,
  type Replica,
  type Row,
  type StreamId,
  type TableDefinitions,
  type TableQuery,
  UniverseError,
  type ViewState,
} from '@inner-universe/core'
import { tablesRead } from '@inner-universe/sqlite'
import type { CallFacts } from './call-scope.ts'
import { dismissConflicts, readConflicts } from './conflicts.ts'
import { forgetConnection, putConnection, readConnections } from './connections.ts'
import type {
  AdoptOptions,
  ApplyResult,
  Call,
  CarryOver,
  Commit,
  Connection,
  DeadRow,
  Engine,
  EngineInfo,
  LogSegment,
  StreamHead,
} from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import type { EngineHistory } from './history-contract.ts'
import type { HistoryPart } from './history-part.ts'
import { readColumns } from './raw-sql.ts'
import type { CompileRelation } from './relation-sql.ts'
import type { Replication, ReplicationPart } from './replication-part.ts'
import { nextTimerMs, runDueTimers } from './run-timers.ts'
import { definitionsOf, tableOf } from './schema.ts'
import { searchRows } from './search.ts'
import type { SqlResult } from './sql-result.ts'
import { hasUndoTables } from './undo-part.ts'
import { findFaults } from './verify.ts'

/** See {@link Engine}. */
export class UniverseEngine implements Engine {
  readonly info: EngineInfo
  readonly definitions: TableDefinitions
  readonly #wired: EngineParts
  readonly #part: ReplicationPart | undefined
  readonly #history: EngineHistory | undefined

  constructor(
    wired: EngineParts,
    replication: Replication | undefined,
    history: HistoryPart | undefined,
  ) {
    const { tables, views } = wired.parts
    this.info = wired.info
    this.definitions = views === undefined ? tables : { ...tables, ...definitionsOf(views.tables) }
    this.#wired = wired
    this.#part = replication?.create(wired, () => this.#open())
    this.#history = history?.connect(() => this.#open())
  }

  get replica(): Replica {
    return this.#replication().replica
  }

  get history(): EngineHistory {
    const { module } = this.#open().parts
    if (this.#history !== undefined) return this.#history
    throw new UniverseError(
      'history/not-configured',
      module.versions
        ? 'this engine was opened without `history`; give it that of engine/history'
        : `module "${module.name}" keeps no versions; declare \`versions: true\``,
    )
  }

  get kv(): Engine['kv'] {
    return this.#open().kv
  }

  get undo(): Engine['undo'] {
    const { parts, transactions } = this.#open()
    return {
      isUsed: () => hasUndoTables(parts.driver),
      state: (key) => transactions.undo.state(key),
      clear: (key) => void transactions.merge(() => transactions.undo.clear(key)),
    }
  }

  commit(calls: readonly Call[]): Commit {
    return this.#open().transactions.commit(calls)
  }

  connect(connection: Connection): Commit {
    const { parts, transactions, runner } = this.#open()
    const { driver } = parts
    const { lifecycle } = parts.module
    if (lifecycle.connected === undefined) {
      putConnection(driver, connection)
      return { outcomes: [], changeset: undefined }
    }
    const commit = transactions.commitOne(this.#facts('connected', connection), (call) => {
      const value = runner.runFunction(call, (context) => lifecycle.connected?.(context))
      putConnection(driver, connection)
      return value
    })
    const [outcome] = commit.outcomes
    if (outcome?.ok === false) throw outcome.error
    return commit
  }

  disconnect(connection: Connection): Commit {
    const { parts, transactions, runner } = this.#open()
    const { driver } = parts
    const { lifecycle } = parts.module
    if (lifecycle.disconnected === undefined) {
      forgetConnection(driver, connection)
      return { outcomes: [], changeset: undefined }
    }
    return transactions.commitOne(
      this.#facts('disconnected', connection),
      (call) => runner.runFunction(call, (context) => lifecycle.disconnected?.(context)),
      () => forgetConnection(driver, connection),
    )
  }

  connections(): readonly Connection[] {
    return readConnections(this.#open().parts.driver)
  }

  nextDueMs(): number | undefined {
    return nextTimerMs(this.#open().parts.driver)
  }

  runDue(nowMs: number): readonly Commit[] {
    return runDueTimers(this.#open(), nowMs)
  }

  query(query: TableQuery): readonly Row[] {
    const { reader, views } = this.#open().parts
    views?.assertReady([query.table])
    return reader.query(query)
  }

  queryRelation(relation: Relation, compile: CompileRelation): readonly Row[] {
    const { reader, views } = this.#open().parts
    return reader.queryCompiled(
      (schema) => compile(schema, relation),
      (tables) => views?.assertReady(tables),
    )
  }

  count(query: TableQuery): number {
    const { reader, views } = this.#open().parts
    views?.assertReady([query.table])
    return reader.count(query)
  }

  get(table: string, id: string): Row | undefined {
    const { reader } = this.#open().parts
    return reader.get(tableOf(reader.schema, table), id)
  }

  search(
    table: string,
    text: string,
    options: { readonly limit: number; readonly offset?: number },
  ): readonly Row[] {
    const { driver, reader } = this.#open().parts
    return searchRows(driver, reader, tableOf(reader.schema, table), text, options)
  }

  sql(text: string, params?: readonly QueryValue[]): SqlResult {
    const { driver, views } = this.#open().parts
    // Known only by asking SQLite, which is done while there is a view that cannot be read.
    if (views?.states().some(({ kind }) => kind !== 'ready')) {
      views.assertReady(this.tablesRead(text))
    }
    const { names, columns, rowCount } = readColumns(driver, text, params)
    return { columnNames: names, columns, rowCount }
  }

  tablesRead(text: string): ReadonlySet<string> {
    const { driver, reader, views } = this.#open().parts
    const tables = new Set<string>()
    for (const name of tablesRead(driver, text)) {
      const table = name.replace(/^_(rows|search|vrows)_/, '')
      if (reader.schema.has(table) || views?.tables.has(table)) tables.add(table)
    }
    return tables
  }

  apply(segments: readonly Uint8Array[]): ApplyResult {
    return this.#replication().apply(segments)
  }

  readLog(stream: StreamId, fromSeq: number, bytesMax: number): readonly LogSegment[] {
    return this.#replication().readLog(stream, fromSeq, bytesMax)
  }

  streamHeads(): readonly StreamHead[] {
    return this.#open().parts.log.heads()
  }

  unsyncedCount(): number {
    return this.#open().parts.log.unsyncedCount()
  }

  digest(): Hash {
    return this.#replication().digest()
  }

  carryOver(): CarryOver {
    // Nobody else could write the contents of versions that were named here.
    this.#history?.finishWriting()
    return this.#replication().carryOver()
  }

  adopt(
    carryOver: CarryOver,
    options: AdoptOptions,
  ): { readonly adopted: readonly AdoptedDelta[]; readonly conflicts: readonly KeptConflict[] } {
    return this.#replication().adopt(carryOver, options)
  }

  conflicts(): readonly KeptConflict[] {
    return readConflicts(this.#open().parts.driver)
  }

  dismissConflicts(conflictIds: readonly number[]): void {
    this.#open().transactions.merge(({ driver }) => dismissConflicts(driver, conflictIds))
  }

  dropLog(throughOffset: number, bytesMax: number): number {
    return this.#replication().dropLog(throughOffset, bytesMax)
  }

  deadRows(hlc: number): readonly DeadRow[] {
    return this.#replication().deadRows(hlc)
  }

  stripForImage(): void {
    this.#replication().stripForImage()
  }

  viewStates(): readonly ViewState[] {
    return this.#open().parts.views?.states() ?? []
  }

  explainView(view: string): unknown {
    return this.#open().parts.views?.explain(view)
  }

  fillViews(): boolean {
    return this.#open().transactions.fillViews()
  }

  verify(): readonly string[] {
    const { parts, transactions } = this.#open()
    const faults = findFaults(parts)
    if (faults.length > 0 || parts.views === undefined) return faults
    return transactions.verifyViews()
  }

  close(): void {
    this.#wired.parts.driver.close()
  }

  #facts(event: 'connected' | 'disconnected', connection: Connection): CallFacts {
    const { parts, systemCall } = this.#open()
    return systemCall({
      reducer: event,
      timestampMs: Math.floor(parts.now()),
      sender: connection.identity,
      connectionId: connection.connectionId,
    })
  }

  #replication(): ReplicationPart {
    if (this.#part === undefined) {
      throw new UniverseError(
        'sync/not-configured',
        'this engine was opened without `replication`; give it that of engine/replication',
      )
    }
    return this.#part
  }

  #open(): EngineParts {
    if (!this.#wired.parts.driver.isOpen) {
      throw new UniverseError('engine/closed', 'the universe was closed; open it again')
    }
    return this.#wired
  }
}
