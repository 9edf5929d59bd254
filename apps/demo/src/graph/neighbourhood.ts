/** The entities around one, as a graph to draw. */

/** Most neighbours drawn of one relation type and direction: more cannot be told apart. */
export const NEIGHBOURS_PER_TYPE = 9

/** Most neighbours drawn at all. */
const NEIGHBOURS_MAX = 48

/** One relation and the entity at its other end. */
export interface NeighbourRow {
  readonly relation_id: string
  readonly relation_type: string
  /** 1 when the relation begins at the centre. */
  readonly is_outgoing: number
  readonly id: string
  readonly entity_type: string
  readonly name: string | null
  readonly description: string | null
  /** Relations of this type and direction there are, drawn or not. */
  readonly type_count: number
}

/** An entity of the graph. */
export interface GraphNode {
  readonly id: string
  readonly name: string
  readonly type: string
}

/** A relation of the graph; of two that say the same in both directions, the one from the centre. */
export interface GraphEdge {
  readonly id: string
  readonly type: string
  readonly from: string
  readonly to: string
}

/** Neighbours of one relation type, for the list beside the drawing. */
export interface NeighbourGroup {
  readonly type: string
  readonly isOutgoing: boolean
  readonly nodes: readonly GraphNode[]
  /** How many there are in all. */
  readonly count: number
}

/** What is around one entity. */
export interface Neighbourhood {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly groups: readonly NeighbourGroup[]
}

function endSql(here: string, there: string, isOutgoing: 0 | 1): string {
  return `select id as relation_id, relation_type, ${isOutgoing} as is_outgoing, ${there} as other,
      row_number() over (partition by relation_type order by id) as place,
      count(*) over (partition by relation_type) as type_count
    from relation where ${here} = ?1`
}

/** Parameters: id of the centre, neighbours per type and direction. */
export const NEIGHBOURS_SQL: string = `select r.relation_id, r.relation_type, r.is_outgoing,
    r.type_count, e.id, e.entity_type, json_extract(e.metadata, '$.name') as name,
    json_extract(e.metadata, '$.description') as description
  from (
    select * from (${endSql('from_entity', 'to_entity', 1)}) where place <= ?2
    union all
    select * from (${endSql('to_entity', 'from_entity', 0)}) where place <= ?2
  ) r join entity e on e.id = r.other
  order by r.is_outgoing desc, r.relation_type, r.place`

/** The graph of the rows around a centre. */
export function neighbourhoodOf(centre: GraphNode, rows: readonly NeighbourRow[]): Neighbourhood {
  const nodes = new Map<string, GraphNode>([[centre.id, centre]])
  const edges = new Map<string, GraphEdge>()
  const groups = new Map<string, { group: NeighbourGroup; nodes: GraphNode[] }>()
  for (const row of rows) {
    const isOutgoing = row.is_outgoing === 1
    // WordNet says most things twice, once from each end; a relation that comes back is not drawn.
    if (!isOutgoing && nodes.has(row.id)) continue
    if (!nodes.has(row.id) && nodes.size > NEIGHBOURS_MAX) continue
    const node = { id: row.id, name: row.name ?? 'unnamed', type: row.entity_type }
    if (!nodes.has(row.id)) nodes.set(row.id, node)
    const [from, to] = isOutgoing ? [centre.id, row.id] : [row.id, centre.id]
    const edgeKey = `${from} ${to} ${row.relation_type}`
    if (edges.has(edgeKey)) continue
    edges.set(edgeKey, { id: row.relation_id, type: row.relation_type, from, to })
    const groupKey = `${row.relation_type} ${isOutgoing}`
    let entry = groups.get(groupKey)
    if (entry === undefined) {
      const list: GraphNode[] = []
      entry = {
        nodes: list,
        group: { type: row.relation_type, isOutgoing, nodes: list, count: row.type_count },
      }
      groups.set(groupKey, entry)
    }
    entry.nodes.push(node)
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    groups: [...groups.values()].map(({ group }) => group),
  }
}
