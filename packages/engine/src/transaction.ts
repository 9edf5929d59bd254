/**
 * Write transactions: calls in groups, lifecycle and scheduled reducers, deltas from elsewhere.
 * STORAGE.md TX1–TX15.
 *
 * A group's calls run one after the other in one SQLite transaction. A savepoint around each would
 * cost 2–5 µs, a third of an insert, to be ready for what hardly ever happens: a reducer that fails
 * *after* it has written. So the first such failure undoes the whole group and runs it again, from then
 * on with a savepoint around that reducer (reducers are deterministic). A call that fails before it
 * writes needs no undoing at all.
 */
import {
  type Changeset,
  type HlcClock,
  type Module,
  type Origin,
  parseCallId,
  type SegmentEntry,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import { type Driver, inSavepoint } from '@inner-universe/sqlite'
import { callError, isStorageError } from './call-error.ts'
import { CallLog, type CallTransaction, type IdentifiedCall } from './call-log.ts'
import { type CallClock, type CallFacts, CallScope } from './call-scope.ts'
import { Changes } from './changes.ts'
import type { Authoring, DeltaLog, LogTransaction } from './delta-log.ts'
import type { Call, CallOutcome, CallUndo, Commit } from './engine.ts'
import type { HistoryStep } from './history-step.ts'
import { operationsOf } from './operations.ts'
import { copyResult } from './plain-value.ts'
import type { ReducerRunner } from './reducer-runner.ts'
import type { RowStore } from './row-store.ts'
import type { Streams } from './streams.ts'
import type { SyncState } from './sync-state.ts'
import type { TableReader } from './table-reader.ts'
import type { Undo, UndoPart } from './undo-part.ts'
import type { ViewsPart } from './views-part.ts'
import type { WriteScope } from './write-scope.ts'

/** What transactions work with; lives as long as the engine. */
export interface TransactionParts {
  readonly driver: Driver
  readonly module: Module
  readonly reader: TableReader
  readonly rows: RowStore
  readonly streams: Streams
  readonly log: DeltaLog
  readonly clock: HlcClock
  readonly sync: SyncState
  readonly views: ViewsPart | undefined
  readonly history: HistoryStep | undefined
  readonly undo: () => Undo | undefined
  readonly now: () => number
  readonly reducerMsMax: number
}

/** Thrown to undo a group and run it again with more savepoints. */
class RunAgain extends Error {}

/** One open transaction. */
interface OpenTransaction {
  readonly scope: WriteScope
  readonly log: LogTransaction
  readonly calls: CallTransaction
  readonly clock: CallClock
}

/** Authors deltas in an open transaction. */
export interface Author {
  readonly scope: WriteScope
  /** Appends a delta whose effects were merged already; gives its seq. */
  append(entry: SegmentEntry, authoring: Authoring): number
  /** Runs a reducer anew; gives the seq of its delta, or undefined when it left none. */
  run(facts: CallFacts, args: unknown, origin: Origin): number | undefined
}

/** What a call left. */
interface Ran {
  readonly value: unknown
  readonly seq: number | undefined
}

/** Runs write transactions, one at a time. */
export class Transactions {
  readonly #parts: TransactionParts
  readonly #runner: ReducerRunner
  readonly #callLog: CallLog
  /** Reducers that have failed after writing: they get a savepoint. */
  readonly #guarded = new Set<string>()
  #changesetCount = 0
  #undoPart: UndoPart | undefined

  constructor(parts: TransactionParts, runner: ReducerRunner) {
    this.#parts = parts
    this.#runner = runner
    this.#callLog = new CallLog(parts.driver)
  }

  /** @throws UniverseError `undo/not-configured` while its code is not there. */
  get undo(): UndoPart {
    this.#undoPart ??= this.#parts.undo()?.create(this.#parts)
    if (this.#undoPart !== undefined) return this.#undoPart
    throw new UniverseError(
      'undo/not-configured',
      'what undoes was not given to this engine, or could not be loaded; try again when the app is online',
    )
  }

  /** Runs a group of calls; see {@link Engine.commit}. */
  commit(calls: readonly Call[]): Commit {
    if (calls.length === 0) return { outcomes: [], changeset: undefined }
    for (;;) {
      try {
        return this.#group(calls)
      } catch (error) {
        if (error instanceof RunAgain) continue
        if (!isStorageError(error)) throw error
        const outcomes = calls.map(
          ({ callId }): CallOutcome => ({ callId, ok: false, error, isRepeated: false }),
        )
        return { outcomes, changeset: undefined }
      }
    }
  }

  /**
   * Runs `body` as a call of its own in a transaction of its own; if it throws, nothing remains.
   * `after` runs in the same transaction in either case.
   */
  commitOne(
    facts: CallFacts,
    body: (call: CallScope) => unknown,
    after?: (scope: WriteScope) => void,
  ): Commit {
    const failed = this.#tryOne(facts, body, after)
    if (!(failed instanceof UniverseError)) return failed
    const { changeset } =
      after === undefined ? {} : this.#transact(({ scope }) => after(scope), 'local')
    const outcome = { callId: facts.callId, ok: false, error: failed, isRepeated: false } as const
    return { outcomes: [outcome as CallOutcome], changeset }
  }

  /** Runs `body` in a transaction that is no call: merging what came from elsewhere. */
  merge<T>(body: (scope: WriteScope) => T): { result: T; changeset: Changeset | undefined } {
    return this.#transact(({ scope }) => body({ ...scope, lostClaims: new Map() }), 'remote')
  }

  /** Runs `body` in a transaction that also authors deltas without being called: taking over. */
  author<T>(body: (author: Author) => T): { result: T; changeset: Changeset | undefined } {
    // Answers may be taken over: what is remembered of them is read anew.
    this.#callLog.forget()
    return this.#transact((transaction) => {
      const { log } = transaction
      return body({
        scope: { ...transaction.scope, lostClaims: new Map() },
        append: (entry, authoring) => log.append(entry, authoring),
        run: (facts, args, origin) => {
          const call = this.#scopeOf(transaction, facts)
          const run = () => this.#runner.run(call, facts.reducer, args)
          return this.#runAndLog(transaction, call, run, { facts, args }, origin).seq
        },
      })
    }, 'remote')
  }

  /** Runs `body` as a call inside the transaction the caller has open: creation, with `init` in it. */
  runWithin(facts: CallFacts, body: (call: CallScope) => unknown): void {
    const transaction = this.#begin(new Changes())
    const call = this.#scopeOf(transaction, facts)
    this.#runAndLog(transaction, call, () => body(call), undefined)
    transaction.log.finish()
  }

  /** Runs `body` inside the transaction the caller has open: migration. Views are not told. */
  writeWithin(body: (scope: WriteScope) => void): void {
    const changes = new Changes()
    body(this.#begin(changes).scope)
    this.#parts.history?.step(changes)
  }

  /** Fills a slice of views in a transaction of its own; false when all are filled. */
  fillViews(): boolean {
    const { views } = this.#parts
    return views !== undefined && this.#transact(() => views.fill(), 'local').result
  }

  /** Computes views anew and compares them, in a transaction of its own, as faulty ones are begun anew. */
  verifyViews(): readonly string[] {
    const { views } = this.#parts
    return views === undefined ? [] : this.#transact(() => views.verify(), 'local').result
  }

  /** Deletes answers nobody waits for any more. */
  deleteOldAnswers(): void {
    this.#callLog.deleteOld(this.#parts.now())
  }

  #group(calls: readonly Call[]): Commit {
    const { result, changeset } = this.#transact(
      (transaction) => calls.map((call) => this.#answer(transaction, call)),
      'local',
    )
    return { outcomes: result, changeset }
  }

  #tryOne(
    facts: CallFacts,
    body: (call: CallScope) => unknown,
    after: ((scope: WriteScope) => void) | undefined,
  ): Commit | UniverseError {
    try {
      const { result, changeset } = this.#transact((transaction) => {
        const call = this.#scopeOf(transaction, facts)
        const ran = this.#runAndLog(transaction, call, () => body(call), undefined)
        after?.(transaction.scope)
        return this.#outcomeOf(facts, ran)
      }, 'local')
      return { outcomes: [result], changeset }
    } catch (error) {
      if (isStorageError(error)) throw error
      return callError(error, facts.reducer)
    }
  }

  /** Begins, runs, writes log and answers, commits. Whatever fails, file and memory are as before. */
  #transact<T>(
    body: (transaction: OpenTransaction) => T,
    origin: Changeset['origin'],
  ): { result: T; changeset: Changeset | undefined } {
    const { driver, reader, views, history, now } = this.#parts
    driver.prepare('BEGIN IMMEDIATE').run()
    try {
      const changes = new Changes()
      const transaction = this.#begin(changes)
      const result = body(transaction)
      transaction.log.finish()
      transaction.calls.finish(now())
      views?.step(changes)
      history?.step(changes)
      driver.prepare('COMMIT').run()
      const changeset = changes.changeset(this.#changesetCount + 1, origin, reader.codecs)
      if (changeset !== undefined) this.#changesetCount += 1
      return { result, changeset }
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  #begin(changes: Changes): OpenTransaction {
    const { driver, reader, rows, streams, log, sync, clock, now, reducerMsMax } = this.#parts
    const own = streams.writing
    return {
      scope: { driver, schema: reader.schema, rows, streams, changes },
      log: log.begin(own, sync.base),
      calls: this.#callLog.begin(),
      clock: {
        nextHlc: () => clock.send(),
        streamIndex: own.index,
        now,
        limitMs: reducerMsMax,
      },
    }
  }

  #undo(): void {
    const { driver, streams, sync, views, history } = this.#parts
    if (!driver.isOpen) return
    if (driver.isInTransaction) driver.prepare('ROLLBACK').run()
    views?.rollBack()
    history?.rollBack()
    this.#callLog.forget()
    streams.reload()
    sync.reload()
  }

  #answer(transaction: OpenTransaction, call: Call): CallOutcome {
    const { callId, reducer } = call
    let identified: IdentifiedCall
    try {
      const { client, callNumber } = parseCallId(callId)
      identified = {
        callId,
        client,
        callNumber,
        reducer,
        args: call.args,
        timestampMs: call.timestampMs,
        sender: call.sender,
        connectionId: call.connectionId,
        oldestPendingNumber: call.oldestPendingNumber,
        undo: call.undo,
      }
      const before = transaction.calls.find(identified)
      if (before !== undefined) return this.#repeated(before)
    } catch (error) {
      // A malformed or forgotten call id: nothing runs, and nothing is remembered.
      if (isStorageError(error)) throw error
      return { callId, ok: false, error: callError(error, reducer), isRepeated: false }
    }
    const outcome = this.#runCall(transaction, identified)
    transaction.calls.add(identified, outcome)
    return outcome
  }

  #runCall(transaction: OpenTransaction, call: IdentifiedCall): CallOutcome {
    const { driver } = this.#parts
    const { callId, reducer } = call
    const scope = this.#scopeOf(transaction, call)
    const body = () => this.#runner.run(scope, reducer, call.args)
    const given = { facts: call, args: call.args }
    const run = () =>
      call.undo === undefined
        ? this.#runAndLog(transaction, scope, body, given)
        : this.#runWithUndo(transaction, scope, call.undo, () =>
            this.#runAndLog(transaction, scope, body, given),
          )
    const isGuarded = this.#guarded.has(reducer)
    try {
      const ran = isGuarded
        ? inSavepoint(driver, () => transaction.scope.changes.undoable(run))
        : run()
      return this.#outcomeOf(call, ran)
    } catch (error) {
      // A full disk concerns the whole group, and SQLite may have given the transaction up.
      if (isStorageError(error) || !driver.isInTransaction) throw error
      const failure = callError(error, reducer)
      if (!isGuarded && scope.hasWritten) {
        this.#guarded.add(reducer)
        throw new RunAgain()
      }
      return { callId, ok: false, error: failure, isRepeated: false }
    }
  }

  #runAndLog(
    { log }: OpenTransaction,
    call: CallScope,
    body: () => unknown,
    given: { readonly facts: CallFacts; readonly args: unknown } | undefined,
    origin?: Origin,
  ): Ran {
    const { facts, effects } = call
    const value = copyResult(body())
    const written = operationsOf(effects)
    const operations = call.merged.length === 0 ? written : written.concat(call.merged)
    if (operations.length === 0) return { value, seq: undefined }
    const args = given && this.#runner.keptArguments(facts.reducer, given.args)
    const entry = { hlc: call.stamp.hlc, reducer: facts.reducer, operations }
    if (args === undefined) return { value, seq: log.append(entry, origin && { origin }) }
    const { callId, sender, timestampMs } = facts
    const authoring = { origin, call: { callId, sender, timestampMs } }
    return { value, seq: log.append({ ...entry, args }, authoring) }
  }

  /** A call that is recorded, or that undoes; then nothing is run. UNDO.md UN1, UN8. */
  #runWithUndo({ log }: OpenTransaction, call: CallScope, undo: CallUndo, run: () => Ran): Ran {
    if (undo.kind === 'record') return this.undo.record(call, undo, run)
    const { result, operations } = this.undo.turn(call, undo)
    if (operations.length === 0) return { value: result, seq: undefined }
    const entry = { hlc: call.stamp.hlc, reducer: undo.kind, operations }
    return { value: result, seq: log.append(entry) }
  }

  #outcomeOf({ callId }: Pick<CallFacts, 'callId'>, { value, seq }: Ran): CallOutcome {
    const delta = seq === undefined ? undefined : { stream: this.#parts.streams.writing.id, seq }
    return { callId, ok: true, value, isRepeated: false, delta }
  }

  /** What a call left was in the log when its answer was stored: the last delta is no earlier. */
  #repeated(outcome: CallOutcome): CallOutcome {
    if (!outcome.ok || outcome.delta !== undefined) return outcome
    const delta: StreamSeq | undefined = this.#parts.streams.lastWritten()
    return { ...outcome, delta }
  }

  #scopeOf({ scope, clock }: OpenTransaction, facts: CallFacts): CallScope {
    return new CallScope(scope, facts, clock)
  }
}
