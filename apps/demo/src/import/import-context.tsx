/** The import job of this tab, and what other tabs say of theirs. */
import {
  createContext,
  type ReactNode,
  use,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import { useLiveQuery, useUniverse } from '../universe.ts'
import { wordnetBatches } from '../wordnet/wordnet-source.ts'
import {
  createImportJob,
  IMPORT_LOCK,
  IMPORT_MARK_KEY,
  type ImportJob,
  type ImportMark,
  type ImportState,
  parseImportMark,
} from './import-job.ts'

const ImportContext = createContext<ImportJob | undefined>(undefined)

/** Keeps the import going while pages come and go. */
export function ImportProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const universe = useUniverse()
  const [job] = useState(() => createImportJob(universe, wordnetBatches))
  return <ImportContext value={job}>{children}</ImportContext>
}

/** The import job of this tab and its state. */
export function useImport(): { readonly job: ImportJob; readonly state: ImportState } {
  const job = use(ImportContext)
  if (job === undefined) throw new Error('no ImportProvider above')
  const state = useSyncExternalStore(job.subscribe, () => job.state)
  return { job, state }
}

/** What is known of the last import, in whichever tab. */
export interface LastImport {
  /** False until `mark` has been read. */
  readonly isKnown: boolean
  readonly mark: ImportMark | undefined
  /** True while another tab imports. */
  readonly isElsewhere: boolean
  /** True when the last was begun on another device. */
  readonly isOfOtherDevice: boolean
}

const LOOK_MS = 2000

/** How the last import ended, and whether another tab is at one. */
export function useLastImport(): LastImport {
  const { identity } = useUniverse()
  const { state } = useImport()
  const config = useLiveQuery((q) => q.config.where({ key: IMPORT_MARK_KEY }), [])
  const [row] = config.rows
  const mark = parseImportMark(row?.value)
  const isOpen = mark?.state === 'begun' && state.kind !== 'running'
  const isElsewhere = useLockHeld(isOpen)
  const isOfOtherDevice = row !== undefined && row.updated_by !== identity
  return { isKnown: config.isReady, mark, isElsewhere, isOfOtherDevice }
}

/** True while any tab holds the lock; looked at now and then, as locks announce nothing. */
function useLockHeld(isAsking: boolean): boolean {
  const [isHeld, setIsHeld] = useState(false)
  useEffect(() => {
    if (!isAsking) {
      setIsHeld(false)
      return
    }
    let isCurrent = true
    async function look(): Promise<void> {
      const { held = [] } = await navigator.locks.query()
      if (isCurrent) setIsHeld(held.some((lock) => lock.name === IMPORT_LOCK))
    }
    void look()
    const timer = setInterval(() => void look(), LOOK_MS)
    return () => {
      isCurrent = false
      clearInterval(timer)
    }
  }, [isAsking])
  return isHeld
}
