/** The hooks of sync, over a sync whose every move the test makes. */
import type {
  JsonValue,
  KeptConflict,
  Peer,
  SyncStatus,
  Universe,
  UniverseSync,
} from '@inner-universe/client'
import { type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createUniverseHooks, type ReducersOf, type TablesOf } from './hooks.ts'
import type { notes } from './testing/notes.ts'

const { UniverseProvider, useSyncStatus, usePresence, useConflicts } =
  createUniverseHooks<typeof notes>()

let root: Root
let page: HTMLElement

beforeEach(() => {
  page = document.createElement('div')
  document.body.append(page)
  root = createRoot(page)
})

afterEach(() => {
  root.unmount()
  page.remove()
})

function conflict(conflictId: number): KeptConflict {
  return {
    conflictId,
    kind: 'deleted',
    table: 'note',
    id: 'n',
    column: null,
    ours: null,
    theirs: null,
    winner: 'theirs',
    reducer: null,
    reason: null,
    atMs: 0,
  }
}

/** A universe of which only sync is there. */
function fakeSync(kept: () => Promise<readonly KeptConflict[]> = async () => []) {
  const listeners = {
    status: new Set<(status: SyncStatus) => void>(),
    peers: new Set<(peers: readonly Peer[]) => void>(),
    conflicts: new Set<(conflicts: readonly KeptConflict[]) => void>(),
  }
  const listen =
    <Value,>(set: Set<(value: Value) => void>) =>
    (listener: (value: Value) => void) => {
      set.add(listener)
      return () => set.delete(listener)
    }
  let status: SyncStatus = { kind: 'offline', unsyncedCount: 2, lastContactMs: undefined }
  let others: readonly Peer[] = []
  const said: (JsonValue | undefined)[] = []
  const dismissed: number[] = []
  let dismissal: Promise<void> = Promise.resolve()
  const sync: UniverseSync = {
    get status() {
      return status
    },
    onStatus: listen(listeners.status),
    pause: () => undefined,
    resume: () => undefined,
    presence: {
      set: (state) => void said.push(state),
      get others() {
        return others
      },
      onChange: listen(listeners.peers),
    },
    conflicts: kept,
    onConflicts: listen(listeners.conflicts),
    dismissConflicts: (ids) => {
      dismissed.push(...ids)
      return dismissal
    },
  }
  return {
    universe: { sync } as unknown as Universe<TablesOf<typeof notes>, ReducersOf<typeof notes>>,
    said,
    dismissed,
    setStatus(next: SyncStatus) {
      status = next
      for (const listener of listeners.status) listener(next)
    },
    setOthers(next: readonly Peer[]) {
      others = next
      for (const listener of listeners.peers) listener(next)
    },
    notice(...ids: number[]) {
      for (const listener of listeners.conflicts) listener(ids.map(conflict))
    },
    refuseDismissals() {
      dismissal = Promise.reject(new Error('disk full'))
      dismissal.catch(() => undefined)
    },
    listenerCount: () => listeners.status.size + listeners.peers.size + listeners.conflicts.size,
  }
}

function render(children: ReactNode, { universe }: ReturnType<typeof fakeSync>): void {
  root.render(
    <StrictMode>
      <UniverseProvider universe={universe}>{children}</UniverseProvider>
    </StrictMode>,
  )
}

const shows = (text: string): Promise<void> =>
  vi.waitFor(() => expect(page.textContent).toBe(text), { timeout: 5_000 })

test('useSyncStatus follows the status', async () => {
  const fake = fakeSync()
  function Status() {
    const { kind, unsyncedCount } = useSyncStatus()
    return `${kind} ${unsyncedCount}`
  }
  render(<Status />, fake)
  await shows('offline 2')
  fake.setStatus({ kind: 'live', unsyncedCount: 0, lastContactMs: 1 })
  await shows('live 0')
  root.render(null)
  await vi.waitFor(() => expect(fake.listenerCount()).toBe(0))
})

test('usePresence shows the others and says something', async () => {
  const fake = fakeSync()
  function Presence() {
    const { others, set } = usePresence()
    return (
      <button type="button" onClick={() => set({ name: 'me' })}>
        {others.map(({ state }) => String(state)).join()}
      </button>
    )
  }
  render(<Presence />, fake)
  await vi.waitFor(() => expect(page.querySelector('button')).not.toBeNull())
  fake.setOthers([
    { sessionId: 'a', state: 'Ada' },
    { sessionId: 'b', state: 'Bob' },
  ])
  await shows('Ada,Bob')
  page.querySelector('button')?.click()
  expect(fake.said).toEqual([{ name: 'me' }])
})

function Conflicts() {
  const { conflicts, error, dismiss } = useConflicts()
  return (
    <button type="button" onClick={() => dismiss([conflicts[0]?.conflictId ?? 0])}>
      {`${conflicts.map(({ conflictId }) => conflictId).join()} ${error?.message ?? ''}`}
    </button>
  )
}

test('useConflicts shows what was kept and what is noticed, each once, until it is dismissed', async () => {
  const fake = fakeSync(async () => [conflict(2), conflict(3)])
  render(<Conflicts />, fake)
  await shows('2,3 ')
  fake.notice(3, 5)
  await shows('2,3,5 ')
  page.querySelector('button')?.click()
  await shows('3,5 ')
  expect(fake.dismissed).toEqual([2])
  fake.refuseDismissals()
  page.querySelector('button')?.click()
  await shows('5 disk full')
  root.render(null)
  await vi.waitFor(() => expect(fake.listenerCount()).toBe(0))
})

test('useConflicts tells why they cannot be known', async () => {
  render(
    <Conflicts />,
    fakeSync(() => Promise.reject(new Error('closed'))),
  )
  await shows(' closed')
})
