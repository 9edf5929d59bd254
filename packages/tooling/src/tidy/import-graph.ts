/** Files and what they name, as plain maps: cycles and dead files are questions about these. */

/** File paths, each with the paths of the files it names. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/**
 * Cycles, each as the paths along it with the first one repeated at the end. At least one is given
 * of every group of files that import each other; mending those given may show others.
 */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = []
  const settled = new Set<string>()
  const trail: string[] = []

  const walk = (path: string): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      cycles.push([...trail.slice(start), path])
      return
    }
    if (settled.has(path)) return
    trail.push(path)
    for (const next of graph.get(path) ?? []) walk(next)
    trail.pop()
    settled.add(path)
  }

  for (const path of graph.keys()) walk(path)
  return cycles
}

/** The files of the graph that cannot be reached from the entries, in the graph's order. */
export function findUnreached(graph: ImportGraph, entries: Iterable<string>): string[] {
  const reached = new Set<string>()
  const waiting = [...entries]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    waiting.push(...(graph.get(path) ?? []))
  }
  return [...graph.keys()].filter((path) => !reached.has(path))
}
