/** What all rooms and connections of one relay share. */
import { type Epoch, type HashFunction, hashOf, UniverseError } from '@inner-universe/core'
import {
  CLOCK_AHEAD_MS_MAX,
  DEFAULT_LIMITS,
  HELLO_TIMEOUT_MS,
  RELAY_SILENCE_MS,
} from '../limits.ts'
import type { Scheduler } from '../transport.ts'
import { CommitQueue } from './commit-queue.ts'
import type { LogStore } from './log-store.ts'
import type {
  Policy,
  RelayCounters,
  RelayEvent,
  RelayLimits,
  RelaySideOptions,
  SessionLimits,
  TokenClaims,
} from './relay-options.ts'

const GIBIBYTE = 1024 ** 3
const DAY_MS = 86_400_000

/** A universe of a busy team for years; a disk holds a few. */
const UNIVERSE_BYTES_MAX = 10 * GIBIBYTE

const SESSION_LIMITS: SessionLimits = {
  helloTimeoutMs: HELLO_TIMEOUT_MS,
  silenceMs: RELAY_SILENCE_MS,
  // A full window acknowledged every 10 ms is 3200 pushes.
  messagesPerSecond: 5000,
  // What a disk takes while others want it too.
  pushBytesPerSecond: 32 * 1024 * 1024,
  channelsMax: 64,
  unauthenticatedMax: 1000,
}

/** The options with their defaults, and what belongs to the whole relay. */
export interface RelayContext {
  readonly store: LogStore
  readonly scheduler: Scheduler
  readonly inflate: RelaySideOptions['inflate']
  readonly hash: HashFunction
  readonly policy: Policy | undefined
  readonly limits: RelayLimits
  readonly sessionLimits: SessionLimits
  readonly repairMs: number
  readonly counters: RelayCounters
  readonly commits: CommitQueue
  readonly verifyToken: (token: string) => Promise<TokenClaims>
  readonly randomHex: (byteCount: number) => string
  readonly newEpoch: () => Epoch
  readonly emit: (event: RelayEvent) => void
  /** Tells of an append. */
  readonly appended: (universe: string, head: number) => void
}

/** Fills in what the options leave out. */
export function createRelayContext(
  options: RelaySideOptions,
  appended: (universe: string, head: number) => void,
): RelayContext {
  const { store, scheduler, randomHex } = options
  return {
    store,
    scheduler,
    inflate: options.inflate,
    hash: options.hash ?? hashOf,
    policy: options.policy,
    limits: {
      ...DEFAULT_LIMITS,
      universeBytesMax: UNIVERSE_BYTES_MAX,
      clockAheadMsMax: CLOCK_AHEAD_MS_MAX,
      ...options.limits,
    },
    sessionLimits: { ...SESSION_LIMITS, ...options.sessionLimits },
    repairMs: options.repairMs ?? DAY_MS,
    counters: {
      connections: 0,
      sessions: 0,
      channels: 0,
      universes: 0,
      batchesIn: 0,
      deltasIn: 0,
      batchesAgain: 0,
      nacks: 0,
      commits: 0,
      commitsFailed: 0,
      deliveries: 0,
      bytesIn: 0,
      bytesOut: 0,
    },
    commits: new CommitQueue(store, scheduler, options.commitWindowMs ?? 0),
    verifyToken: (token) => options.verifyToken(token, scheduler.now()),
    randomHex,
    newEpoch: () => randomHex(8) as Epoch,
    emit: options.onEvent ?? (() => undefined),
    appended,
  }
}

/** Why an unexpected failure of the store ends what depends on it. */
export function describeFailure(error: unknown): string {
  return error instanceof UniverseError ? error.code : 'an unexpected error'
}
