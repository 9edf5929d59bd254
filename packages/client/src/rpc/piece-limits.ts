/** Limits of what few pages send. Apart from `limits.ts`, which every page has. */

/** Bytes in one piece of an export or import: 1 MiB. */
export const FILE_CHUNK_BYTES = 1_048_576

/** Largest presence of one tab, in bytes of JSON: the relay's own limit of 4 KiB, less its tab's name. */
export const PRESENCE_BYTES_MAX = 4_000
