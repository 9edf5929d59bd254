/** What an open note tells of itself. */
import type { OpenDocument } from '@inner-universe/client'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { type OtherWriter, otherWritersOf } from './writer.ts'

/** How many parts of a note cannot be read and are left out. */
export function useNoteFaults(note: OpenDocument): number {
  const subscribe = useCallback((onChange: () => void) => note.onFault(onChange), [note])
  return useSyncExternalStore(subscribe, () => note.faults.length)
}

/** Who else has the note open. */
export function useOtherWriters({ awareness }: OpenDocument): readonly OtherWriter[] {
  const read = useCallback(
    () => otherWritersOf(awareness.getStates(), awareness.clientID),
    [awareness],
  )
  const [writers, setWriters] = useState(read)
  useEffect(() => {
    const onChange = (): void => {
      const now = read()
      // Cursors change with every key; who is there does not.
      setWriters((before) => (isSame(before, now) ? before : now))
    }
    onChange()
    awareness.on('change', onChange)
    return () => awareness.off('change', onChange)
  }, [awareness, read])
  return writers
}

function isSame(before: readonly OtherWriter[], now: readonly OtherWriter[]): boolean {
  const isUnchanged = ({ client, name, color }: OtherWriter, index: number): boolean => {
    const other = before[index]
    return other?.client === client && other.name === name && other.color === color
  }
  return before.length === now.length && now.every(isUnchanged)
}
