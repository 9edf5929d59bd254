/** A query as of what a name stands for, read again when the name moves. Versions themselves do not change. */
import type { RelationQuery, UniverseError } from '@inner-universe/core'
import type { FollowState, PastUniverse, Version, VersionWaitOptions } from './versions.ts'

/** What is followed, and what tells of it. */
export interface FollowOptions {
  readonly target: string
  readonly build: (q: never) => RelationQuery<unknown>
  readonly onChange: (listener: () => void) => () => void
  readonly find: (target: string) => Promise<Version>
  readonly at: (target: string, options: VersionWaitOptions) => Promise<PastUniverse>
}

/** Calls back with the rows at first, and whenever another version is meant. Returns the end of it. */
export function followVersion(
  { target, build, onChange, find, at }: FollowOptions,
  onState: (state: FollowState<unknown>) => void,
): () => void {
  const stopped = new AbortController()
  const { signal } = stopped
  let state: FollowState<unknown> = {
    rows: [],
    isReady: false,
    error: undefined,
    version: undefined,
  }
  let isReading = false
  let isStale = false
  const set = (next: Partial<FollowState<unknown>>): void => {
    state = { ...state, ...next }
    if (!signal.aborted) onState(state)
  }
  const readOnce = async (): Promise<void> => {
    const { id } = await find(target)
    if (id === state.version?.id && state.error === undefined) return
    const past = await at(id, { signal })
    const rows = await past.query(build as never, { signal })
    set({ rows, isReady: true, error: undefined, version: past.version })
  }
  const read = async (): Promise<void> => {
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale && !signal.aborted) {
      isStale = false
      // The rows before stay; what is wrong may be right with the next change.
      await readOnce().catch((error: UniverseError) => set({ error }))
    }
    isReading = false
  }
  const end = onChange(() => void read())
  void read()
  return () => {
    end()
    stopped.abort()
  }
}
