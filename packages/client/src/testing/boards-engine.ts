/** An engine over the module with declared views, for tests: its clock, its faults, its calls. */
import {
  canonicalJson,
  createClientId,
  createRandom,
  formatCallId,
  type Module,
} from '@inner-universe/core'
import { type Commit, type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { declaredViews } from '../worker/declared-views.ts'
import { BOARD_VIEWS_SQL, boards } from './boards.ts'

/** A call by name and arguments. */
export type BoardCall = readonly [reducer: keyof typeof boards.reducers, args: object]

/** An open engine and what a test does with it. */
export interface BoardsEngine {
  readonly engine: Engine
  readonly driver: Driver
  readonly faults: readonly unknown[]
  /** Runs calls as one group. */
  commit(...calls: readonly BoardCall[]): Commit
  /** Rows of a view and those of its definition over the tables, both as sorted text. */
  compare(view: string): { readonly kept: readonly string[]; readonly computed: readonly string[] }
}

/** What differs from a new universe in memory. */
export interface BoardsOptions {
  readonly driver?: Driver
  readonly module?: unknown
  readonly seed?: number
  /** Milliseconds that pass between two looks at the clock. Default 0: everything is filled at once. */
  readonly tickMs?: number
}

/** Opens one. Closing is left to the test: several engines may use one driver, one after the other. */
export function openBoards(options: BoardsOptions = {}): BoardsEngine {
  const driver = options.driver ?? openNodeDatabase({ path: ':memory:', durability: 'process' })
  const random = createRandom(new Uint8Array([options.seed ?? 1]))
  const randomBytes = (count: number): Uint8Array => random.bytes(count)
  const faults: unknown[] = []
  const { tickMs = 0 } = options
  let nowMs = 0
  const views = declaredViews({
    now: () => {
      nowMs += tickMs
      return nowMs
    },
    onFault: (error) => faults.push(error),
  })
  const engine = openEngine({
    driver,
    module: (options.module ?? boards) as Module,
    now: () => 1_800_000_000_000,
    randomBytes,
    identity: 'owner',
    stream: 'new',
    replication,
    views,
  })
  const client = createClientId(randomBytes)
  let callNumber = 0
  const rowsOf = (sql: string): string[] => {
    const { columnNames, columns, rowCount } = engine.sql(sql)
    return Array.from({ length: rowCount }, (_, at) =>
      canonicalJson(Object.fromEntries(columnNames.map((name, n) => [name, columns[n]?.[at]]))),
    ).sort()
  }
  return {
    engine,
    driver,
    faults,
    commit: (...calls) =>
      engine.commit(
        calls.map(([reducer, args]) => {
          callNumber += 1
          return {
            callId: formatCallId(client, callNumber),
            reducer,
            args,
            timestampMs: 0,
            sender: 'ada',
            connectionId: null,
            oldestPendingNumber: callNumber,
          }
        }),
      ),
    compare: (view) => ({
      kept: rowsOf(`SELECT * FROM ${view}`),
      computed: rowsOf(BOARD_VIEWS_SQL[view as keyof typeof BOARD_VIEWS_SQL]),
    }),
  }
}

/** The names of the module's views. */
export const BOARD_VIEWS: readonly string[] = Object.keys(BOARD_VIEWS_SQL)
