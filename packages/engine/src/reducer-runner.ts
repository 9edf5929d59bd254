/**
 * Runs one reducer: arguments validated, context given, result checked. STORAGE.md TX1–TX4.
 *
 * The context is made of parts that live as long as the engine and look up the call under way, so a
 * call costs one small object; used after its reducer has returned, they refuse.
 */
import {
  canonicalJson,
  compileArguments,
  type Db,
  type Id,
  type Module,
  orderKeyBetween,
  type QueryValue,
  type Random,
  type Reducer,
  type ReducerContext,
  type Tables,
  UniverseError,
  type Validation,
  validateWithStandardSchema,
} from '@inner-universe/core'
import { type Driver, inSavepoint, tablesRead } from '@inner-universe/sqlite'
import type { CallScope } from './call-scope.ts'
import type { KvStore } from './kv/kv-store.ts'
import { reducerKv } from './kv/reducer-kv.ts'
import { readRows } from './raw-sql.ts'
import { currentCall, ReducerTable, type Session } from './table-access.ts'
import { VIEW_ROWS_PREFIX } from './view-tables.ts'

/** Deepest nesting of `ctx.call`: a reducer that calls itself for ever is stopped here. */
export const NESTED_CALLS_MAX = 64

/** Parts of a context that are the same for every call. */
type SharedContext = Pick<
  ReducerContext,
  'db' | 'owner' | 'random' | 'newId' | 'orderBetween' | 'sql' | 'kv' | 'call'
>

interface PreparedReducer {
  readonly reducer: Reducer<never, unknown>
  readonly validate: (args: unknown) => Validation<unknown>
}

/** Runs the reducers of one engine. */
export class ReducerRunner {
  readonly #session: Session
  readonly #driver: Driver
  readonly #kv: KvStore
  readonly #reducers: ReadonlyMap<string, PreparedReducer>
  readonly #shared: SharedContext
  readonly #hasViews: boolean
  /** Statements that were found to read no view. */
  readonly #statementsWithoutViews = new Set<string>()
  #depth = 0

