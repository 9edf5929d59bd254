export type { Circuit, Deltas } from './circuit.ts'
export { consolidate } from './consolidate.ts'
export { compareDatum, equalDatum, type HashDatum, hashDatum } from './datum.ts'
export { Delta, NO_DELTA } from './delta.ts'
export { createGraph, type Graph, type GraphBuilder } from './graph.ts'
export { comparison, MemoryState } from './memory-state.ts'
export type { Lookup, Node, NodeDefinition, Operator, OperatorContext } from './operator.ts'
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
export { Stream } from './stream.ts'
export type { Catalog, HydrationBound, TableSource } from './table-source.ts'
export { ZSet } from './zset.ts'
