/** Entities as the pages show them. */
import type { EntityRow } from '@inner-universe/universe'

/** What a line about an entity needs. */
export interface EntityLine {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly description: string
}

/** The line of a row. */
export function lineOf(row: EntityRow): EntityLine {
  return {
    id: row.id,
    type: row.entity_type,
    name: nameOf(row),
    description: row.metadata.description ?? '',
  }
}

/** Its name, or what can be said in place of one. */
export function nameOf(row: Pick<EntityRow, 'id' | 'metadata'>): string {
  const { name } = row.metadata
  return name === undefined || name === null || name === '' ? `unnamed ${row.id.slice(-6)}` : name
}

/** Address of an entity's page. */
export function entityHref(id: string): string {
  return `/entity/${id}`
}

/** Address of the graph around an entity. */
export function graphHref(id: string): string {
  return `/graph/${id}`
}

/** A gloss: what the word means, and how it is used, which WordNet puts in quotes at the end. */
export interface Gloss {
  readonly definition: string
  readonly examples: readonly string[]
}

/** Parts a description where WordNet's examples begin. Text without any is all definition. */
export function glossOf(description: string): Gloss {
  const start = description.search(/;\s*"/)
  if (start < 0) {
    const whole = /^"([^"]+)"$/.exec(description)
    return whole?.[1] === undefined
      ? { definition: description, examples: [] }
      : { definition: '', examples: [whole[1]] }
  }
  const examples = description.slice(start).match(/"[^"]+"(?:\s*-\s*[^;"]+)?/g) ?? []
  return {
    definition: description.slice(0, start),
    examples: examples.map((example) => example.replaceAll('"', '').trim()),
  }
}
