/** The clashes of this device with others, for everything below. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { useConflicts, useUniverse } from '../universe.ts'
import { type Clash, clashesOf, isTelling } from './clash.ts'

interface ClashesValue {
  /** Newest first. */
  readonly clashes: readonly Clash[]
  /** Conflicts noticed since the page was opened. */
  readonly noticedIds: ReadonlySet<number>
  readonly error: unknown
  readonly dismiss: (clash: Clash) => void
}

const ClashesContext = createContext<ClashesValue | undefined>(undefined)

/** Follows the conflicts, and dismisses those that tell nothing, so that they crowd none out. */
export function ClashesProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { sync } = useUniverse()
  const { conflicts, error, dismiss } = useConflicts()
  const [noticedIds, setNoticedIds] = useState<ReadonlySet<number>>(new Set())
  useEffect(
    () =>
      sync.onConflicts((noticed) =>
        setNoticedIds((ids) => new Set([...ids, ...noticed.map(({ conflictId }) => conflictId)])),
      ),
    [sync],
  )
  useEffect(() => {
    const idle = conflicts.filter((conflict) => !isTelling(conflict))
    if (idle.length > 0) dismiss(idle.map(({ conflictId }) => conflictId))
  }, [conflicts, dismiss])
  const value = useMemo(
    () => ({
      clashes: clashesOf(conflicts.filter(isTelling)),
      noticedIds,
      error,
      dismiss: ({ conflictIds }: Clash) => dismiss(conflictIds),
    }),
    [conflicts, noticedIds, error, dismiss],
  )
  return <ClashesContext value={value}>{children}</ClashesContext>
}

/** The clashes and their dismissal. */
export function useClashes(): ClashesValue {
  const value = use(ClashesContext)
  if (value === undefined) throw new Error('no ClashesProvider above')
  return value
}
