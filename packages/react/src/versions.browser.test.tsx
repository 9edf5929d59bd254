/** The hook of versions, over versions whose every move the test makes. */
import type { Universe, UniverseError, Version } from '@inner-universe/client'
import { StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createUniverseHooks, type ReducersOf, type TablesOf } from './hooks.ts'
import type { notes } from './testing/notes.ts'

type Notes = Universe<TablesOf<typeof notes>, ReducersOf<typeof notes>>

const { UniverseProvider, useVersions } = createUniverseHooks<typeof notes>()

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

const version = (description: string): Version =>
  ({ id: description, description, state: 'ready' }) as Version

/** A universe of which only versions are there. */
function fakeVersions() {
  const listeners = new Set<() => void>()
  let all: readonly Version[] = []
  let failure: UniverseError | undefined
  let readCount = 0
  const versions = {
    list: async () => {
      readCount += 1
      if (failure !== undefined) throw failure
      return all
    },
    heads: async () => all.slice(-1),
    refs: async () => [{ kind: 'tag', name: 'release', version: 'one' }],
    onChange: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  return {
    universe: { versions } as unknown as Notes,
    set(next: readonly Version[]) {
      all = next
      tell()
    },
    fail(error: UniverseError) {
      failure = error
      tell()
    },
    tell,
    listenerCount: () => listeners.size,
    readCount: () => readCount,
  }
}

function History() {
  const { versions, heads, refs, error } = useVersions()
  const texts = versions?.map(({ description }) => description)
  return (
    <p>
      {error?.code} {texts === undefined ? 'reading' : `[${texts}]`} {heads[0]?.description}{' '}
      {refs[0]?.name}
    </p>
  )
}

test('a component follows the versions while it is mounted', async () => {
  const fake = fakeVersions()
  root.render(
    <StrictMode>
      <UniverseProvider universe={fake.universe}>
        <History />
      </UniverseProvider>
    </StrictMode>,
  )
  await vi.waitFor(() => expect(page.textContent).toBe(' []  release'))
  fake.set([version('one'), version('two')])
  await vi.waitFor(() => expect(page.textContent).toBe(' [one,two] two release'))
  expect(fake.listenerCount()).toBe(1)
  root.render(<p>gone</p>)
  await vi.waitFor(() => expect(fake.listenerCount()).toBe(0))
})

test('changes that come while it reads are read once more; what fails is told, the rest stays', async () => {
  const fake = fakeVersions()
  root.render(
    <UniverseProvider universe={fake.universe}>
      <History />
    </UniverseProvider>,
  )
  fake.set([version('one')])
  await vi.waitFor(() => expect(page.textContent).toBe(' [one] one release'))
  const before = fake.readCount()
  for (let count = 0; count < 50; count++) fake.tell()
  fake.fail(Object.assign(new Error('no'), { code: 'history/not-configured' }) as UniverseError)
  await vi.waitFor(() => expect(page.textContent).toBe('history/not-configured [one] one release'))
  expect(fake.readCount() - before).toBeLessThanOrEqual(2)
})
