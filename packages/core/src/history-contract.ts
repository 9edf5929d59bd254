/**
 * What callers of state versions know of them: names of reducers, limits. Apart from what
 * defines them, so that pages carry none of that. engine/HISTORY.md.
 */

/** How the names of all reducers of state versions begin. */
export const HISTORY_REDUCERS = 'history:'

/** Names the state of the universe: `{ description, parents? }`. Gives `{ version }`, its id. */
export const COMMIT_VERSION_REDUCER = 'history:commit'

/** Makes the present what a version was: `{ version }`. Gives `{ rowCount, skipped, skippedCount }`. */
export const REVERT_REDUCER = 'history:revert'

/** Brings a version into the present, and names that: `{ from, description }`. */
export const MERGE_REDUCER = 'history:merge'

/** Makes a version of two others, leaving the present alone: `{ a, b, description, branch? }`. */
export const MERGE_VERSIONS_REDUCER = 'history:merge-versions'

/** Makes a version of calls on top of another one: `{ branch, from, calls, description }`. */
export const BRANCH_REDUCER = 'history:branch'

/** Gives a version a name: `{ kind, name, version }`, `kind` being `branch` or `tag`. */
export const NAME_REDUCER = 'history:name'

/** Takes a name away: `{ kind, name }`. */
export const UNNAME_REDUCER = 'history:unname'

/** Forgets versions: `{ versions }`. */
export const DROP_REDUCER = 'history:drop'

/** Forgets versions by a rule: `{ keepLast?, keepNewerThanMs? }`. */
export const RETAIN_REDUCER = 'history:retain'

/** Takes versions in: `{ bytes, salvage? }`. Gives `{ versions }`, the ids of those that were not here. */
export const IMPORT_REDUCER = 'history:import'

/** About how many bytes of rows one chunk of a content holds at most: about one batch on the wire. */
export const HISTORY_CHUNK_BYTES: number = 256 * 1024

/** Rows that one chunk of a content holds at most: what is written between calls in a few milliseconds. */
export const HISTORY_CHUNK_ROWS = 500

/** Longest description of a version, in UTF-16 units. */
export const HISTORY_DESCRIPTION_CHARS_MAX: number = 64 * 1024

/** Parents of a version at most: heads that nobody has merged for a long time. */
export const HISTORY_PARENTS_MAX = 64

/** Longest name of a branch or tag, in UTF-16 units. */
export const HISTORY_NAME_CHARS_MAX = 256

/** One call of a draft. Run again it does the same: its ids, randomness and time are fixed by it. */
export interface DraftCall {
  readonly reducer: string
  /** As of any call. */
  readonly args: unknown
  /** What its ids and its randomness come from: a text that no other call has. */
  readonly seed: string
  /** Wall time at which it was made, ms since 1970. */
  readonly timestampMs: number
}