  constructor(session: Session, driver: Driver, kv: KvStore, module: Module, owner: string) {
    this.#session = session
    this.#driver = driver
    this.#kv = kv
    this.#hasViews = Object.keys(module.views).length > 0
    this.#reducers = new Map(
      Object.entries(module.reducers).map(([name, reducer]) => [name, prepare(reducer)]),
    )
    this.#shared = this.#shareContext(owner)
  }

  /**
   * Runs a reducer of the module as the given call and gives its result as it was returned.
   *
   * @throws UniverseError `reducer/…`, and whatever the reducer throws.
   */
  run(call: CallScope, name: string, args: unknown): unknown {
    const { reducer, validate } = this.#find(name)
    const validation = validate(args)
    if (!validation.isValid) {
      const { issues } = validation
      const [first] = issues
      throw new UniverseError(
        'reducer/invalid-arguments',
        `arguments of "${name}": ${first?.path ?? ''}: ${first?.message ?? 'invalid'}${
          issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
        }; correct them`,
        { details: { reducer: name, issues } },
      )
    }
    return this.runFunction(call, (context) => reducer.run(context, validation.value as never))
  }

  /** Runs any function with a context: lifecycle reducers. */
  runFunction(call: CallScope, body: (context: ReducerContext) => unknown): unknown {
    const { facts } = call
    const { db, owner, random, newId, orderBetween, sql, kv, call: nest } = this.#shared
    const context: ReducerContext = {
      db,
      owner,
      random,
      newId,
      orderBetween,
      sql,
      kv,
      call: nest,
      timestamp: facts.timestampMs,
      sender: facts.sender,
      connectionId: facts.connectionId,
    }
    const outer = this.#session.call
    this.#session.call = call
    try {
      const result = body(context)
      if (isPromise(result)) {
        // Nobody waits for it: without this, its failure would be reported as unhandled.
        result.then(undefined, () => undefined)
        throw new UniverseError(
          'reducer/asynchronous',
          `reducer "${facts.reducer}" returned a promise; do asynchronous work before the call`,
          { details: { reducer: facts.reducer } },
        )
      }
      // A reducer that swallowed its time limit has still run past it.
      if (call.isExpired) call.checkTime()
      return result
    } finally {
      this.#session.call = outer
    }
  }

  /** What a delta keeps of a call's arguments: all for reducers of mode `recheck`, else nothing. */
  keptArguments(name: string, args: unknown): QueryValue | undefined {
    if (this.#find(name).reducer.mode !== 'recheck') return undefined
    // Also the check that they can be kept.
    return JSON.parse(
      canonicalJson(args ?? {}, { code: 'reducer/invalid-arguments' }),
    ) as QueryValue
  }

  #find(name: string): PreparedReducer {
    const prepared = this.#reducers.get(name)
    if (prepared !== undefined) return prepared
    throw new UniverseError(
      'reducer/unknown',
      `the module has no reducer "${name}"; check the name and the module version`,
      { details: { reducer: name } },
    )
  }

  #shareContext(owner: string): SharedContext {
    const session = this.#session
    const entries = [...session.reader.schema.values()].map(
      (table) => [table.name, new ReducerTable(session, table)] as const,
    )
    const random: Random = {
      next: () => currentCall(session).random.next(),
      integer: (min, max) => currentCall(session).random.integer(min, max),
      bytes: (count) => currentCall(session).random.bytes(count),
    }
    return {
      db: Object.fromEntries(entries) as unknown as Db<Tables>,
      owner,
      random,
      newId: <Table extends string>() => currentCall(session).newId() as Id<Table>,
      orderBetween: (before, after) => orderKeyBetween(before, after, random),
      sql: <Row>(sql: string, params?: readonly QueryValue[]) =>
        this.#sql(sql, params) as readonly Row[],
      kv: reducerKv(session, this.#kv),
      call: (name, args) => this.#nest(name, args),
    }
  }

  #sql(sql: string, params: readonly QueryValue[] | undefined): readonly unknown[] {
    const call = currentCall(this.#session)
    this.#driver.setDeadline(() => call.remainingMs < 0)
    try {
      if (this.#hasViews) this.#assertReadsNoView(sql)
      return readRows(this.#driver, sql, params)
    } catch (error) {
      call.checkTime()
      throw error
    } finally {
      this.#driver.setDeadline(undefined)
    }
  }

  /** Within a transaction views are as before it began: which calls share it must not matter. */
  #assertReadsNoView(sql: string): void {
    if (this.#statementsWithoutViews.has(sql)) return
    for (const table of tablesRead(this.#driver, sql)) {
      if (!table.startsWith(VIEW_ROWS_PREFIX)) continue
      throw new UniverseError(
        'query/invalid',
        `a reducer cannot read view "${table.slice(VIEW_ROWS_PREFIX.length)}", which follows only when the call is done; read its tables`,
      )
    }
    this.#statementsWithoutViews.add(sql)
  }

  #nest(name: string, args: unknown): unknown {
    const call = currentCall(this.#session)
    if (this.#depth >= NESTED_CALLS_MAX) {
      throw new UniverseError(
        'reducer/rejected',
        `reducers call each other more than ${NESTED_CALLS_MAX} deep; the last one is "${name}"`,
      )
    }
    this.#depth += 1
    try {
      // Order matters: file and memory are undone together, whoever catches the error further out.
      return inSavepoint(this.#driver, () =>
        call.scope.changes.undoable(() =>
          call.effects.undoable(() => this.run(call, name, args) as null),
        ),
      )
    } finally {
      this.#depth -= 1
    }
  }
}

function prepare(reducer: Reducer<never, unknown>): PreparedReducer {
  const { arguments: declared } = reducer
  if (declared.kind === 'columns') return { reducer, validate: compileArguments(declared.columns) }
  const { schema } = declared
  return { reducer, validate: (args) => validateWithStandardSchema(schema, args) }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
