/** The metrics table: counters, gauges and distributions of this replica. */
import { type Reducer, t } from '@inner-universe/core'
import { beginWrite, type DefineStandardReducer, type StandardContext } from './context.ts'
import { METRIC_OBSERVATIONS_MAX } from './limits.ts'
import { validationError } from './refusal.ts'
import type { MetricKind } from './tables.ts'

/** Names of the metrics the standard module and the event bus feed. */
export const METRIC_NAMES: {
  readonly eventsPublished: string
  readonly publicationLatencyMs: string
  readonly publicationFailures: string
} = {
  eventsPublished: 'events.published',
  publicationLatencyMs: 'events.publication_latency_ms',
  publicationFailures: 'events.publication_failures',
}

/** One observation: a step of a counter, a state of a gauge, a sample of a histogram. */
export interface MetricObservation {
  readonly name: string
  readonly kind: MetricKind
  readonly value: number
}

/**
 * Adds an observation to the table.
 *
 * @throws UniverseError `universe/validation` when the name has another kind already.
 */
export function observe(ctx: StandardContext, { name, kind, value }: MetricObservation): void {
  const row = ctx.db.metrics.get(name)
  const updated_at = ctx.timestamp
  if (row === undefined) {
    const range = { sum: value, min: value, max: value }
    ctx.db.metrics.insert({ name, kind, value, count: 1, ...range, updated_at })
    return
  }
  if (row.kind !== kind) throw validationError(`metric "${name}" is a ${row.kind}, not a ${kind}`)
  ctx.db.metrics.update(name, {
    value: kind === 'counter' ? row.value + value : value,
    count: row.count + 1,
    sum: row.sum + value,
    min: Math.min(row.min, value),
    max: Math.max(row.max, value),
    updated_at,
  })
}

/** Reducers of `metrics.ts`. */
export type MetricReducers = {
  /** Adds observations when `feature_enable_metrics` is `true`; gives whether they were kept. */
  readonly recordMetrics: Reducer<{ readonly observations: readonly MetricObservation[] }, boolean>
}

/** Makes the reducers of `metrics.ts`. */
export function metricReducers(reducer: DefineStandardReducer): MetricReducers {
  const kind = t.enum(['counter', 'gauge', 'histogram'])
  const observation = t.object({ name: t.text().min(1).max(200), kind, value: t.real() })
  return {
    recordMetrics: reducer(
      { observations: t.array<MetricObservation>(observation).max(METRIC_OBSERVATIONS_MAX) },
      (ctx, { observations }) => {
        if (!beginWrite(ctx).hasMetrics) return false
        for (const item of observations) observe(ctx, item)
        return true
      },
    ),
  }
}
