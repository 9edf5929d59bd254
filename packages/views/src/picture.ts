/** Pictures of graphs, for people: as DOT for Graphviz, and as SVG without it. */
import { bodyNodes } from './body-circuit.ts'
import type { Graph } from './graph.ts'
import { type Layout, layOut, type Point } from './layered-layout.ts'
import type { Node } from './operator.ts'

/**
 * The graph in Graphviz' language. Vertices with state have two outlines; bodies of recursions and
 * queries per group stand in a frame of their own.
 */
export function dotOf(graph: Graph): string {
  const lines = dotLines(graph.nodes, '')
  for (const [name, node] of graph.outputs) {
    const id = dotText(`output ${name}`)
    lines.push(`${id} [shape=plaintext, label=${dotText(name)}]`)
    lines.push(`${dotText(node.path)} -> ${id}`)
  }
  const body = lines.map((line) => `  ${line}\n`).join('')
  return `digraph {\n  node [shape=box, style=rounded, fontname="sans-serif"]\n${body}}\n`
}

/** The graph as an SVG image of its own size in pixels, light and dark. Vertices with state have a bar. */
export function svgOf(graph: Graph): string {
  const positions = new Map(graph.nodes.map((node, at) => [node, at]))
  const outputs = [...graph.outputs].map(([name, node]): Vertex => {
    const inputs = [positions.get(node) as number]
    return { title: name, note: 'output', look: 'output', inner: undefined, inputs }
  })
  const drawing = draw([...verticesOf(graph.nodes), ...outputs])
  const width = Math.ceil(drawing.layout.width) + 2 * MARGIN
  const height = Math.ceil(drawing.layout.height) + 2 * MARGIN
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n` +
    `<style>${STYLE}</style>\n` +
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="arrow" d="M0,0 L8,4 L0,8 z"/></marker></defs>\n` +
    `${placed(drawing.svg, { x: MARGIN, y: MARGIN })}\n</svg>\n`
  )
}

function dotLines(nodes: readonly Node[], prefix: string): string[] {
  const idOf = (node: Node): string => dotText(`${prefix}${node.path}`)
  return nodes.flatMap((node) => [
    `${idOf(node)} [label=${dotText(labelOf(node).join('\n'))}${node.isStateful ? ', peripheries=2' : ''}]`,
    ...node.inputs.map((input) => `${idOf(input)} -> ${idOf(node)}`),
    ...dotBody(node, prefix),
  ])
}

function dotBody(node: Node, prefix: string): string[] {
  if (node.body === undefined) return []
  const path = `${prefix}${node.path}`
  const inner = [...node.body.sources, ...bodyNodes(node.body)]
  return [
    `subgraph ${dotText(`cluster ${path}`)} {`,
    `  label=${dotText(path)}`,
    ...dotLines(inner, `${path}/`).map((line) => `  ${line}`),
    '}',
    `${dotText(`${path}/${node.body.output.path}`)} -> ${dotText(path)} [style=dashed]`,
  ]
}

function dotText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** Its path and, where that does not begin with it, its kind. */
function labelOf({ path, kind }: Node): readonly [string, ...string[]] {
  return path.startsWith(`${kind}-`) ? [path] : [path, kind]
}

const MARGIN = 16
const PADDING = 10
const LINE_HEIGHT = 16
/** Of a letter on average, in the font and size of the style. */
const LETTER_WIDTH = 7.2

const STYLE =
  'text{font:12px ui-monospace,monospace;fill:#1c2733}' +
  '.note{fill:#5b6b7b}' +
  '.box{fill:#fff;stroke:#8496a8}.source{fill:#e8f1fb}.output{fill:#e9f6ec}' +
  '.state{fill:#d97706}.edge{fill:none;stroke:#8496a8}.arrow{fill:#8496a8}' +
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9fb0c0}.box{fill:#17212b}' +
  '.source{fill:#12304d}.output{fill:#12351f}}'

/** A vertex to be drawn. */
interface Vertex {
  readonly title: string
  readonly note: string | undefined
  readonly look: 'source' | 'output' | 'state' | 'plain'
  readonly inner: Drawing | undefined
  readonly inputs: readonly number[]
}

interface Drawing {
  readonly layout: Layout
  readonly svg: string
}

function verticesOf(nodes: readonly Node[]): Vertex[] {
  const positions = new Map(nodes.map((node, at) => [node, at]))
  return nodes.map((node) => {
    const [title, note] = labelOf(node)
    const { body } = node
    const look = node.kind === 'source' ? 'source' : node.isStateful ? 'state' : 'plain'
    const inner = body && draw(verticesOf([...body.sources, ...bodyNodes(body)]))
    const inputs = node.inputs.map((input) => positions.get(input) as number)
    return { title, note, look, inner, inputs }
  })
}

function draw(vertices: readonly Vertex[]): Drawing {
  const sizes = vertices.map(sizeOf)
  const boxes = vertices.map(({ inputs }, at) => ({ ...(sizes[at] as Size), inputs }))
  const layout = layOut(boxes)
  const edges = layout.edges.map(
    (points) => `<path class="edge" marker-end="url(#arrow)" d="${curve(points)}"/>`,
  )
  const drawn = vertices.map((vertex, at) =>
    placed(boxSvg(vertex, sizes[at] as Size), layout.boxes[at] as Point),
  )
  return { layout, svg: [...edges, ...drawn].join('\n') }
}

interface Size {
  readonly width: number
  readonly height: number
}

function sizeOf({ title, note, inner }: Vertex): Size {
  const lines = note === undefined ? [title] : [title, note]
  const textWidth = Math.max(...lines.map((line) => line.length * LETTER_WIDTH))
  const innerHeight = inner === undefined ? 0 : inner.layout.height + PADDING
  return {
    width: Math.max(textWidth, inner?.layout.width ?? 0) + 2 * PADDING,
    height: lines.length * LINE_HEIGHT + innerHeight + PADDING,
  }
}

function boxSvg({ title, note, look, inner }: Vertex, { width, height }: Size): string {
  const lines = [
    `<rect class="box ${look === 'state' ? 'plain' : look}" width="${round(width)}" height="${round(height)}" rx="5"/>`,
  ]
  if (look === 'state') {
    lines.push(
      `<rect class="state" width="4" height="${round(height)}" rx="2"><title>keeps state</title></rect>`,
    )
  }
  lines.push(`<text x="${PADDING}" y="${LINE_HEIGHT}">${escaped(title)}</text>`)
  const noteHeight = note === undefined ? 0 : LINE_HEIGHT
  if (note !== undefined) {
    lines.push(`<text class="note" x="${PADDING}" y="${2 * LINE_HEIGHT}">${escaped(note)}</text>`)
  }
  if (inner !== undefined) {
    lines.push(placed(inner.svg, { x: PADDING, y: LINE_HEIGHT + noteHeight + PADDING }))
  }
  return lines.join('')
}

function placed(svg: string, { x, y }: Point): string {
  return `<g transform="translate(${round(x)},${round(y)})">${svg}</g>`
}

/** Through all points, each time coming in and going out straight down. */
function curve(points: readonly Point[]): string {
  const [start, ...rest] = points as readonly [Point, ...Point[]]
  let path = `M${round(start.x)},${round(start.y)}`
  let from = start
  for (const to of rest) {
    const middle = round((from.y + to.y) / 2)
    path += ` C${round(from.x)},${middle} ${round(to.x)},${middle} ${round(to.x)},${round(to.y)}`
    from = to
  }
  return path
}

function round(length: number): number {
  return Math.round(length * 10) / 10
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
