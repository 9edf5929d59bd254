import { afterEach, expect, test, vi } from 'vitest'
import { startFoldThread } from './fold-thread.ts'
import type { Folds } from './folds.ts'
import { createFoldedRelay } from './testing/folded-relay.ts'

// A thread reads all its sources first.
vi.setConfig({ testTimeout: 60_000 })

const threads: Folds[] = []

afterEach(async () => {
  await Promise.all(threads.splice(0).map((folds) => folds.close()))
})

function start(): Folds {
  const folds = startFoldThread({ folder: undefined, modulePaths: [] })
  threads.push(folds)
  return folds
}

const town = { universe: 'town', module: 'library', owner: 'ada' }

test('a fold in a thread does what one in this thread does', async () => {
  const relay = createFoldedRelay()
  const ada = await relay.replica('ada')
  const ids = ada.call('addBooks', { count: 20 }) as string[]
  await ada.sync()
  ada.call('remove', { ids: ids.slice(0, 3) })
  await ada.sync()
  const found = await relay.store.find('town')
  const entries = await relay.store.read('town', 0, 1e9)
  const schema = ada.engine.replica.schema

  const folds = start()
  await folds.open({ ...town, schema })
  const { position } = await folds.receive('town', entries, found?.epoch as never)
  expect(position).toEqual(ada.engine.replica.position())
  const marked = await folds.noteMark('town', 5)
  expect(marked.mark).toMatchObject({ position, atMs: 5 })
  expect(await folds.floor('town')).toMatchObject({
    baseOffset: position.offset,
    forgotten: [{ table: 'book', ids: ids.slice(0, 3).sort() }],
  })
  const facts = await folds.beginImage('town')
  expect(facts).toMatchObject({ position, digest: ada.engine.digest() })
  expect((await folds.nextChunk('town'))?.bytes.length).toBeGreaterThan(0)
  expect(await folds.nextChunk('town')).toBeUndefined()
})

test('an error of the thread keeps its code', async () => {
  const folds = start()
  await expect(folds.open({ ...town, schema: undefined })).rejects.toMatchObject({
    code: 'module/invalid',
  })
})

test('a closed thread answers nothing any more', async () => {
  const folds = start()
  const waiting = folds.open({ ...town, schema: undefined })
  await folds.close()
  await expect(waiting).rejects.toBeDefined()
  await expect(folds.reset('town')).rejects.toMatchObject({ code: 'relay/unavailable' })
})

test('a thread that cannot start fails its calls, each time anew', async () => {
  const folds = startFoldThread({ folder: undefined, modulePaths: ['/nowhere/module.ts'] })
  threads.push(folds)
  for (let times = 0; times < 2; times++) {
    await expect(folds.reset('town')).rejects.toMatchObject({ code: 'relay/unavailable' })
  }
})
