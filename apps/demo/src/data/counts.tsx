/**
 * How many entities and relations there are.
 *
 * Counting 378,000 relations takes the database some ten milliseconds, too much to do after every
 * transaction of an import. So the counts are not live queries: the newest event is, which costs one
 * seek, and when it changes they are taken again, at most once a second.
 */
import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import { useLiveSql, useUniverse } from '../universe.ts'

/** Rows by type, most first. */
export interface TypeCount {
  readonly type: string
  readonly count: number
}

/** What is in the universe. */
export interface Counts {
  readonly entities: readonly TypeCount[]
  readonly entityCount: number
  readonly relationCount: number
}

const RECOUNT_MS = 1000

const ENTITIES_SQL = `select entity_type as type, count(*) as count
  from entity group by entity_type order by 2 desc, 1`
const RELATIONS_SQL = 'select count(*) as count from relation'
const NEWEST_EVENT_SQL = 'select max(event_id) as id from event_log'

const CountsContext = createContext<Counts | undefined>(undefined)

/** Keeps the counts for everything below it. */
export function CountsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const universe = useUniverse()
  const newest = useLiveSql<{ readonly id: string | null }>(NEWEST_EVENT_SQL)
  const newestId = newest.rows[0]?.id
  const [counts, setCounts] = useState<Counts>()
  const [countedMs, setCountedMs] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new event is what asks for a count
  useEffect(() => {
    const abort = new AbortController()
    const { signal } = abort
    async function recount(): Promise<void> {
      const [entities, relations] = await Promise.all([
        universe.sql<TypeCount>(ENTITIES_SQL, [], { signal }),
        universe.sql<{ readonly count: number }>(RELATIONS_SQL, [], { signal }),
      ])
      if (signal.aborted) return
      setCountedMs(performance.now())
      setCounts({
        entities,
        entityCount: entities.reduce((sum, { count }) => sum + count, 0),
        relationCount: relations[0]?.count ?? 0,
      })
    }
    const waitMs = Math.max(0, countedMs + RECOUNT_MS - performance.now())
    // A count that fails leaves the last one; the connection state says why.
    const timer = setTimeout(() => recount().catch(() => undefined), countedMs === 0 ? 0 : waitMs)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [universe, newestId])

  return <CountsContext value={counts}>{children}</CountsContext>
}

/** The counts; undefined until they have been taken for the first time. */
export function useCounts(): Counts | undefined {
  return use(CountsContext)
}
