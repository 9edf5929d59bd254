/**
 * A subscription at work: its row says what to run and whether, this runs it.
 *
 *     Active ⇄ Paused        the query is run live, or not
 *     either → Cancelled     for good
 *
 * The status is read from the row, so that another tab (or `updateSubscriptionStatus`) can pause it.
 */
import type { LivePatch, LiveState } from '@inner-universe/client'
import { subscriptionNotFound } from './module/refusal.ts'
import { subscriptionSql } from './module/subscriptions.ts'
import type { SubscriptionRow, SubscriptionStatus } from './module/tables.ts'
import { subscribeChanges } from './row-changes.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** A row of a subscription's query, values as SQLite stores them. */
export type SubscriptionResult = Readonly<Record<string, unknown>>

/** Told of every state of the query's result. */
export type SubscriptionListener = (
  state: LiveState<SubscriptionResult>,
  patch: LivePatch<SubscriptionResult> | undefined,
) => void

/** A subscription of this identity, run in this client. */
export interface StandingSubscription {
  readonly id: string
  readonly query: string
  /** As the row says; `Cancelled` also when the row is gone. */
  readonly status: SubscriptionStatus
  /** True while results come. */
  readonly isActive: boolean
  /** True once nothing more will come: cancelled, deleted or unsubscribed. */
  readonly isEnded: boolean
  pause(): Promise<void>
  resume(): Promise<void>
  cancel(): Promise<void>
  /** Stops listening in this client; the row stays as it is. Idempotent. */
  unsubscribe(): void
  /** Stops listening and then calls back. */
  unsubscribeThen(callback: () => void): void
}

/** Begins to run a subscription that is there. @throws UniverseError `universe/subscription-not-found`. */
export async function attachSubscription(
  universe: StandardUniverse,
  id: string,
  listener: SubscriptionListener,
): Promise<StandingSubscription> {
  const { identity } = universe
  let row: SubscriptionRow | undefined
  let isDetached = false
  let stopQuery: (() => void) | undefined

  const follow = (next: SubscriptionRow | undefined): void => {
    row = next
    const wanted = !isDetached && next?.status === 'Active'
    if (wanted && stopQuery === undefined) {
      const live = universe.liveSql<SubscriptionResult>(subscriptionSql(next.query))
      stopQuery = live.subscribe(listener)
    } else if (!wanted && stopQuery !== undefined) {
      stopQuery()
      stopQuery = undefined
    }
  }
  const detach = (): void => {
    isDetached = true
    stopListening()
    follow(row)
  }
  // Order matters: listening begins before the row is read, so that no change falls in between. A
  // change seen meanwhile is newer than the row read.
  let hasSeenChange = false
  const stopListening = subscribeChanges(universe, 'subscription', (change, changed) => {
    if (changed.subscription_id !== id || changed.identity !== identity) return
    hasSeenChange = true
    follow(change === 'DELETED' ? undefined : changed)
    if (row === undefined || row.status === 'Cancelled') detach()
  })
  const read = await universe.get('subscription', id)
  if (!hasSeenChange && read?.identity === identity) row = read
  if (row === undefined) {
    stopListening()
    throw subscriptionNotFound(id)
  }
  const { query } = row
  if (row.status === 'Cancelled') detach()
  else follow(row)

  const setStatus = async (status: SubscriptionStatus): Promise<void> => {
    await universe.reducers.updateSubscriptionStatus({ id, status })
  }
  return {
    id,
    query,
    get status() {
      return row?.status ?? 'Cancelled'
    },
    get isActive() {
      return stopQuery !== undefined
    },
    get isEnded() {
      return isDetached
    },
    pause: () => setStatus('Paused'),
    resume: () => setStatus('Active'),
    cancel: () => setStatus('Cancelled'),
    unsubscribe: detach,
    unsubscribeThen: (callback) => {
      detach()
      callback()
    },
  }
}

/** Makes a subscription and begins to run it. @throws UniverseError `universe/validation`. */
export async function openSubscription(
  universe: StandardUniverse,
  query: string,
  listener: SubscriptionListener,
): Promise<StandingSubscription> {
  const id = await universe.reducers.createSubscription({ query })
  return attachSubscription(universe, id, listener)
}
