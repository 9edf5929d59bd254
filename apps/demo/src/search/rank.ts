/** The order of search results: who types a word wants the entity of that name. */
import type { EntityLine } from '../data/entity.ts'

/** Exact names, names that begin so, names that hold it, then the rest; each in the order given. */
export function rankByName(lines: readonly EntityLine[], text: string): EntityLine[] {
  const wanted = text.toLowerCase()
  return lines
    .map((line, index) => ({ line, index, rank: rankOf(line.name.toLowerCase(), wanted) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ line }) => line)
}

function rankOf(name: string, wanted: string): number {
  if (name === wanted) return 0
  if (name.startsWith(wanted)) return 1
  return name.includes(wanted) ? 2 : 3
}
