export { type Action, type Actions, actions } from './actions.ts'
export type { Accumulator, Aggregate, Aggregates, AggregateValues } from './aggregate.ts'
export { avg, count, countOf, type Fold, fold, type Summand, sum } from './aggregates.ts'
export { collect, countDistinct, max, min, recompute } from './bag-aggregates.ts'
export { batched } from './batched.ts'
export { type CacheFilter, type CacheReader, readCache } from './cache-reader.ts'
export type { Circuit, Deltas } from './circuit.ts'
export {
  type CompiledGraph,
  type CompileOptions,
  compile,
  type Outputs,
  type Source,
  type Sources,
  type StreamsOf,
  source,
} from './compile.ts'
export { consolidate } from './consolidate.ts'
export { compareDatum, equalDatum, type HashDatum, hashDatum } from './datum.ts'
export { Delta, NO_DELTA } from './delta.ts'
export { createGraph, type Graph, type GraphBuilder } from './graph.ts'
export {
  type CompositeKey,
  composite,
  descending,
  type Index,
  identity,
  pick,
} from './index-key.ts'
export { type InputChanges, iteration, type OutputChanges } from './iteration.ts'
export { comparison, MemoryState } from './memory-state.ts'
export type { Body, Lookup, Node, NodeDefinition, Operator, OperatorContext } from './operator.ts'
export { type Cache, type CacheOptions, defineCache } from './operators/cache.ts'
export type { GroupOptions } from './operators/group.ts'
export type { JoinOptions } from './operators/join.ts'
export type { JoinKeys } from './operators/join-side.ts'
export type { OuterJoinOptions } from './operators/outer-join.ts'
export type { GroupRow } from './operators/per-group.ts'
export type { ReachableOptions, ReachablePair } from './operators/reachable.ts'
export type { SemiJoinOptions } from './operators/semi-join.ts'
export type { WindowOptions } from './operators/window.ts'
export { dotOf, svgOf } from './picture.ts'
export { explainText } from './query/describe.ts'
export type { Explanation, MissingIndex } from './query/explanation.ts'
export { type FeedOptions, feed, inputsOf } from './query/feed.ts'
export { type Plan, planRelation } from './query/plan.ts'
export type { PlanOptions } from './query/plan-options.ts'
export { type CircuitOptions, createCircuit } from './running-graph.ts'
export { SortedList } from './sorted-list.ts'
export type {
  Announce,
  Bag,
  Cells,
  Datum,
  Need,
  OrderedBag,
  OrderTerm,
  StateName,
  StateStore,
} from './state.ts'
export { openMemoryStore } from './store/memory.ts'
export type {
  CacheEntry,
  CacheRange,
  ReadonlyCache,
  RebuildProgress,
  RebuildReason,
  StoreClock,
  StoreStatus,
  Time,
  ViewDefinition,
  ViewStore,
  ViewStoreOptions,
} from './store/view-store.ts'
export { type AnyStream, Stream } from './stream.ts'
export type { Catalog, HydrationBound, TableSource } from './table-source.ts'
export { ZSet } from './zset.ts'
