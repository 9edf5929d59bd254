import { useComputedColorScheme, useMantineTheme } from '@mantine/core'
import cytoscape, {
  type Core,
  type ElementDefinition,
  type NodeSingular,
  type Position,
  type StylesheetJson,
} from 'cytoscape'
import { type ReactNode, useEffect, useRef } from 'react'
import { colorOfType } from '../data/part-of-speech.ts'
import type { Neighbourhood } from './neighbourhood.ts'
import { nameWidth, ringPlaces } from './ring.ts'

/** The only file that knows the drawing library. */

/** Draws a neighbourhood with its centre in the middle; a click on a neighbour walks there. */
export function GraphCanvas({
  centreId,
  neighbourhood,
  onWalk,
}: {
  readonly centreId: string
  readonly neighbourhood: Neighbourhood
  readonly onWalk: (id: string) => void
}): ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const core = useRef<Core>(undefined)
  const walk = useRef(onWalk)
  const theme = useMantineTheme()
  const scheme = useComputedColorScheme('light')

  useEffect(() => {
    walk.current = onWalk
  }, [onWalk])

  useEffect(() => {
    const drawn = cytoscape({
      container: container.current,
      minZoom: 0.3,
      maxZoom: 2.5,
      boxSelectionEnabled: false,
      autoungrabify: true,
    })
    drawn.on('tap', 'node', (event) => walk.current(event.target.id()))
    drawn.on('mouseover', 'node', () => container.current?.style.setProperty('cursor', 'pointer'))
    drawn.on('mouseout', 'node', () => container.current?.style.removeProperty('cursor'))
    // The library looks at its size once.
    const resize = new ResizeObserver(() => {
      drawn.resize()
      place(drawn, drawn.scratch('centreId'))
    })
    if (container.current !== null) resize.observe(container.current)
    core.current = drawn
    return () => {
      resize.disconnect()
      drawn.destroy()
      core.current = undefined
    }
  }, [])

  useEffect(() => {
    const isDark = scheme === 'dark'
    core.current?.style(
      styleOf({
        ink: isDark ? '#ebeaf0' : '#1d1c23',
        quiet: isDark ? '#8b8996' : '#8a8893',
        line: isDark ? '#45444f' : '#d3d0c8',
        card: isDark ? '#1d1c22' : '#ffffff',
        font: theme.fontFamily ?? '',
      }),
    )
  }, [scheme, theme])

  useEffect(() => {
    const drawn = core.current
    if (drawn === undefined) return
    const shade = scheme === 'dark' ? 5 : 6
    const colorOf = (type: string): string => theme.colors[colorOfType(type)]?.[shade] ?? '#888'
    drawn.batch(() => {
      const wanted = elementsOf(centreId, neighbourhood, colorOf)
      const ids = new Set(wanted.map((element) => element.data.id))
      drawn.elements().forEach((element) => {
        if (!ids.has(element.id())) element.remove()
      })
      for (const element of wanted) {
        const known = drawn.getElementById(element.data.id ?? '')
        if (known.nonempty()) known.data(element.data)
        else drawn.add(element)
      }
    })
    place(drawn, centreId)
  }, [centreId, neighbourhood, scheme, theme])

  // Everything it shows is in the list beside it, which the keyboard and screen readers use.
  return <div ref={container} style={{ width: '100%', height: '100%' }} aria-hidden />
}

/** Moves every node to its place, those that stay from where they are. */
function place(drawn: Core, centreId: string | undefined): void {
  if (centreId === undefined) return
  drawn.scratch('centreId', centreId)
  drawn.stop()
  const neighbours = drawn.nodes().filter((node) => node.id() !== centreId)
  const places = ringPlaces(neighbours.length, drawn.width(), drawn.height())
  neighbours.style('text-max-width', `${nameWidth(drawn.width())}px`)
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  const move = (node: NodeSingular, position: Position): void => {
    node.stop()
    if (isStill) node.position(position)
    else node.animate({ position }, { duration: MOVE_MS, easing: 'ease-out-cubic' })
  }
  move(drawn.getElementById(centreId), { x: 0, y: 0 })
  neighbours.forEach((node, index) => {
    const { x, y, labelSide } = places[index] ?? { x: 0, y: 0, labelSide: 'right' }
    node.data('labelSide', labelSide)
    move(node, { x, y })
  })
  drawn.viewport({ zoom: 1, pan: { x: drawn.width() / 2, y: drawn.height() / 2 } })
}

const MOVE_MS = 260

function elementsOf(
  centreId: string,
  { nodes, edges }: Neighbourhood,
  colorOf: (type: string) => string,
): ElementDefinition[] {
  // Edges of equal type beside each other: the circle reads as sectors.
  const typeByNode = new Map(
    edges.map(({ from, to, type }) => [from === centreId ? to : from, type]),
  )
  const sorted = nodes.toSorted((a, b) =>
    (typeByNode.get(a.id) ?? '').localeCompare(typeByNode.get(b.id) ?? ''),
  )
  return [
    ...sorted.map(({ id, name, type }) => ({
      group: 'nodes' as const,
      data: { id, name, color: colorOf(type), role: id === centreId ? 'centre' : 'neighbour' },
    })),
    ...edges.map(({ id, type, from, to }) => ({
      group: 'edges' as const,
      data: { id: `edge ${id}`, source: from, target: to, type },
    })),
  ]
}

function styleOf({
  ink,
  quiet,
  line,
  card,
  font,
}: {
  readonly ink: string
  readonly quiet: string
  readonly line: string
  readonly card: string
  readonly font: string
}): StylesheetJson {
  return [
    {
      selector: 'node',
      style: {
        'background-color': 'data(color)',
        width: 16,
        height: 16,
        label: 'data(name)',
        color: ink,
        'font-family': font,
        'font-size': 13,
        'text-valign': 'center',
        'text-wrap': 'ellipsis',
      },
    },
    {
      selector: 'node[labelSide = "right"]',
      style: { 'text-halign': 'right', 'text-margin-x': 6 },
    },
    {
      selector: 'node[labelSide = "left"]',
      style: { 'text-halign': 'left', 'text-margin-x': -6 },
    },
    {
      selector: 'node[role = "centre"]',
      style: {
        width: 30,
        height: 30,
        'font-size': 18,
        'font-weight': 'bold',
        'text-halign': 'center',
        'text-valign': 'bottom',
        'text-margin-x': 0,
        'text-margin-y': 7,
        'text-background-color': card,
        'text-background-opacity': 0.85,
        'text-background-padding': '2px',
        'z-index': 2,
      },
    },
    {
      selector: 'edge',
      style: {
        width: 1.2,
        'line-color': line,
        'target-arrow-color': line,
        'target-arrow-shape': 'triangle',
        'arrow-scale': 0.8,
        'curve-style': 'bezier',
        label: 'data(type)',
        color: quiet,
        'font-family': font,
        'font-size': 10,
        'min-zoomed-font-size': 6,
        'text-rotation': 'autorotate',
        'text-margin-y': -7,
      },
    },
  ]
}
