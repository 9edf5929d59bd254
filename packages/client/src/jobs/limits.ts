/** The limits of key-value jobs, with unit and reason. */

/** Jobs of one root open at once: each is a thread, and in a browser an instance of SQLite. */
export const JOBS_OPEN_MAX = 64

/** Characters of a job's id: a file name with room for what SQLite adds to it. */
export const JOB_ID_LENGTH_MAX = 128

/** Requests served in one transaction: reads and acknowledgements wait for its end. */
export const GROUP_REQUESTS_MAX = 512

/** Requests in one message: enough that a message costs little beside them, and the worker has work. */
export const MESSAGE_REQUESTS_MAX = 256

/**
 * Bytes of writes on their way to a job: beyond it `persist` resolves only when there is room again, so
 * that whoever awaits it is slowed down to what the disk takes.
 */
export const QUEUED_BYTES_MAX: number = 8 * 1024 * 1024

/** Bytes counted for a write besides those of its keys and payloads. */
export const OPERATION_BYTES = 64

/** Entries in one page of an iteration unless the caller says otherwise. */
export const PAGE_ROWS = 256

/** Bytes of keys and payloads that end a page of an iteration, however few entries they are. */
export const PAGE_BYTES: number = 1024 * 1024

/** Time a job's worker has to open or drop its database, in ms: a slow network on a cold cache. */
export const OPEN_MS_MAX = 20_000

/** Time the file handles of a tab that is going away may take to come free, in ms. */
export const LOCKED_MS_MAX = 2_000

/** Time between two looks whether they are free, in ms. */
export const LOCKED_RETRY_MS = 20
