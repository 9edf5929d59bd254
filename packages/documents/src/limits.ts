/** The limits of open documents, with unit and reason. */

/**
 * Time in which local edits gather before they are written together, in ms: what a crash of the whole
 * browser may cost. Shorter makes more rows of the same typing; a hidden page does not wait for it.
 */
export const BURST_MS = 250

/** Characters, elements and deletions that end a burst at once: a large paste does not wait. */
export const BURST_LENGTH: number = 64 * 1024

/** Rows of updates beyond which a checkpoint takes their place: opening reads one row instead of many. */
export const COMPACT_ROWS = 64

/** Bytes of updates beyond which a checkpoint takes their place. */
export const COMPACT_BYTES: number = 256 * 1024

/**
 * Bytes of a checkpoint for which one more row is waited: a large document is not written anew, and
 * sent to everybody, for little.
 */
export const COMPACT_CHECKPOINT_BYTES_PER_ROW: number = 4 * 1024

/** Time without any change after which the one who wrote last compacts, in ms. */
export const IDLE_MS = 2_000

/** The same for everybody else: the one who wrote last may be gone. In ms. */
export const IDLE_OTHERS_MS = 30_000

/** Time before a failed write is tried again, in ms; doubled up to {@link RETRY_MS_MAX}. */
export const RETRY_MS = 500

/** Longest time between two tries of a write, in ms. */
export const RETRY_MS_MAX = 30_000

/**
 * Structs that one update may hold: Yjs's second format says millions of them in a few bytes. About
 * 200 MB in memory, and five times what a book takes with all its edits.
 */
export const STRUCTS_MAX = 1_000_000

/** Faults that are kept to be told to who asks later; the oldest go first. */
export const FAULTS_MAX = 100

/** Shortest time between two things said of this tab's cursor, in ms: as often as presence is sent. */
export const AWARENESS_MS = 50

/** Others of one document whose states are taken in: more than a page can show. */
export const AWARENESS_CLIENTS_MAX = 256
