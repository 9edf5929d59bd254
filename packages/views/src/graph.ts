/** Graphs of operators: built from streams, then run by a circuit. ALGEBRA.md VA6. */
import { bytesToHex, sha256, UniverseError } from '@inner-universe/core'
import { datumText } from './map-key.ts'
import type { Node, NodeDefinition } from './operator.ts'
import { type GroupRow, perGroupNode } from './operators/per-group.ts'
import { recurseNode } from './operators/recurse.ts'
import type { Datum } from './state.ts'
import { type AnyStream, Stream } from './stream.ts'

/** What a circuit runs: vertices, and which of them are sources and outputs. */
export interface Graph {
  readonly sources: ReadonlyMap<string, Node>
  readonly outputs: ReadonlyMap<string, Node>
  /** What the outputs need, inputs before what reads them. */
  readonly nodes: readonly Node[]
  /**
   * SHA-256, as hex, of what decides about outputs and state: of every vertex that the outputs need its
   * kind, parameters, functions as text, path and inputs. What a function closes over is not in it:
   * values that matter belong in the parameters. A tool that rewrites functions changes their text, and
   * with it the hash.
   */
  readonly definitionHash: string
}

/** Starts a graph. */
export function createGraph(): GraphBuilder {
  return new GraphBuilder()
}

/** A graph under construction. It can be run as it is at any time; what is added later is not in it then. */
export class GraphBuilder implements Graph {
  readonly #vertices = new Map<string, Vertex>()
  readonly #sources = new Map<string, Node>()
  readonly #outputs = new Map<string, Node>()
  readonly #counts = new Map<string, number>()

  get sources(): ReadonlyMap<string, Node> {
    return this.#sources
  }

  get outputs(): ReadonlyMap<string, Node> {
    return this.#outputs
  }

