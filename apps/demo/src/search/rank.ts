/** The order of search results: who types a word wants the entity of that name. */
import type { EntityLine } from '../data/entity.ts'

/**
 * Exact names, names that begin so (the shortest first), names that hold it, then the rest; where that
 * leaves it open, in the order given.
 */
export function rankByName(lines: readonly EntityLine[], text: string): EntityLine[] {
  const wanted = text.toLowerCase()
  return lines
    .map((line, index) => ({ line, index, rank: rankOf(line.name.toLowerCase(), wanted) }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        (a.rank === 1 ? a.line.name.length - b.line.name.length : 0) ||
        a.index - b.index,
    )
    .map(({ line }) => line)
}

function rankOf(name: string, wanted: string): number {
  if (name === wanted) return 0
  if (name.startsWith(wanted)) return 1
  return name.includes(wanted) ? 2 : 3
}
