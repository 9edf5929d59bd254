import { deleteUniverse, openUniverse, type Universe } from '@inner-universe/client'
import { Component, type ReactNode, StrictMode, Suspense } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createUniverseHooks, type ReducersOf, type TablesOf } from './hooks.ts'
import { notes } from './testing/notes.ts'

type NotesUniverse = Universe<TablesOf<typeof notes>, ReducersOf<typeof notes>>

const {
  UniverseProvider,
  useUniverse,
  useLiveQuery,
  useLiveSql,
  useLiveSearch,
  useCall,
  useStatus,
} = createUniverseHooks<typeof notes>()

const NAME = 'react-hooks-test'
let universe: NotesUniverse
let root: Root
let page: HTMLElement

beforeEach(async () => {
  await deleteUniverse(NAME)
  universe = await openNotes()
  // Unbundled, the code of live queries is many files: what is tried here is not how fast they come.
  await universe.explain((q) => q.note)
  page = document.createElement('div')
  document.body.append(page)
  root = createRoot(page)
})

afterEach(async () => {
  root.unmount()
  page.remove()
  await universe.close()
  await deleteUniverse(NAME)
})

function openNotes(): Promise<NotesUniverse> {
  return openUniverse(notes, {
    name: NAME,
    worker: () =>
      new Worker(new URL('./testing/notes.worker.ts', import.meta.url), { type: 'module' }),
  })
}

function render(children: ReactNode, of: NotesUniverse | Promise<NotesUniverse> = universe): void {
  root.render(
    <StrictMode>
      <Boundary>
        <Suspense fallback="waiting">
          <UniverseProvider universe={of}>{children}</UniverseProvider>
        </Suspense>
      </Boundary>
    </StrictMode>,
  )
}

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}
  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error }
  }
  override render(): ReactNode {
    return this.state.error === undefined
      ? this.props.children
      : `failed: ${this.state.error.message}`
  }
}

/** The universe with a count of the subscriptions its live queries have at the moment. */
function counting(of: NotesUniverse): NotesUniverse & { readonly active: { count: number } } {
  const active = { count: 0 }
  return {
    ...of,
    active,
    get connection() {
      return of.connection
    },
    live(build) {
      const live = of.live(build)
      return {
        get state() {
          return live.state
        },
        subscribe(onState) {
          active.count++
          const stop = live.subscribe(onState)
          return () => {
            active.count--
            stop()
          }
        },
        [Symbol.asyncIterator]: () => live[Symbol.asyncIterator](),
      }
    },
  }
}

function Notes({ isDone }: { readonly isDone: boolean }): ReactNode {
  const { rows, isReady } = useLiveQuery((q) => q.note.where({ isDone }).orderBy('text'), [isDone])
  return isReady ? `[${rows.map((row) => row.text).join(',')}]` : 'loading'
}

test('a live query shows its rows and follows changes', async () => {
  await universe.reducers.addNote({ text: 'bread' })
  render(<Notes isDone={false} />)
  await expect.poll(() => page.textContent).toBe('[bread]')
  await universe.reducers.addNote({ text: 'apples' })
  await expect.poll(() => page.textContent).toBe('[apples,bread]')
})

test('another query is another result', async () => {
  const id = await universe.reducers.addNote({ text: 'bread' })
  await universe.reducers.finishNote({ id })
  render(<Notes isDone={false} />)
  await expect.poll(() => page.textContent).toBe('[]')
  render(<Notes isDone={true} />)
  await expect.poll(() => page.textContent).toBe('[bread]')
})

test('equal queries share one subscription, StrictMode or not, and leave none behind', async () => {
  const counted = counting(universe)
  render(
    <>
      <Notes isDone={false} />
      <Notes isDone={false} />
    </>,
    counted,
  )
  await expect.poll(() => page.textContent).toBe('[][]')
  expect(counted.active.count).toBe(1)
  render('nothing', counted)
  await expect.poll(() => page.textContent).toBe('nothing')
  expect(counted.active.count).toBe(0)
})

test('with suspense the first render already has rows, and one subscription is left', async () => {
  await universe.reducers.addNote({ text: 'bread' })
  const counted = counting(universe)
  const seen: number[] = []
  function Suspending(): ReactNode {
    const { rows } = useLiveQuery((q) => q.note, [], { suspense: true })
    seen.push(rows.length)
    return `${rows.length} note`
  }
  render(<Suspending />, counted)
  await expect.poll(() => page.textContent).toBe('1 note')
  expect(seen).not.toContain(0)
  expect(counted.active.count).toBe(1)
})

