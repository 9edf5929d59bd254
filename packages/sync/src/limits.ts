/**
 * Every limit of the protocol, with unit and reason. Decoders check them before they allocate; the
 * relay tells its own in `welcome`.
 */
import { DELTA_BYTES_MAX } from '@inner-universe/core'
import type { SyncLimits } from './messages.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Largest frame, bytes: holds the largest delta, which is never split, and what goes around it. */
export const FRAME_BYTES_MAX: number = 20 * MIB

/** Largest frame before `welcome`, bytes: a token and a few words. Strangers cost no more. */
export const HELLO_BYTES_MAX: number = 16 * KIB

/** Largest content of a batch, bytes, not compressed: one delta of the largest size, as a segment. */
export const CONTENT_BYTES_MAX: number = DELTA_BYTES_MAX + 64 * KIB

/** Largest header of a batch, bytes: an origin for each of {@link BATCH_DELTAS_MAX} deltas. */
export const HEADER_BYTES_MAX: number = 3 * MIB

/** Largest header and body of a batch together, bytes: leaves a frame room for what goes around. */
export const BATCH_BYTES_MAX: number = 19 * MIB

/** Deltas of one batch: what {@link SEAL_BYTES} hold when each takes 4 bytes, fewer than any does. */
export const BATCH_DELTAS_MAX: number = 64 * KIB

/** Content at which own deltas are sealed, bytes: compresses well, and is sent again at small cost. */
export const SEAL_BYTES: number = 256 * KIB

/** Content below which deflate is not tried, bytes: its own overhead eats what it saves. */
export const DEFLATE_BYTES_MIN = 128

/** Batches pushed and not acknowledged: enough to keep a link of 250 ms busy. */
export const WINDOW_BATCHES = 32

/** Bytes pushed and not acknowledged: the same, and what a relay may have to hold per session. */
export const WINDOW_BYTES: number = 4 * MIB

/** Bytes of log sent beyond the last `seen`: what may be on its way to a replica that does not read. */
export const CREDIT_BYTES: number = 8 * MIB

/** Awareness state of one session, bytes: a cursor, a selection, a name. */
export const AWARE_BYTES_MAX: number = 4 * KIB

/** Shortest time between two `aware` of one session, ms: 20 a second look continuous. */
export const AWARE_INTERVAL_MS = 50

/** Sessions whose awareness `opened` tells: more people than anyone watches. */
export const AWARE_SESSIONS_MAX: number = 1024

/** Longest token, UTF-8 bytes: a signed token with a list of tables. */
export const TOKEN_BYTES_MAX: number = 8 * KIB

/** Longest name (universe, module, table, identity, session, agent), UTF-8 bytes. */
export const TEXT_NAME_BYTES_MAX = 256

/** Longest sentence for people, UTF-8 bytes; the encoder cuts what is longer. */
export const SENTENCE_BYTES_MAX: number = KIB

/** Longest schema text, UTF-8 bytes: thousands of tables. */
export const SCHEMA_BYTES_MAX: number = MIB

/** Versions offered in `hello`. */
export const VERSIONS_MAX = 16

/** Tables that rights name one by one. */
export const RIGHTS_TABLES_MAX = 1024

/** Greatest channel number: a session opens a handful of universes. */
export const CHANNEL_MAX = 65_535

/** Entries of one `data`: small ones are read a frame at a time. */
export const DATA_ENTRIES_MAX = 4096

/** Bytes of entries at which a relay ends one `data` and begins the next. */
export const DATA_BYTES: number = 256 * KIB

/** Streams in one `heads`: one for each life of each device; nine mebibytes. */
export const HEADS_MAX: number = 256 * KIB

/** Encoded floor, bytes. More rows are forgotten by the next floor. */
export const FLOOR_BYTES_MAX: number = 4 * MIB

/** Rows forgotten by one floor: of UUIDs two mebibytes; replicas forget them in one transaction. */
export const FLOOR_ROWS_MAX: number = 128 * KIB

/** Manifest of an image, UTF-8 bytes: chunks of a mebibyte for images of tens of gibibytes. */
export const MANIFEST_BYTES_MAX: number = 4 * MIB

/** Chunks of one image: 32 GiB, of which a browser holds none. */
export const CHUNKS_MAX: number = 32 * KIB

/** Deltas given to a replica in one `receive`, about: a transaction must not block calls for long. */
export const RECEIVE_DELTAS_MAX = 500

/** Entries read after which `seen` is sent. */
export const SEEN_ENTRIES = 1000

/** Bytes read after which `seen` is sent: an eighth of the credit. */
export const SEEN_BYTES: number = MIB

/** Longest time between reading and `seen`, ms. */
export const SEEN_MS = 5000

/** Entries behind an image's offset from which the image is quicker than the log. */
export const BEHIND_ENTRIES = 20_000

/** Bytes queued on a connection at which a session leaves the tail and is served from the log. */
export const TAIL_BUFFER_BYTES_MAX: number = MIB

/** How far a delta's clock may be ahead of the relay's, ms: what honest devices stay within. */
export const CLOCK_AHEAD_MS_MAX = 60_000

/** How long either side waits for `hello` or `welcome`, ms. */
export const HELLO_TIMEOUT_MS = 10_000

/** Silence after which a replica sends `ping`, ms: below the idle limits of common proxies. */
export const PING_MS = 15_000

/** Silence after which a replica gives a connection up, ms: two pings unanswered. */
export const REPLICA_SILENCE_MS = 30_000

/** Silence after which the relay ends a connection, ms: four pings missed. */
export const RELAY_SILENCE_MS = 60_000

/** First wait before connecting anew, ms; doubles. */
export const RETRY_MS_MIN = 250

/** Longest wait before connecting anew, ms. */
export const RETRY_MS_MAX = 30_000

/** The limits as `welcome` tells them unless the relay is configured otherwise. */
export const DEFAULT_LIMITS: SyncLimits = {
  frameBytesMax: FRAME_BYTES_MAX,
  contentBytesMax: CONTENT_BYTES_MAX,
  windowBatches: WINDOW_BATCHES,
  windowBytes: WINDOW_BYTES,
  creditBytes: CREDIT_BYTES,
  awareBytesMax: AWARE_BYTES_MAX,
}
