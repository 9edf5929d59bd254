/** An engine for tests: in memory, with a clock and randomness the test holds. */
import {
  type CallId,
  createClientId,
  createRandom,
  documentReducers,
  formatCallId,
  type Module,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { Call, CallOutcome, Engine } from '../engine.ts'
import type { EngineOptions } from '../engine-options.ts'
import { openEngine } from '../open-any.ts'
import { replication } from '../replication.ts'
import { undo } from '../undo/engine-undo.ts'

/** 2026-01-01T00:00:00Z. */
export const TEST_START_MS = 1_767_225_600_000

/** An open engine and what the test steers it with. */
export interface TestEngine {
  readonly engine: Engine
  readonly driver: Driver
  /** Wall time, moved by the test. */
  nowMs: number
  /** Calls reducers, each with a new call number, as one group. */
  commit(...calls: readonly (readonly [reducer: string, args?: unknown])[]): CallOutcome[]
  /** Calls one reducer and gives its result; throws its error. */
  call(reducer: string, args?: unknown): unknown
  /** The call that `commit` would make, with the next call number. */
  nextCall(reducer: string, args?: unknown, part?: Partial<Call>): Call
}

/** What tests open engines with. */
export interface TestEngineOptions extends Partial<EngineOptions> {
  readonly seed?: number
  /** False: without the code that exchanges deltas. Default true. */
  readonly isReplicated?: boolean
}

/** Opens an engine on a driver, by default a new one in memory. */
export function openTestEngine(module: Module, options: TestEngineOptions = {}): TestEngine {
  const random = createRandom(new Uint8Array([options.seed ?? 1]))
  const driver = options.driver ?? openNodeDatabase({ path: ':memory:', durability: 'process' })
  const client = createClientId((count) => random.bytes(count))
  let callNumber = 0
  const clock = { nowMs: TEST_START_MS }
  const engine = openEngine({
    driver,
    module,
    now: () => clock.nowMs,
    randomBytes: (count) => random.bytes(count),
    identity: 'owner',
    stream: 'continue',
    ...(options.isReplicated !== false && { replication }),
    undo: () => undo,
    documents: documentReducers,
    ...options,
  })
  const test: TestEngine = {
    get nowMs() {
      return clock.nowMs
    },
    set nowMs(nowMs) {
      clock.nowMs = nowMs
    },
    driver,
    engine,
    commit: (...calls) => [
      ...test.engine.commit(calls.map(([reducer, args]) => test.nextCall(reducer, args))).outcomes,
    ],
    call(reducer, args) {
      const [outcome] = test.commit([reducer, args])
      if (outcome?.ok) return outcome.value
      throw outcome?.error ?? new UniverseError('reducer/rejected', 'no outcome')
    },
    nextCall(reducer, args, part) {
      callNumber += 1
      const callId: CallId = formatCallId(client, callNumber)
      return {
        callId,
        reducer,
        args,
        timestampMs: test.nowMs,
        sender: 'alice',
        connectionId: 'c1',
        oldestPendingNumber: callNumber,
        ...part,
      }
    },
  }
  return test
}
