/** How this tab reaches the database, and where the data lives. */
import type { ConnectionState, StorageState, Universe, UniverseError } from '@inner-universe/client'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

/** Connection and storage of a universe. */
export interface Status {
  readonly connection: ConnectionState
  /** Undefined until the first answer. Asked at mount, at each change of connection, at `refresh`. */
  readonly storage: StorageState | undefined
  /** Why `storage` could not be asked. */
  readonly error: UniverseError | undefined
  /** Asks `storage` anew: sizes change with every write, too often to follow by themselves. */
  readonly refresh: () => void
}

/** The status of a universe. */
export function useStatusOf(
  universe: Pick<Universe, 'connection' | 'onConnection' | 'storage'>,
): Status {
  const subscribe = useCallback(
    (onChange: () => void) => universe.onConnection(onChange),
    [universe],
  )
  const read = useCallback(() => universe.connection, [universe])
  const connection = useSyncExternalStore(subscribe, read, read)
  const [asked, setAsked] = useState(0)
  const [answer, setAnswer] = useState<Pick<Status, 'storage' | 'error'>>({
    storage: undefined,
    error: undefined,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is there to ask again
  useEffect(() => {
    if (connection.kind !== 'open') return
    let isCurrent = true
    universe.storage().then(
      (storage) => {
        if (isCurrent) setAnswer({ storage, error: undefined })
      },
      (error: UniverseError) => {
        if (isCurrent) setAnswer((before) => ({ ...before, error }))
      },
    )
    return () => {
      isCurrent = false
    }
  }, [universe, connection, asked])
  const refresh = useCallback(() => setAsked((count) => count + 1), [])
  return { connection, ...answer, refresh }
}
