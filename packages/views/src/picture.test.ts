import { expect, test } from 'vitest'
import { createGraph, type Graph } from './graph.ts'
import { dotOf, svgOf } from './picture.ts'

type Edge = readonly [from: string, to: string]

function closure(): Graph {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const pairs = graph
    .recurse(edges, (rows, bring) =>
      rows.join(bring(edges), {
        left: ([, to]) => to,
        right: ([from]) => from,
        combine: ([from], [, to]): Edge => [from, to],
      }),
    )
    .named('pairs <&> "all"')
  graph.output('pairs', pairs)
  graph.output(
    'ends',
    pairs.map(([, to]) => to),
  )
  return graph
}

test('[VA81] DOT has vertices, streams, outputs, state and bodies', () => {
  const name = String.raw`pairs <&> \"all\"`
  expect(dotOf(closure()).split('\n')).toEqual(
    `digraph {
  node [shape=box, style=rounded, fontname="sans-serif"]
  "source-edges" [label="source-edges"]
  "${name}" [label="${name}\\nrecurse", peripheries=2]
  "source-edges" -> "${name}"
  "source-edges" -> "${name}"
  subgraph "cluster ${name}" {
    label="${name}"
    "${name}/source-rows" [label="source-rows"]
    "${name}/source-brought-1" [label="source-brought-1"]
    "${name}/join-1" [label="join-1", peripheries=2]
    "${name}/source-rows" -> "${name}/join-1"
    "${name}/source-brought-1" -> "${name}/join-1"
  }
  "${name}/join-1" -> "${name}" [style=dashed]
  "map-1" [label="map-1"]
  "${name}" -> "map-1"
  "output pairs" [shape=plaintext, label="pairs"]
  "${name}" -> "output pairs"
  "output ends" [shape=plaintext, label="ends"]
  "map-1" -> "output ends"
}
`.split('\n'),
  )
})

test('[VA81] SVG has a box for each vertex, a line for each stream, and text as it is', () => {
  const svg = svgOf(closure())
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
  expect(texts.toSorted()).toEqual(
    [
      ...['source-edges', 'pairs &lt;&amp;&gt; &quot;all&quot;', 'recurse', 'map-1'],
      ...['source-rows', 'source-brought-1', 'join-1'],
      ...['pairs', 'output', 'ends', 'output'],
    ].toSorted(),
  )
  expect(svg.match(/<rect class="box/g)).toHaveLength(8)
  expect(svg.match(/<path class="edge"/g)).toHaveLength(7)
  // The recursion, and the join inside of it.
  expect(svg.match(/<rect class="state"/g)).toHaveLength(2)
  expect(svg.match(/<g /g)).toHaveLength(svg.match(/<\/g>/g)?.length ?? 0)
  expect(svg).not.toContain('NaN')
})

test('an empty graph is an empty picture', () => {
  expect(svgOf(createGraph())).toContain('width="32" height="32"')
})
