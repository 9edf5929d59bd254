/** The functional API's way to a graph: named inputs in, named outputs out. STEPS.md. */
import type { Circuit } from './circuit.ts'
import { createGraph, type Graph, type GraphBuilder } from './graph.ts'
import { type CircuitOptions, createCircuit } from './running-graph.ts'
import type { StateStore } from './state.ts'
import type { ViewDefinition } from './store/view-store.ts'
import type { AnyStream, Stream } from './stream.ts'

/** An input that rows of one type come in by. */
export interface Source<R> {
  readonly kind: 'source'
  /** Only for the type; never there. */
  readonly row?: R
}

/** Inputs by name. */
export type Sources = Readonly<Record<string, Source<unknown>>>

/** Outputs by name. */
export type Outputs = Readonly<Record<string, AnyStream>>

/** The streams that a query starts from. */
export type StreamsOf<S extends Sources> = {
  readonly [Name in keyof S]: S[Name] extends Source<infer R> ? Stream<R> : never
}

/** A query ready to run over any store. */
export interface CompiledGraph<S extends Sources, O extends Outputs> extends ViewDefinition {
  readonly sources: S
  readonly outputs: O
  readonly graph: Graph
}

/** A query: its inputs, and its outputs made of them. */
export interface CompileOptions<S extends Sources, O extends Outputs> extends CircuitOptions {
  readonly sources: S
  /** Called once. The graph is for what begins at no stream: `graph.recurse`. */
  readonly query: (streams: StreamsOf<S>, graph: GraphBuilder) => O
}

/** An input of {@link compile}; its rows' type is given. */
export function source<R>(): Source<R> {
  return { kind: 'source' }
}

/**
 * Builds a graph of a query, with any number of inputs and outputs. Their names, the order in which the
 * query makes its streams and the names it gives them decide by which names state is kept.
 *
 * @throws UniverseError `views/invalid-graph` where the query contradicts itself, and what the streams'
 * methods throw.
 */
export function compile<S extends Sources, O extends Outputs>(
  options: CompileOptions<S, O>,
): CompiledGraph<S, O> {
  const graph = createGraph()
  const streams = Object.keys(options.sources).map((name) => [name, graph.source(name)])
  const outputs = options.query(Object.fromEntries(streams) as StreamsOf<S>, graph)
  for (const [name, stream] of Object.entries(outputs)) graph.output(name, stream)
  return {
    sources: options.sources,
    outputs,
    graph,
    definitionHash: graph.definitionHash,
    createCircuit: (store: StateStore): Circuit => createCircuit(graph, store, options),
  }
}
