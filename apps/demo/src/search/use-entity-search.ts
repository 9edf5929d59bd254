/** Search as you type. */
import { useEffect, useState } from 'react'
import { type EntityLine, lineOf } from '../data/entity.ts'
import { useUniverse } from '../universe.ts'
import { rankByName } from './rank.ts'

/** What a search gives at the moment. */
export interface SearchState {
  /** Text the results are for; another than the one typed while a search is under way. */
  readonly text: string
  readonly results: readonly EntityLine[]
  readonly error: unknown
}

const NOTHING: SearchState = { text: '', results: [], error: undefined }

/** Typing faster than this is one search, ms. A search takes a few; this spares the ones nobody sees. */
const PAUSE_MS = 40

/**
 * Results fetched, so that names beginning with the text can come first among them: the store ranks
 * by words, and one that many names share does not make the shortest name the best match.
 */
const FETCH_COUNT = 300

/** Shortest text searched for: one letter matches half of all there is. */
export const TEXT_LENGTH_MIN = 2

/** Results shown. */
const SHOW_COUNT = 12

/** Results for a text; those before stay until there are new ones, so that the list does not jump. */
export function useEntitySearch(typed: string): SearchState {
  const universe = useUniverse()
  const [state, setState] = useState(NOTHING)
  const text = typed.trim()
  useEffect(() => {
    if (text.length < TEXT_LENGTH_MIN) {
      setState(NOTHING)
      return
    }
    const abort = new AbortController()
    const { signal } = abort
    const timer = setTimeout(() => {
      universe.search('entity', text, { limit: FETCH_COUNT, signal }).then(
        (rows) => {
          if (signal.aborted) return
          const results = rankByName(rows.map(lineOf), text).slice(0, SHOW_COUNT)
          setState({ text, results, error: undefined })
        },
        (error: unknown) => {
          if (!signal.aborted) setState({ text, results: [], error })
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [universe, text])
  return state
}
