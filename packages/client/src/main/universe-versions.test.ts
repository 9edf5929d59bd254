/** Waiting for versions, over a session whose every answer the test gives. */
import type { Module } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { HistoryRequest } from '../rpc/contract.ts'
import { versionedNotes } from '../testing/versioned-notes.ts'
import type { VersionsParts } from './past-universe.ts'
import { createVersions } from './universe-versions.ts'
import { openDraft } from './version-draft.ts'
import type { Version, VersionDraft, VersionProgress } from './versions.ts'

const ARRIVING: Version = {
  id: 'v1',
  parents: [],
  branch: null,
  description: '',
  author: 'ada',
  createdMs: 1,
  state: 'arriving',
  digest: null,
  rowCount: null,
}

/** What a session is for versions. */
function fakeSession(answer: (request: HistoryRequest) => unknown) {
  const listeners = new Set<() => void>()
  const onConnection = new Set<(state: { readonly kind: string }) => void>()
  const session = {
    options: { module: versionedNotes as unknown as Module, clock: { now: () => 1 } },
    opened: async () => undefined,
    onConnection: (listener: (state: { readonly kind: string }) => void) => {
      onConnection.add(listener)
      return () => onConnection.delete(listener)
    },
    changes: {
      add: (_tables: unknown, listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    reads: {
      read: (
        { request }: { readonly request: HistoryRequest },
        { signal }: { signal?: AbortSignal } = {},
      ) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')))
          Promise.resolve(answer(request)).then(resolve, reject)
        }),
    },
  }
  const parts = { session, check: () => undefined } as unknown as VersionsParts
  return {
    parts,
    listeners,
    tell: () => {
      for (const listener of [...listeners]) listener()
    },
    setConnection: (kind: string) => {
      for (const listener of [...onConnection]) listener({ kind })
    },
  }
}

test('a version that is arriving is waited for, and how far it has come is told', async () => {
  let version = ARRIVING
  let arrival: object = { chunkCount: 0, chunkTotal: undefined }
  const { parts, tell, listeners } = fakeSession(({ kind }) =>
    kind === 'versions' ? { versions: [version], refs: [] } : arrival,
  )
  const seen: VersionProgress[] = []
  const past = createVersions(parts).at('v1', { onProgress: (progress) => seen.push(progress) })
  await expect.poll(() => seen).toEqual([{ version, chunkCount: 0, chunkTotal: undefined }])
  arrival = { chunkCount: 3, chunkTotal: 4 }
  tell()
  await expect.poll(() => seen.length).toBe(2)
  expect(seen[1]).toMatchObject({ chunkCount: 3, chunkTotal: 4 })
  version = { ...ARRIVING, state: 'ready' }
  tell()
  expect((await past).version).toEqual(version)
  expect(seen).toHaveLength(2)
  expect(listeners.size).toBe(0)
})

test('waiting ends with the signal, and with a version that is damaged or goes', async () => {
  let versions: readonly Version[] = [ARRIVING]
  const { parts, tell, listeners } = fakeSession(({ kind }) =>
    kind === 'versions' ? { versions, refs: [] } : { chunkCount: 0, chunkTotal: undefined },
  )
  const { at } = createVersions(parts)
  const stop = new AbortController()
  const aborted = at('v1', { signal: stop.signal })
  stop.abort('enough')
  await expect(aborted).rejects.toMatchObject({ code: 'call/aborted', cause: 'enough' })
  await expect(at('v1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'call/aborted',
  })
  for (const [next, code] of [
    [[{ ...ARRIVING, state: 'damaged' }], 'history/damaged'],
    [[], 'history/version-unknown'],
  ] as const) {
    versions = [ARRIVING]
    const waiting = at('v1')
    await expect.poll(() => listeners.size).toBe(1)
    versions = next
    tell()
    await expect(waiting).rejects.toMatchObject({ code })
  }
  expect(listeners.size).toBe(0)
})

test('a draft that ends two workers is given up, one whose worker went once is run again', async () => {
  let runCount = 0
  let isEndless = true
  const { parts, setConnection } = fakeSession(() => {
    runCount += 1
    return isEndless ? new Promise(() => undefined) : { values: ['id'], differences: [] }
  })
  const draft = openDraft({
    ...parts,
    call: () => Promise.reject(),
    find: () => Promise.reject(),
    branch: 'idea',
    from: ARRIVING,
  }) as unknown as VersionDraft<typeof versionedNotes.tables, typeof versionedNotes.reducers>
  const spin = draft.call.spin({})
  await expect.poll(() => runCount).toBe(1)
  setConnection('connecting')
  await expect.poll(() => runCount).toBe(2)
  setConnection('connecting')
  await expect(spin).rejects.toMatchObject({ code: 'reducer/time-limit' })
  expect(draft.callCount).toBe(0)
  const add = draft.call.addNote({ title: 'one' })
  await expect.poll(() => runCount).toBe(3)
  isEndless = false
  setConnection('connecting')
  expect(await add).toBe('id')
  expect([runCount, draft.callCount]).toEqual([4, 1])
})
