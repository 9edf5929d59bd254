/** Limits of the standard module, each with its unit and reason. */

/** Items of one bulk call: enough to make the cost per call small, few enough to show progress. */
export const BULK_ITEMS_MAX = 1000

/** Operations of one delta record: it is stored and sent as one cell. */
export const DELTA_OPERATIONS_MAX = 10_000

/** Names in one path into a state. Deeper documents are generated, not written. */
export const STATE_PATH_DEPTH_MAX = 64

/** Events one `getRecentEvents` may ask for; part of the founding error text. */
export const RECENT_EVENTS_MAX = 1000

/** Steps one look at a version's history may take. */
export const VERSION_HISTORY_MAX = 10_000

/** Rows one retention run deletes of one table: about a tenth of a second of the worker's time. */
export const RETENTION_ROWS_MAX = 2000

/** Characters of a subscription's query. */
export const SUBSCRIPTION_QUERY_MAX = 20_000

/** Observations in one `recordMetrics` call. */
export const METRIC_OBSERVATIONS_MAX = 1000

/** Milliseconds between two retention runs. */
export const RETENTION_INTERVAL_MS = 60_000

/** Milliseconds between the first part of a long clean-up and the next. */
export const RETENTION_PAUSE_MS = 1000

/** Milliseconds within which a connection's `last_active_at` is not written again. */
export const ACTIVITY_RESOLUTION_MS = 30_000

/** Default of `connection_idle_ms`: after this long without a call a connection is Idle. */
export const CONNECTION_IDLE_MS = 300_000

/** Default of `connection_retention_ms`: a day, so that yesterday's crash can still be seen. */
export const CONNECTION_RETENTION_MS = 86_400_000
