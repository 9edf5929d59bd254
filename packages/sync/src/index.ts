export { type HashFunction, hashOf } from '@inner-universe/core'
export {
  BATCH_FORMAT,
  decodeBatch,
  decodeBatchHeader,
  encodeBatchHeader,
  sealBatch,
  type VerifiedBatch,
  verifyBatch,
} from './batch.ts'
export { decodeFloor, encodeFloor, FLOOR_FORMAT, floorHash } from './floor-codec.ts'
export {
  dataFrame,
  decodeRelayMessage,
  decodeReplicaMessage,
  encodeEntry,
  encodeRelayMessage,
  encodeReplicaMessage,
} from './frame-codec.ts'
export { extendLogHash, hashFromBytes, hashToBytes, textHash } from './hash.ts'
export {
  chunkBytes,
  encodeImageManifest,
  IMAGE_CHUNK_BYTES,
  type ImageManifest,
  imageManifestHash,
  parseImageManifest,
} from './image-manifest.ts'
export {
  AWARE_BYTES_MAX,
  AWARE_INTERVAL_MS,
  AWARE_SESSIONS_MAX,
  BATCH_BYTES_MAX,
  BATCH_DELTAS_MAX,
  BEHIND_ENTRIES,
  CHANNEL_MAX,
  CHUNKS_MAX,
  CLOCK_AHEAD_MS_MAX,
  CONTENT_BYTES_MAX,
  CREDIT_BYTES,
  DATA_BYTES,
  DATA_ENTRIES_MAX,
  DEFAULT_LIMITS,
  DEFLATE_BYTES_MIN,
  FLOOR_BYTES_MAX,
  FLOOR_ROWS_MAX,
  FRAME_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADS_MAX,
  HELLO_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  MANIFEST_BYTES_MAX,
  PING_MS,
  RECEIVE_DELTAS_MAX,
  RELAY_SILENCE_MS,
  REPLICA_SILENCE_MS,
  RETRY_MS_MAX,
  RETRY_MS_MIN,
  RIGHTS_TABLES_MAX,
  SCHEMA_BYTES_MAX,
  SEAL_BYTES,
  SEEN_BYTES,
  SEEN_ENTRIES,
  SEEN_MS,
  SENTENCE_BYTES_MAX,
  TAIL_BUFFER_BYTES_MAX,
  TEXT_NAME_BYTES_MAX,
  TOKEN_BYTES_MAX,
  VERSIONS_MAX,
  WINDOW_BATCHES,
  WINDOW_BYTES,
} from './limits.ts'
export type {
  BatchHeader,
  ByeCode,
  DecodedBatch,
  ImageOffer,
  NackCode,
  RefusalCode,
  RelayMessage,
  ReplicaMessage,
  Rights,
  SyncLimits,
  WireBatch,
  WireEntry,
} from './messages.ts'
export { PROTOCOL_VERSION, SUBPROTOCOL } from './protocol-version.ts'
export type { ImageSource } from './replica-side/image-fetch.ts'
export type {
  AdoptionPlan,
  RebuildReason,
  ReplicaHome,
  StagedReplica,
  TakeOverResult,
} from './replica-side/replica-home.ts'
export { ReplicaSync } from './replica-side/sync-loop.ts'
export type { RebuiltEvent, ReplicaSyncOptions } from './replica-side/sync-options.ts'
export type { SyncState, SyncStatus } from './replica-side/sync-status.ts'
export type { Compression, Connect, Connection, ConnectionEvents, Scheduler } from './transport.ts'
