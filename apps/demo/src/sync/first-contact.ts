/** Whether it is known yet what other devices have. */
import type { SyncStatus, UniverseSync } from '@inner-universe/client'
import { useEffect, useState } from 'react'
import { useUniverse } from '../universe.ts'

/** Without a word of the relay for so long, ms, a person should not have to wait for it. */
const CONTACT_MS_MAX = 4000

/** Waits until the relay was reached and all of it read, or could not be, or is not wanted. */
export function firstContact(sync: Pick<UniverseSync, 'status' | 'onStatus'>): Promise<void> {
  return new Promise((resolve) => {
    let hasTried = false
    const look = ({ kind }: SyncStatus): void => {
      if (kind === 'connecting') hasTried = true
      else if (kind === 'catching-up') clearTimeout(timer)
      else if (kind !== 'offline' || hasTried) end()
    }
    const end = (): void => {
      clearTimeout(timer)
      stop()
      resolve()
    }
    const timer = setTimeout(end, CONTACT_MS_MAX)
    const stop = sync.onStatus(look)
    look(sync.status)
  })
}

/** False while the first contact is still awaited. */
export function useHadContact(): boolean {
  const { sync } = useUniverse()
  const [hadContact, setHadContact] = useState(false)
  useEffect(() => {
    let isCurrent = true
    void firstContact(sync).then(() => {
      if (isCurrent) setHadContact(true)
    })
    return () => {
      isCurrent = false
    }
  }, [sync])
  return hadContact
}
