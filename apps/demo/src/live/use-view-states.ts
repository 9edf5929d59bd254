/** How far the declared views are, asked while one of them is being filled. */
import type { ViewState } from '@inner-universe/core'
import { useEffect, useState } from 'react'
import { useUniverse } from '../universe.ts'

/** Between two questions, in ms: often enough for a bar that moves. */
const ASK_MS = 250

/** By name; empty until the first answer. */
export function useViewStates(): ReadonlyMap<string, ViewState> {
  const universe = useUniverse()
  const [states, setStates] = useState<ReadonlyMap<string, ViewState>>(new Map())
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isStopped = false
    async function ask(): Promise<void> {
      clearTimeout(timer)
      const answer = await universe.viewStates()
      if (isStopped) return
      setStates(new Map(answer.map((state) => [state.view, state])))
      if (answer.some(({ kind }) => kind === 'filling')) timer = setTimeout(askSafely, ASK_MS)
    }
    // Unanswered only when the universe is closed or cannot be reached, which the status bar says.
    const askSafely = (): void => void ask().catch(() => undefined)
    // The universe may be replaced by an import, and its views with it.
    const stopListening = universe.onChanges(['config'], () => undefined, { onGap: askSafely })
    askSafely()
    return () => {
      isStopped = true
      clearTimeout(timer)
      stopListening()
    }
  }, [universe])
  return states
}
