/** The hook of documents, over a universe that is there. */
import { deleteUniverse, openUniverse, type Universe } from '@inner-universe/client'
import { type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createUniverseHooks, type ReducersOf, type TablesOf } from './hooks.ts'
import { notes } from './testing/notes.ts'

const { UniverseProvider, useDocument } = createUniverseHooks<typeof notes>()

const NAME = 'react-document-test'
let universe: Universe<TablesOf<typeof notes>, ReducersOf<typeof notes>>
let root: Root
let page: HTMLElement

beforeEach(async () => {
  await deleteUniverse(NAME)
  universe = await openUniverse(notes, {
    name: NAME,
    worker: () =>
      new Worker(new URL('./testing/notes.worker.ts', import.meta.url), { type: 'module' }),
  })
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

function render(children: ReactNode): void {
  root.render(
    <StrictMode>
      <UniverseProvider universe={universe}>{children}</UniverseProvider>
    </StrictMode>,
  )
}

function Editor({ row }: { readonly row: string | undefined }) {
  const { document, status, error } = useDocument('note', row, 'body')
  if (error !== undefined) return `failed: ${error.code}`
  if (document === undefined) return 'opening'
  const type = () => document.doc.getText('content').insert(0, `typed in ${row} `)
  return (
    <button type="button" onClick={type}>
      {status?.kind}
    </button>
  )
}

async function textOf(row: string): Promise<string> {
  const body = await universe.doc('note', row, 'body')
  const text = body.doc.getText('content').toString()
  await body.close()
  return text
}

test('a document is open while it is shown, and saved when it goes', async () => {
  const one = await universe.reducers.addNote({ text: 'one' })
  const two = await universe.reducers.addNote({ text: 'two' })
  render(<Editor row={undefined} />)
  await expect.poll(() => page.textContent).toBe('opening')
  render(<Editor row={one} />)
  await expect.poll(() => page.textContent).toBe('saved')
  page.querySelector('button')?.click()
  await expect.poll(() => page.textContent).toBe('saving')
  await expect.poll(() => page.textContent).toBe('saved')
  page.querySelector('button')?.click()
  render(<Editor row={two} />)
  await expect.poll(() => page.textContent).toBe('saved')
  page.querySelector('button')?.click()
  render('gone')
  await expect.poll(() => textOf(one)).toBe(`typed in ${one} typed in ${one} `)
  await expect.poll(() => textOf(two)).toBe(`typed in ${two} `)
})

test('a row that is not there is told', async () => {
  render(<Editor row="nobody" />)
  await expect.poll(() => page.textContent).toBe('failed: table/row-not-found')
})
