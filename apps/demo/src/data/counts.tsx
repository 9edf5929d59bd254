/**
 * How many entities and relations there are.
 *
 * Counting 378,000 relations takes the database some ten milliseconds, too much to do after every
 * transaction of an import. So they are taken again after a new event, which every change brings with
 * it, here or from elsewhere, at most once a second. The views of the page Live know most of them, but
 * not before they are filled, which in a file that does not have them yet takes a while.
 */
import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import { type AppUniverse, useUniverse } from '../universe.ts'

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
  /** Size of the database without what its log still holds. */
  readonly databaseBytes: number
}

const RECOUNT_MS = 1000

const ENTITIES_SQL = `select entity_type as type, count(*) as count
  from entity group by entity_type order by 2 desc, 1`
const TOTALS_SQL = `select (select count(*) from relation) as relation_count,
  (select page_count from pragma_page_count) * (select page_size from pragma_page_size) as bytes`

const CountsContext = createContext<Counts | undefined>(undefined)

/** Keeps the counts for everything below it. */
export function CountsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const universe = useUniverse()
  const [counts, setCounts] = useState<Counts>()

  useEffect(() => {
    const counter = createCounter(universe, setCounts)
    const { request } = counter
    // The database was replaced, as when a new device joins others: the old counts are of another.
    const startOver = (): void => {
      setCounts(undefined)
      counter.forget()
      request()
    }
    const stopListening = universe.onChanges(['event_log'], request, { onGap: startOver })
    request()
    return () => {
      stopListening()
      counter.stop()
    }
  }, [universe])

  return <CountsContext value={counts}>{children}</CountsContext>
}

/** The counts; undefined until they have been taken for the first time. */
export function useCounts(): Counts | undefined {
  return use(CountsContext)
}

interface Counter {
  /** Counts now, or as soon as the last count is old enough. */
  readonly request: () => void
  /** Makes the last count too old. */
  readonly forget: () => void
  readonly stop: () => void
}

function createCounter(universe: AppUniverse, onCounts: (counts: Counts) => void): Counter {
  let timer: ReturnType<typeof setTimeout> | undefined
  let countedMs = Number.NEGATIVE_INFINITY
  let isStopped = false

  async function count(): Promise<void> {
    countedMs = performance.now()
    const [entities, [totals]] = await Promise.all([
      universe.sql<TypeCount>(ENTITIES_SQL),
      universe.sql<{ readonly relation_count: number; readonly bytes: number }>(TOTALS_SQL),
    ])
    if (isStopped) return
    onCounts({
      entities,
      entityCount: entities.reduce((sum, entity) => sum + entity.count, 0),
      relationCount: totals?.relation_count ?? 0,
      databaseBytes: totals?.bytes ?? 0,
    })
  }

  return {
    request() {
      if (timer !== undefined || isStopped) return
      const waitMs = Math.max(0, countedMs + RECOUNT_MS - performance.now())
      timer = setTimeout(() => {
        timer = undefined
        // A count that fails leaves the last one; the connection state says why.
        count().catch(() => undefined)
      }, waitMs)
    },
    forget() {
      clearTimeout(timer)
      timer = undefined
      countedMs = Number.NEGATIVE_INFINITY
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