  get nodes(): readonly Node[] {
    return inOrder(this.#outputs.values())
  }

  get definitionHash(): string {
    return hashOfDefinition(this)
  }

  /**
   * A stream that is fed from outside, by name.
   *
   * @throws UniverseError `views/invalid-graph` for a name that another source has.
   */
  source<R>(name: string): Stream<R> {
    if (this.#sources.has(name)) throw nameTwice('source', name)
    const stream = this.add<R>(sourceNode(name), [], `source-${name}`)
    this.#sources.set(name, stream.node)
    return stream
  }

  /**
   * Names a stream whose changes are told.
   *
   * @throws UniverseError `views/invalid-graph` for a name that another output has, or a stream of
   * another graph.
   */
  output(name: string, stream: AnyStream): void {
    if (this.#outputs.has(name)) throw nameTwice('output', name)
    this.#checkOwn(stream)
    this.#outputs.set(name, stream.node)
  }

  /**
   * Adds a vertex: what the methods of streams come to. Its path is the name, else its kind and how
   * many of that kind there are: `join-2`.
   *
   * @throws UniverseError `views/invalid-graph` for a path that another vertex has, or inputs of
   * another graph.
   */
  add<R>(definition: NodeDefinition, inputs: readonly AnyStream[], name?: string): Stream<R> {
    for (const input of inputs) this.#checkOwn(input)
    const number = (this.#counts.get(definition.kind) ?? 0) + 1
    this.#counts.set(definition.kind, number)
    const path = name ?? `${definition.kind}-${number}`
    const vertex: Vertex = { ...definition, path, inputs: inputs.map((input) => input.node) }
    this.#place(vertex)
    return new Stream<R>(this, vertex)
  }

  /**
   * The least set that has the rows of `base` and all that `body` makes of the set itself. Streams of
   * this graph are of use in the body once they were brought in.
   *
   * @throws UniverseError `views/not-monotone` for a body with operators that may take rows away as more
   * come in; `views/invalid-graph` where an outside stream was not brought in.
   */
  recurse<R>(
    base: Stream<R>,
    body: (rows: Stream<R>, bring: <S>(outside: Stream<S>) => Stream<S>) => Stream<R>,
    options: { readonly roundsMax?: number } = {},
  ): Stream<R> {
    const inner = createGraph()
    const brought = new Map<AnyStream, AnyStream>()
    const bring = <S>(outside: Stream<S>): Stream<S> => {
      const known = brought.get(outside) ?? inner.source<S>(`brought-${brought.size + 1}`)
      brought.set(outside, known)
      return known as Stream<S>
    }
    const rows = inner.source<R>('rows')
    inner.output('rows', body(rows, bring))
    const definition = recurseNode({
      rows: rows.node,
      brought: [...brought.values()].map(({ node }) => node),
      body: inner.outputs.get('rows') as Node,
      roundsMax: options.roundsMax,
    })
    return this.add(definition, [base, ...brought.keys()])
  }

  /** See {@link Stream.perGroup}. */
  perGroup<R, K extends Datum, V>(
    rows: Stream<R>,
    key: (row: R) => K,
    body: (rows: Stream<R>) => Stream<V>,
  ): Stream<GroupRow<K, V>> {
    const inner = createGraph()
    const source = inner.source<R>('rows')
    inner.output('rows', body(source))
    const definition = perGroupNode({
      key,
      rows: source.node,
      body: inner.outputs.get('rows') as Node,
    })
    return this.add(definition, [rows])
  }

  /**
   * Gives the vertex of a stream another path, by which its state is found.
   *
   * @throws UniverseError `views/invalid-graph` for a path that another vertex has.
   */
  rename(stream: AnyStream, path: string): void {
    this.#checkOwn(stream)
    const vertex = this.#vertices.get(stream.node.path) as Vertex
    this.#vertices.delete(vertex.path)
    vertex.path = path
    this.#place(vertex)
  }

  #place(vertex: Vertex): void {
    if (this.#vertices.has(vertex.path)) throw nameTwice('vertex', vertex.path)
    this.#vertices.set(vertex.path, vertex)
  }

  #checkOwn(stream: AnyStream): void {
    if (this.#vertices.get(stream.node.path) === stream.node) return
    throw new UniverseError(
      'views/invalid-graph',
      `the stream ${stream.node.path} belongs to another graph; streams meet only in the graph that they were made in`,
      { details: { path: stream.node.path } },
    )
  }
}

/** A node whose path can still change. */
interface Vertex extends Node {
  path: string
}

/** The kind of the vertices that are fed from outside. */
export const SOURCE_KIND = 'source'

function sourceNode(name: string): NodeDefinition {
  return {
    kind: SOURCE_KIND,
    parameters: name,
    functions: [],
    isStateful: false,
    create() {
      throw new UniverseError(
        'views/invalid-graph',
        `the source ${name} is fed, it has no operator`,
      )
    },
  }
}

function nameTwice(what: string, name: string): UniverseError {
  return new UniverseError(
    'views/invalid-graph',
    `there is a ${what} called ${name} already; give this one another name`,
    { details: { name } },
  )
}

/** What the given vertices need and they themselves, inputs first. */
function inOrder(wanted: Iterable<Node>): Node[] {
  const order = new Set<Node>()
  // By hand, not by recursion: a graph may be deeper than the stack.
  const open: Node[] = [...wanted].reverse()
  while (open.length > 0) {
    const node = open.at(-1) as Node
    const missing = order.has(node) ? [] : node.inputs.filter((input) => !order.has(input))
    if (missing.length > 0) open.push(...missing.reverse())
    else {
      open.pop()
      order.add(node)
    }
  }
  return [...order]
}

function hashOfDefinition(graph: Graph): string {
  const nodes = graph.nodes.map(({ kind, parameters, functions, path, inputs }) => [
    kind,
    parameters,
    functions.map(String),
    path,
    inputs.map((input) => input.path),
  ])
  const outputs = [...graph.outputs].map(([name, node]) => [name, node.path])
  return bytesToHex(sha256(new TextEncoder().encode(datumText([nodes, outputs]))))
}
