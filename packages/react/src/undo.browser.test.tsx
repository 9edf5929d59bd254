/** The hook of undo, over steps whose every move the test makes. */
import type {
  UndoOptions,
  UndoResult,
  UndoState,
  Universe,
  UniverseError,
  UniverseUndo,
} from '@inner-universe/client'
import { StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createUniverseHooks, type ReducersOf, type TablesOf } from './hooks.ts'
import type { notes } from './testing/notes.ts'
import type { Undo } from './undo.ts'

type Notes = Universe<TablesOf<typeof notes>, ReducersOf<typeof notes>>
type NotesUndo = UniverseUndo<ReducersOf<typeof notes>>

const { UniverseProvider, useUndo } = createUniverseHooks<typeof notes>()

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

/** A universe of which only undo is there. */
function fakeUndo(open: (options: UndoOptions) => void = () => undefined) {
  const listeners = new Set<(state: UndoState) => void>()
  let state: UndoState = { canUndo: false, canRedo: false, undoLabel: null, redoLabel: null }
  let openCount = 0
  const undo = async (options: UndoOptions): Promise<NotesUndo> => {
    open(options)
    openCount += 1
    const history = {
      scope: options.scope,
      reducers: {},
      undo: async () => ({ isDone: true }) as UndoResult,
      redo: async () => ({ isDone: false }) as UndoResult,
      get state() {
        return state
      },
      onState(listener: (next: UndoState) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      clear: async () => undefined,
      close: () => {
        openCount -= 1
      },
    }
    return history as unknown as NotesUndo
  }
  return {
    universe: { undo } as unknown as Notes,
    setState(next: UndoState) {
      state = next
      for (const listener of listeners) listener(next)
    },
    openCount: () => openCount,
  }
}

let seen: Undo<ReducersOf<typeof notes>> | undefined

function Bar({ scope }: { readonly scope: string }) {
  seen = useUndo({ scope })
  return (
    <p>
      {seen.error?.code ?? (seen.undo === undefined ? 'opening' : (seen.undoLabel ?? 'nothing'))}
    </p>
  )
}

test('a component follows what can be undone in its scope, which is open while it is mounted', async () => {
  const fake = fakeUndo()
  root.render(
    <StrictMode>
      <UniverseProvider universe={fake.universe}>
        <Bar scope="a" />
      </UniverseProvider>
    </StrictMode>,
  )
  await vi.waitFor(() => expect(page.textContent).toBe('nothing'))
  fake.setState({ canUndo: true, canRedo: false, undoLabel: 'Rename', redoLabel: null })
  await vi.waitFor(() => expect(page.textContent).toBe('Rename'))
  expect(await seen?.undo?.()).toEqual({ isDone: true })
  expect(fake.openCount()).toBe(1)
  root.render(<p>gone</p>)
  await vi.waitFor(() => expect(page.textContent).toBe('gone'))
  await vi.waitFor(() => expect(fake.openCount()).toBe(0))
})

test('a scope that cannot be opened is told', async () => {
  const fake = fakeUndo(() => {
    throw Object.assign(new Error('too long'), { code: 'call/too-large' }) as UniverseError
  })
  root.render(
    <UniverseProvider universe={fake.universe}>
      <Bar scope="a" />
    </UniverseProvider>,
  )
  await vi.waitFor(() => expect(page.textContent).toBe('call/too-large'))
})