test('with suspense an error goes to the boundary, without it into the state', async () => {
  function Wrong({ suspense }: { readonly suspense: boolean }): ReactNode {
    const { error } = useLiveSql('select a from nowhere', [], { suspense })
    return error === undefined ? 'loading' : error.code
  }
  render(<Wrong suspense={false} />)
  await expect.poll(() => page.textContent).toBe('sql/invalid')
  render(<Wrong key="other" suspense={true} />)
  await expect.poll(() => page.textContent).toMatch(/^failed: .*nowhere/)
})

test('with keepPrevious a changed query keeps the rows until it has its own', async () => {
  await universe.reducers.addNote({ text: 'bread' })
  const seen: string[] = []
  function Limited({ limit }: { readonly limit: number }): ReactNode {
    const { rows, isReady, isPrevious } = useLiveQuery((q) => q.note.limit(limit), [limit], {
      keepPrevious: true,
    })
    seen.push(isReady ? `${rows.length}${isPrevious ? ' previous' : ''}` : 'none')
    return `${limit}:${rows.length}:${isPrevious}`
  }
  render(<Limited limit={1} />)
  await expect.poll(() => page.textContent).toBe('1:1:false')
  seen.length = 0
  render(<Limited limit={2} />)
  await expect.poll(() => page.textContent).toBe('2:1:false')
  expect(seen).not.toContain('none')
  expect(seen).toContain('1 previous')
})

test('SQL and searches are live too', async () => {
  function Both(): ReactNode {
    const sql = useLiveSql<{ readonly count: number }>('select count(*) as count from note')
    const found = useLiveSearch('note', 'bre')
    return `${sql.rows[0]?.count}/${found.rows.map((row) => row.text).join()}`
  }
  render(<Both />)
  await expect.poll(() => page.textContent).toBe('0/')
  await universe.reducers.addNote({ text: 'bread' })
  await universe.reducers.addNote({ text: 'milk' })
  await expect.poll(() => page.textContent).toBe('2/bread')
})

test('a call tells that it is pending, what it failed with, and forgets on success', async () => {
  const seen: string[] = []
  function Caller(): ReactNode {
    const refuse = useCall('refuse')
    const add = useCall('addNote')
    seen.push(add.isPending ? 'pending' : 'idle')
    return (
      <>
        <button type="button" id="refuse" onClick={() => void refuse.call({})}>
          {refuse.error?.code ?? 'fine'}
        </button>
        <button type="button" id="reset" onClick={refuse.reset}>
          reset
        </button>
        <button type="button" id="add" onClick={() => void add.call({ text: 'bread' })}>
          {add.error?.code ?? 'fine'}
        </button>
      </>
    )
  }
  render(<Caller />)
  const press = async (id: string): Promise<void> => {
    await expect.poll(() => page.querySelector(`#${id}`)).not.toBeNull()
    page.querySelector<HTMLElement>(`#${id}`)?.click()
  }
  await press('refuse')
  await expect.poll(() => page.querySelector('#refuse')?.textContent).toBe('reducer/rejected')
  await press('reset')
  await expect.poll(() => page.querySelector('#refuse')?.textContent).toBe('fine')
  await press('add')
  await expect.poll(() => seen.includes('pending')).toBe(true)
  await expect.poll(() => seen.at(-1)).toBe('idle')
  expect(await universe.count((q) => q.note)).toBe(1)
})

test('the status says how this tab is connected and where the data is', async () => {
  function Shown(): ReactNode {
    const { connection, storage } = useStatus()
    return `${connection.kind} ${storage?.kind}`
  }
  render(<Shown />)
  await expect.poll(() => page.textContent).toBe('open opfs')
})

test('a provider waits for a universe that is being opened', async () => {
  function Named(): ReactNode {
    return useUniverse().name
  }
  const { promise, resolve } = Promise.withResolvers<NotesUniverse>()
  render(<Named />, promise)
  await expect.poll(() => page.textContent).toBe('waiting')
  resolve(universe)
  await expect.poll(() => page.textContent).toBe(NAME)
})

test('a hook without a provider above says what is missing', async () => {
  function Lost(): ReactNode {
    return useUniverse().name
  }
  root.render(
    <Boundary>
      <Lost />
    </Boundary>,
  )
  await expect.poll(() => page.textContent).toContain('render a UniverseProvider')
})
