/** Who this device is to others, and who else is here. */
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
} from 'react'
import { useLocation } from 'wouter'
import { type Device, readDevice, writeDeviceName } from '../sync/device.ts'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { usePresence, useSyncStatus, useUniverse } from '../universe.ts'
import { encodeSaid, type Person, peopleOf } from './person.ts'

interface PresenceValue {
  readonly device: Device
  readonly rename: (name: string) => void
  readonly people: readonly Person[]
}

const PresenceContext = createContext<PresenceValue | undefined>(undefined)

/** Says to others what this tab shows, and hears what theirs do. */
export function PresenceProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { identity } = useUniverse()
  const { others, set } = usePresence()
  const { kind } = useSyncStatus()
  const { editedIds } = useUnsynced()
  const [device, setDevice] = useState(() => readDevice(identity))
  const [location] = useLocation()
  const entityId = /^\/(?:entity|graph)\/([^/]+)/.exec(location)?.[1] ?? null
  const isOff = kind === 'off'

  useEffect(() => {
    if (!isOff) set(encodeSaid({ device, entityId, editedIds }))
  }, [set, device, entityId, editedIds, isOff])

  const rename = useCallback(
    (name: string) => {
      writeDeviceName(name.trim())
      setDevice(readDevice(identity))
    },
    [identity],
  )
  const value = useMemo(
    () => ({ device, rename, people: peopleOf(others, device.id) }),
    [device, rename, others],
  )
  return <PresenceContext value={value}>{children}</PresenceContext>
}

/** This device, and who else is here. */
export function usePeople(): PresenceValue {
  const value = use(PresenceContext)
  if (value === undefined) throw new Error('no PresenceProvider above')
  return value
}
