/** A universe of the standard module for tests: the real engine over a database in memory. */

import {
  createRandom,
  formatCallId,
  type InputOfReducer,
  type ResultOfReducer,
  type Row,
  type UniverseError,
} from '@inner-universe/core'
import { type Call, type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type StandardReducers, standardModule } from '../module/standard-module.ts'
import type { StandardTables } from '../module/tables.ts'

/** The identity that makes the universe, and so owns it. */
export const OWNER = 'owner'

/** The reducers as synchronous functions of one identity. */
export type CallAs = {
  readonly [Name in keyof StandardReducers]: (
    args: InputOfReducer<StandardReducers[Name]>,
  ) => ResultOfReducer<StandardReducers[Name]>
}

/** The store, its clock and its callers. */
export interface TestStore {
  readonly engine: Engine
  /** Moves the clock. */
  readonly clock: { nowMs: number }
  /** The reducers as an identity calls them, over the connection given. */
  as(identity: string, connectionId?: string): CallAs
  /** All rows of a table, in primary-key order. */
  rows<Name extends keyof StandardTables & string>(table: Name): readonly Row[]
  /** Type, source and data of the events since the last look, oldest first. */
  newEvents(): readonly (readonly [string, string | null, unknown])[]
}

/** What a test may choose. */
export interface TestStoreOptions {
  /** A module with the standard tables and reducers. Default: the standard module. */
  readonly module?: unknown
  /** Replicas that meet must differ in it. */
  readonly seed?: number
}

/** Opens a new universe. The clock stands at 2024-01-01. */
export function openTestStore(options: TestStoreOptions = {}): TestStore {
  const { module = standardModule, seed = 7 } = options
  const clock = { nowMs: 1_704_067_200_000 }
  const random = createRandom(new Uint8Array([seed]))
  const engine = openEngine({
    driver: openNodeDatabase({ path: ':memory:', durability: 'process' }),
    module: module as never,
    now: () => clock.nowMs,
    randomBytes: (count) => random.bytes(count),
    identity: OWNER,
    stream: 'new',
    replication,
  })
  let callNumber = 0
  const seen = new Set<unknown>()

  const call = (reducer: string, args: unknown, sender: string, connectionId: string | null) => {
    callNumber += 1
    const one: Call = {
      callId: formatCallId(String(seed % 10).repeat(32) as never, callNumber),
      reducer,
      args,
      timestampMs: clock.nowMs,
      sender,
      connectionId,
      oldestPendingNumber: callNumber,
    }
    const [outcome] = engine.commit([one]).outcomes
    if (outcome === undefined) throw new Error('the engine gave no outcome')
    if (outcome.ok) return outcome.value
    throw outcome.error
  }

  return {
    engine,
    clock,
    as: (identity, connectionId) =>
      new Proxy({} as CallAs, {
        get: (_target, reducer) => (args: unknown) =>
          call(String(reducer), args, identity, connectionId ?? null),
      }),
    rows: (table) => engine.query({ table, orderBy: [] }),
    newEvents: () => {
      const rows = engine.query({ table: 'event_log', orderBy: [] })
      const fresh = rows.filter((row) => !seen.has(row.event_id))
      for (const row of fresh) seen.add(row.event_id)
      return fresh.map((row) => [row.event_type as string, row.source as string | null, row.data])
    },
  }
}

/** The error a call ends with; fails the test when it does not. */
export function errorOf(call: () => unknown): UniverseError {
  try {
    call()
  } catch (error) {
    return error as UniverseError
  }
  throw new Error('expected a refusal')
}
