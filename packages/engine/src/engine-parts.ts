/** What an engine is wired of, as its methods use it. */
import type { StreamId } from '@inner-universe/core'
import type { CallFacts } from './call-scope.ts'
import type { EngineInfo } from './engine.ts'
import type { KvStore } from './kv/kv-store.ts'
import type { ReceiveParts } from './receive.ts'
import type { ReducerRunner } from './reducer-runner.ts'
import type { TransactionParts, Transactions } from './transaction.ts'

/** What an engine is wired of. */
export interface EngineParts {
  readonly info: EngineInfo
  readonly parts: TransactionParts & Omit<ReceiveParts, 'log'>
  readonly kv: KvStore
  readonly transactions: Transactions
  readonly runner: ReducerRunner
  /** Gives a call of the module's own its identity. */
  readonly systemCall: (call: SystemCall) => CallFacts
  /** A new stream's id. */
  readonly newStream: () => StreamId
}

/** What the part of an engine works with that exchanges deltas. */
export interface ReplicaParts extends EngineParts {
  readonly parts: TransactionParts & ReceiveParts
}

/** A call that no client made: lifecycle, timers. */
export type SystemCall = Omit<CallFacts, 'callId' | 'client' | 'callNumber'>
