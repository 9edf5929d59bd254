export { AssertionError, assert, assertNever } from './assert.ts'
export { ByteReader } from './byte-reader.ts'
export { ByteWriter, type ByteWriterOptions } from './byte-writer.ts'
export { storedDefault } from './cell-form.ts'
export { checkModule } from './check-module.ts'
export { checkModuleCode } from './check-module-code.ts'
export {
  type CheckedRelation,
  checkRelation,
  isTableWindow,
  type RelationScope,
} from './check-relation.ts'
export {
  type ClockOverrides,
  decodeClockOverrides,
  encodeClockOverrides,
  type LocalStamp,
  overrideClocks,
} from './clock-overrides.ts'
export {
  type ArgumentsOf,
  Column,
  type ColumnDefinition,
  type ColumnKind,
  type Columns,
  type InputOf,
  type LensDefinition,
  type OnDelete,
  t,
  type ValueOf,
} from './column.ts'
export type {
  Aggregates,
  ColumnPath,
  ColumnValue,
  ColumnValues,
  RowAggregate,
  RowTest,
  RowValue,
  ValueAt,
} from './column-value.ts'
export {
  type Comparison,
  type Condition,
  conditionOf,
  type Match,
  parseColumnPath,
  type QueryValue,
  type Where,
} from './condition.ts'
export {
  deadKeys,
  deadRowsOf,
  type HiddenNode,
  isForgettable,
  mergeFloor,
} from './dead-rows.ts'
export type { Cells, Delta, RowOperation, StoredValue } from './delta.ts'
export { decodeSegment, type Segment } from './delta-codec.ts'
export {
  type DocumentColumn,
  type DocumentDefinition,
  type DocumentKind,
  notAScalar,
} from './document-column.ts'
export {
  APPEND_REDUCER,
  COMPACT_REDUCER,
  DOCUMENT_CHECKPOINT_BYTES_MAX,
  DOCUMENT_COVERS_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
} from './document-contract.ts'
export { documentReducers } from './document-reducers.ts'
export { documentTable } from './document-table.ts'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  isUniverseError,
  UniverseError,
} from './error.ts'
export { commonKind, kindOf, placeOfComparison } from './expression-kind.ts'
export { finishHash, HASH_BYTES, type HashFunction, hashOf, originHash } from './hash.ts'
export { bytesToHex, hexToBytes } from './hex.ts'
export {
  type ContentRow,
  type ContentTable,
  decodeContent,
  encodeContent,
} from './history-chunk.ts'
export {
  BRANCH_REDUCER,
  COMMIT_VERSION_REDUCER,
  DROP_REDUCER,
  type DraftCall,
  HISTORY_CHUNK_BYTES,
  HISTORY_CHUNK_ROWS,
  HISTORY_DESCRIPTION_CHARS_MAX,
  HISTORY_NAME_CHARS_MAX,
  HISTORY_PARENTS_MAX,
  HISTORY_REDUCERS,
  IMPORT_REDUCER,
  MERGE_REDUCER,
  MERGE_VERSIONS_REDUCER,
  NAME_REDUCER,
  RETAIN_REDUCER,
  REVERT_REDUCER,
  UNNAME_REDUCER,
} from './history-contract.ts'
export { createRowHash, digestSum, digestText, type RowHash } from './history-digest.ts'
export { HISTORY_TABLES } from './history-table-names.ts'
export {
  compareStamp,
  createHlcClock,
  HLC_EPOCH_MS,
  HLC_MAX,
  type HlcClock,
  type HlcClockOptions,
  hlcFromMs,
  hlcToMs,
  isHlc,
  type Stamp,
} from './hlc.ts'
export {
  type CallId,
  type ClientId,
  createClientId,
  createIdFactory,
  createStreamId,
  formatCallId,
  type Id,
  type IdFactoryOptions,
  type IdParts,
  idFromBytes,
  idFromKey,
  idFromParts,
  idTimestampMs,
  idToBytes,
  isId,
  isStreamId,
  parseCallId,
  parseClientId,
  parseId,
  parseStreamId,
  type RandomBytes,
  type StreamId,
  streamIdFromBytes,
  streamIdToBytes,
} from './id.ts'
export {
  canonicalJson,
  cloneJson,
  equalJson,
  type JsonOptions,
  type JsonValue,
  parseJson,
} from './json.ts'
export { inputBytes, inputRange, viewOfInput } from './key-input.ts'
export {
  type KeyCodec,
  type KeyType,
  type KeyTypes,
  type KeyValues,
  k,
  type TypedPart,
} from './key-type.ts'
export type { KeyInput, KeyInputRange, Kv, KvCategory, KvRow, KvWrite, ScanOptions } from './kv.ts'
export { deriveCells, forwardValue, type LensColumn, lensesOf } from './lens.ts'
export {
  BLOB_BYTES_MAX,
  BUFFER_BYTES_MAX,
  CONFLICTS_MAX,
  DELTA_BYTES_MAX,
  ID_BYTES,
  ISSUES_MAX,
  JSON_BYTES_MAX,
  JSON_DEPTH_MAX,
  KEY_BYTES_MAX,
  ORDER_KEY_CHARS_MAX,
  TEXT_BYTES_MAX,
  UNDO_BYTES_MAX,
  UNDO_GROUP_MS,
  UNDO_NAME_CHARS_MAX,
  UNDO_SCOPES_MAX,
  UNDO_SKIPPED_MAX,
  UNDO_STEPS_MAX,
  VARINT_BYTES_MAX,
} from './limits.ts'
export {
  createMergeState,
  type Dot,
  elementsOf,
  isAlive,
  laterStamp,
  type MergedCell,
  type MergedRow,
  type MergedRows,
  type MergeState,
  mergeDelta,
  mergeOperations,
  type NewColumns,
  type SetDots,
  type TableDefinitions,
} from './merge.ts'
export { addCounter, setText, sortElements } from './merged-value.ts'
export { defineModule, type Lifecycle, type Module } from './module.ts'
export { isOrderKey, orderKeyBetween } from './order-key.ts'
export {
  compareKeys,
  decodeKey,
  encodeKey,
  type KeyPart,
  type KeyRange,
  prefixRange,
} from './ordered-key.ts'
export { type Queries, Query, queriesOf, relationOf } from './query.ts'
export { createRandom, createRandomFromState, type Random } from './random.ts'
export {
  type Db,
  type DefineReducer,
  defineReducer,
  type InputOfReducer,
  MODULE_SENDER,
  type Reducer,
  type ReducerArguments,
  type ReducerContext,
  type ReducerMode,
  type ReducerOptions,
  type Reducers,
  type ResultOfReducer,
  type RunnableQuery,
  type Synchronous,
  type TableAccess,
} from './reducer.ts'
export {
  type Claim,
  compareClaims,
  type OffsetOf,
  type ReferenceNode,
  type RegionBoundary,
  type RowKey,
  rowKey,
  settleRegion,
  type VisibleCells,
  visibleRows,
} from './reference.ts'
export type {
  Aggregate,
  Expression,
  JoinKind,
  Path,
  Relation,
  RelationOrder,
  ScalarFunction,
  Test,
} from './relation.ts'
export { isSame, orderOf, type TotalOrder, totalOrder } from './relation-order.ts'
export {
  type GroupedQuery,
  type Joinable,
  type JoinedRow,
  type JoinOn,
  RelationQuery,
} from './relation-query.ts'
export {
  type ColumnKinds,
  type FlatShape,
  isKeyed,
  type JoinedShape,
  keyPaths,
  type Leaf,
  leavesOf,
  type Member,
  membersOf,
  type Place,
  placeOf,
  relationInvalid,
  type Shape,
  shapeOfTable,
  type ValueKind,
  valueKind,
} from './relation-shape.ts'
export {
  type AdoptedDelta,
  type Base,
  type BatchHead,
  type Conflict,
  type Epoch,
  type Floor,
  type Forgotten,
  type Hash,
  type KeptConflict,
  type LogEntry,
  type LogPosition,
  NO_EPOCH,
  type Origin,
  type ReceiveResult,
  type Replica,
  type SealedBatch,
  type StreamSeq,
  type UnsealedDeltas,
  ZERO_HASH,
} from './replica.ts'
export type { CellValue, Changeset, Row, RowChange } from './row-change.ts'
export {
  decodeFirstHlc,
  decodeSegmentHeader,
  SEGMENT_FORMAT,
  type SegmentHeader,
} from './segment-format.ts'
export {
  createSegmentBuffer,
  createSegmentWriter,
  type SegmentEntry,
  type SegmentWriter,
} from './segment-writer.ts'
export { createSha256, type Sha256, sha256 } from './sha256.ts'
export {
  type StandardSchemaV1,
  type Validation,
  type ValidationIssue,
  validateWithStandardSchema,
} from './standard-schema.ts'
export {
  type DocumentColumnsOf,
  type IndexDefinition,
  type InsertOf,
  type PatchOf,
  type RowOf,
  type Schedule,
  type SearchDefinition,
  Table,
  type TableColumns,
  type TableDefinition,
  type TableScope,
  type Tables,
  table,
} from './table.ts'
export { narrowed, type Order, ordered, type TableQuery } from './table-query.ts'
export { utf8Length } from './utf8.ts'
export { type Check, compileArguments, compileCheck, Findings } from './validate.ts'
export { encodeValue, type Value } from './value-codec.ts'
export { decodeValue } from './value-decoder.ts'
export {
  type BuiltQuery,
  buildViews,
  type DefineViews,
  type ModuleQueries,
  moduleQueriesOf,
  type ReadView,
  type ViewBuilders,
  type ViewQueries,
  type ViewState,
  type Views,
  viewOrder,
} from './view.ts'
