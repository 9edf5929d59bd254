/**
 * The limits of every value, buffer and message in core, with unit and reason.
 *
 * Decoders check them before they allocate: a peer is not trusted.
 */

/** Longest text of one cell, in UTF-8 bytes: a long book. SQLite itself stops at 10^9. */
export const TEXT_BYTES_MAX: number = 16 * 1024 * 1024

/** Largest blob of one cell, in bytes. Bigger things are files, not cells. */
export const BLOB_BYTES_MAX: number = 16 * 1024 * 1024

/** Largest canonical JSON text of one cell or argument, in UTF-8 bytes. */
export const JSON_BYTES_MAX: number = 4 * 1024 * 1024

/**
 * Deepest nesting of a JSON value: a scalar is 0 deep, `[]` is 1. Keeps recursion far from the end
 * of the smallest stack (a worker's in Safari) and below SQLite's own JSON limit of 1000.
 */
export const JSON_DEPTH_MAX = 128

/** Bytes of a packed id or stream id: 128 bits. */
export const ID_BYTES = 16

/** Longest natural key of a row, in UTF-8 bytes. It is in an index and in every delta of its row. */
export const KEY_BYTES_MAX = 1024

/** Longest order key, in digits. It is in an index; none grows to that but by insertions at one place. */
export const ORDER_KEY_CHARS_MAX = 256

/** Longest encoding of a varint, in bytes: 53 bits, seven per byte. */
export const VARINT_BYTES_MAX = 8

/** Largest buffer a {@link ByteWriter} grows to unless it is told less, in bytes. */
export const BUFFER_BYTES_MAX: number = 64 * 1024 * 1024

/** Faults listed for one value: more are dropped, a person reads the first few. */
export const ISSUES_MAX = 50

/**
 * Largest segment of the delta log, in bytes: one transaction's deltas. Far above what a batch on the
 * wire holds, since an import may write a hundred thousand rows in one transaction.
 */
export const SEGMENT_BYTES_MAX: number = BUFFER_BYTES_MAX

/** Longest name of a table, column or reducer in a delta, in UTF-8 bytes. */
export const NAME_BYTES_MAX = 256

/**
 * Largest delta, in encoded bytes: what one call may write. Holds the largest text and what goes with
 * it; a delta is never split on the wire, so a frame must hold it.
 */
export const DELTA_BYTES_MAX: number = 18 * 1024 * 1024

/** Conflicts a replica keeps for its app; older ones go. */
export const CONFLICTS_MAX = 1000

/** Longest string or byte array within an ordered key: its length is two bytes. */
export const KEY_PART_BYTES_MAX = 65_535

/** Largest payload of a key-value entry, in bytes. Bigger things are files. */
export const PAYLOAD_BYTES_MAX: number = 64 * 1024 * 1024

/** Longest ordered key, in bytes. A page of SQLite holds a fraction of it; longer keys would only be slow. */
export const ORDERED_KEY_BYTES_MAX: number = 1024 * 1024

/** Deepest nesting of a relation, its expressions and tests: far below SQLite's limits on either. */
export const RELATION_DEPTH_MAX = 64

/** Parts of a relation, expressions and conditions counted in: a page of SQL. Checked before planning. */
export const RELATION_PARTS_MAX = 2000

/** Tables that one relation reads, each as often as it is named. SQLite joins at most 64. */
export const RELATION_TABLES_MAX = 32

/** Calls of one scope this close in time are one step of undo, in ms, unless the app says otherwise. */
export const UNDO_GROUP_MS = 500

/** Steps of undo kept for one scope; older ones go. More than anybody takes back by hand. */
export const UNDO_STEPS_MAX = 200

/** What the steps of one scope hold at most, in bytes; older ones go. Some ten thousand cells. */
export const UNDO_BYTES_MAX: number = 2 * 1024 * 1024

/** Scopes of undo kept in one file; those that were not recorded in for longest go. */
export const UNDO_SCOPES_MAX = 100

/** Longest name of a scope or group of undo, or label of a step, in UTF-16 units. */
export const UNDO_NAME_CHARS_MAX = 256

/** Parts of a step told as skipped in one answer; of more the number is told. */
export const UNDO_SKIPPED_MAX = 100
