/** The limits of everything that crosses between a page and the worker, with unit and reason. */

/**
 * Largest arguments of one call, in bytes as counted by `snapshot`: about what a structured clone
 * moves in 10 ms, 8 MiB. Larger things are sent in parts.
 */
export const CALL_BYTES_MAX = 8_388_608

/** Calls of one client that may wait for an answer. Beyond it the app is not awaiting anything. */
export const PENDING_CALLS_MAX = 100_000

/** Items in one message. A page that sends more at once sends several messages. */
export const BATCH_ITEMS_MAX = 10_000

/** Calls in one transaction: beyond a few hundred the cost per call no longer falls (README.md). */
export const GROUP_CALLS_MAX = 512

/** Time one group of calls may take, in ms, as far as it can be foreseen: reads wait meanwhile. */
export const GROUP_MS = 16

/** Calls up to which a group may take {@link SLOW_GROUP_MS}: sharing a slow flush is worth the wait. */
export const SLOW_GROUP_CALLS = 64

/** Time a small group may take, in ms: what a person still takes for at once. */
export const SLOW_GROUP_MS = 200

/** Time given to reads before the next group of calls, in ms. */
export const READS_MS = 8

/** Rows from which a result crosses column by column: below, the message itself costs more. */
export const COLUMNS_FROM_ROWS = 200

/**
 * A live query that is run again for every change, and whose run costs more than this many ms, takes
 * at most a quarter of the worker's time; its patches may then come after the answers.
 */
export const LIVE_RUN_MS_MAX = 8

/**
 * Row changes kept for a live query that waits for its turn, and changes of its rows kept for a page
 * that has not acknowledged the last; beyond, all rows are compared, or sent anew. Of a longer list
 * as many changes are kept as it has rows.
 */
export const LIVE_CHANGES_MAX = 10_000

/** Time the filling of new live queries may take before calls and reads have their turn, in ms. */
export const LIVE_SLICE_MS = 8

/** Live queries of one page: each costs memory in the worker, and a look at every change. */
export const LIVE_QUERIES_MAX = 1_000

/** Rows of one live query, all held by the worker and by the page: about 250 MB with ten columns. */
export const LIVE_ROWS_MAX = 1_000_000

/** Rows of a first result that cross in one message: encoding them takes a few ms. */
export const LIVE_PART_ROWS = 2_000

/** Default wall-clock limit of one reducer and of one read, in ms. */
export const REDUCER_MS_MAX = 5_000

/** What the watchdog allows on top of the limit before it ends a worker, in ms. */
export const WATCHDOG_MARGIN_MS = 1_000

/** Time between two looks of the watchdog, in ms. */
export const WATCHDOG_TICK_MS = 250

/** Time an import, export step or check may keep the worker busy before it counts as hung, in ms. */
export const COMMAND_MS_MAX = 300_000

/** Time a worker script has to call `serve`, in ms: a slow network on a cold cache. */
export const WORKER_START_MS_MAX = 20_000

/**
 * Times a worker is started anew within {@link RESTART_WINDOW_MS}, none of them getting a call done,
 * before the universe gives up.
 */
export const RESTARTS_MAX = 8

/** Window in which restarts are counted, in ms. */
export const RESTART_WINDOW_MS = 60_000

/** Time a follower waits for a port through the broker before it falls back to BroadcastChannel, ms. */
export const BROKER_MS_MAX = 1_000

/** Depth of an error's chain of causes that crosses. */
export const CAUSE_DEPTH_MAX = 8

/** Time a page gets to fetch a token before the next is asked, in ms: a slow login server. */
export const TOKEN_MS_MAX = 20_000

/** Shortest time between two statuses that differ in the count of what is unsynced only, in ms. */
export const STATUS_MS_MIN = 100

/** Shortest time between two lists of peers to the pages, in ms: as often as the relay sends. */
export const PEERS_MS_MIN = 50

/**
 * Fates of rebuilt deltas remembered for pages that have not asked yet; the oldest go first. An app
 * that asks for `confirmed` does so at the call.
 */
export const FATES_MAX = 100_000
