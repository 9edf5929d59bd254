/** Reducers of subscriptions: standing queries of one identity, run live by its clients. */
import { type Id, isUniverseError, type Reducer, t } from '@inner-universe/core'
import { beginWrite, type DefineStandardReducer, type StandardContext } from './context.ts'
import { SUBSCRIPTION_QUERY_MAX } from './limits.ts'
import { subscriptionNotFound, validationError } from './refusal.ts'
import type { SubscriptionRow, SubscriptionStatus } from './tables.ts'

/** Reducers of `subscriptions.ts`. */
export type SubscriptionReducers = {
  /** Adds an active subscription to a read-only SQL query without parameters; gives its id. */
  readonly createSubscription: Reducer<{ readonly query: string }, Id<'subscription'>>
  /** Pauses, resumes or cancels. A cancelled subscription stays so. */
  readonly updateSubscriptionStatus: Reducer<
    { readonly id: string; readonly status: SubscriptionStatus },
    boolean
  >
  readonly deleteSubscription: Reducer<{ readonly id: string }, boolean>
}

/** The query as it is run: without the semicolons a person ends it with. */
export function subscriptionSql(query: string): string {
  return query.trim().replace(/[;\s]+$/, '')
}

/**
 * Runs the query for no rows: SQLite checks its names and that it only reads. As a subquery it can
 * be nothing but a query; the line break ends a comment it may end with.
 */
function checkQuery(ctx: StandardContext, query: string): void {
  if (query.trim() === '') throw validationError('Query cannot be empty')
  try {
    ctx.sql(`select * from (\n${subscriptionSql(query)}\n) limit 0`)
  } catch (error) {
    if (!isUniverseError(error) || !error.code.startsWith('sql/')) throw error
    throw validationError(`Query is not a readable SELECT: ${error.message}`)
  }
}

function ownSubscription(ctx: StandardContext, id: string): SubscriptionRow {
  const row = ctx.db.subscription.get(id)
  if (row === undefined || row.identity !== ctx.sender) throw subscriptionNotFound(id)
  return row
}

/** Makes the reducers of `subscriptions.ts`. */
export function subscriptionReducers(reducer: DefineStandardReducer): SubscriptionReducers {
  const status = t.enum(['Active', 'Paused', 'Cancelled'])
  return {
    createSubscription: reducer(
      { query: t.text().max(SUBSCRIPTION_QUERY_MAX) },
      (ctx, { query }) => {
        beginWrite(ctx)
        checkQuery(ctx, query)
        return ctx.db.subscription.insert({
          identity: ctx.sender,
          query,
          created_at: ctx.timestamp,
          updated_at: ctx.timestamp,
          status: 'Active',
        }).subscription_id
      },
    ),

    updateSubscriptionStatus: reducer({ id: t.text(), status }, (ctx, { id, status: to }) => {
      beginWrite(ctx)
      const { status: from } = ownSubscription(ctx, id)
      if (from === 'Cancelled' && to !== 'Cancelled') {
        throw validationError(`Subscription ${id} is Cancelled and cannot become ${to}`)
      }
      ctx.db.subscription.update(id, { status: to, updated_at: ctx.timestamp })
      return true
    }),

    deleteSubscription: reducer({ id: t.text() }, (ctx, { id }) => {
      beginWrite(ctx)
      ownSubscription(ctx, id)
      return ctx.db.subscription.delete(id)
    }),
  }
}
