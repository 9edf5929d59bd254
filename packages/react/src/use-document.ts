/** A document as state: opened while its component is mounted, closed when the last has gone. */
import type {
  DocumentOptions,
  DocumentStatus,
  OpenDocument,
  Universe,
  UniverseError,
} from '@inner-universe/client'
import { useEffect, useRef, useState } from 'react'

/** A document that is open, or being opened. */
export interface DocumentState {
  /** Undefined until it is open. Components that use the same one share its `doc`. */
  readonly document: OpenDocument | undefined
  /** How far it is saved; undefined until it is open. */
  readonly status: DocumentStatus | undefined
  /** Why it could not be opened. */
  readonly error: UniverseError | undefined
}

/** What a document is opened by; row undefined: none is. */
export interface DocumentPlace {
  readonly table: string
  readonly row: string | undefined
  readonly document: string
}

const NONE: DocumentState = { document: undefined, status: undefined, error: undefined }

/** A document of a universe. */
export function useDocumentOf(
  universe: Pick<Universe, 'doc'>,
  { table, row, document }: DocumentPlace,
  options: DocumentOptions | undefined,
): DocumentState {
  const latestOptions = useRef(options)
  latestOptions.current = options
  const [state, setState] = useState(NONE)
  useEffect(() => {
    if (row === undefined) return
    let isCurrent = true
    const opening = universe.doc(table, row, document as never, latestOptions.current)
    const following = opening.then(
      (opened) => {
        if (!isCurrent) return undefined
        setState({ document: opened, status: opened.status, error: undefined })
        return opened.onStatus((status) => setState((before) => ({ ...before, status })))
      },
      (error: UniverseError) => {
        if (isCurrent) setState({ ...NONE, error })
        return undefined
      },
    )
    return () => {
      isCurrent = false
      setState(NONE)
      void following.then((stop) => stop?.())
      // What could not be opened has been told. What cannot be saved now has nobody else to be told to:
      // it surfaces as any unhandled rejection.
      void opening.then(
        (opened) => opened.close(),
        () => undefined,
      )
    }
  }, [universe, table, row, document])
  return state
}
