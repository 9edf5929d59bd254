/** The changes of this tab that are not synced, for everything below. */
import { createContext, type ReactNode, use, useState, useSyncExternalStore } from 'react'
import { createUnsyncedLog, type UnsyncedLog, type UnsyncedState } from './unsynced-log.ts'

const UnsyncedContext = createContext<UnsyncedLog | undefined>(undefined)

/** Keeps the log while pages come and go. */
export function UnsyncedProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [log] = useState(() => createUnsyncedLog(Date.now))
  return <UnsyncedContext value={log}>{children}</UnsyncedContext>
}

/** What is not synced, and how to note a change. */
export function useUnsynced(): UnsyncedState & Pick<UnsyncedLog, 'note'> {
  const log = use(UnsyncedContext)
  if (log === undefined) throw new Error('no UnsyncedProvider above')
  const state = useSyncExternalStore(log.subscribe, () => log.state)
  return { ...state, note: log.note }
}
