import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineModule, t, table } from '@inner-universe/core'
import { expect, it } from 'vitest'
import { openUniverse } from './open.ts'

const module = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ id: t.id(), title: t.text(), body: t.text().default('') }) },
  reducers: (reducer) => ({
    add: reducer({ title: t.text() }, (ctx, { title }) => ctx.db.note.insert({ title }).id),
    rename: reducer({ id: t.text(), title: t.text() }, (ctx, { id, title }) => {
      ctx.db.note.update(id, { title })
    }),
    refuse: reducer({}, () => {
      throw new Error('no')
    }),
  }),
})

const open = (path?: string) =>
  openUniverse(module, path === undefined ? { memory: true } : { path, durability: 'process' })

it('[UN17] calls made through a scope are undone and done again, also by who opens the file anew', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'universe-undo-'))
  const path = join(folder, 'universe.sqlite')
  try {
    const first = await open(path)
    const history = await first.undo({ scope: 'editor', groupMs: 0 })
    const id = await history.reducers.add({ title: 'one' })
    await history.reducers.rename({ id, title: 'two' }, { undoLabel: 'Rename' })
    expect(history.state).toEqual({
      canUndo: true,
      canRedo: false,
      undoLabel: 'Rename',
      redoLabel: null,
    })
    await first.close()
    const second = await open(path)
    const again = await second.undo({ scope: 'editor' })
    expect(again.state).toMatchObject({ canUndo: true, undoLabel: 'Rename' })
    expect(await again.undo()).toEqual({
      isDone: true,
      label: 'Rename',
      rowCount: 1,
      skipped: [],
      skippedCount: 0,
    })
    expect(await second.get('note', id)).toMatchObject({ title: 'one' })
    expect(await again.undo()).toMatchObject({ isDone: true, label: 'add' })
    expect(await second.get('note', id)).toBeUndefined()
    expect(await again.undo()).toMatchObject({ isDone: false, label: null, rowCount: 0 })
    await again.redo()
    await again.redo()
    expect(await second.get('note', id)).toMatchObject({ title: 'two' })
    expect(again.state).toMatchObject({ canUndo: true, canRedo: false })
    await second.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('[UN17] a state is told when it changes, once each, and keeps its identity otherwise', async () => {
  const universe = await open()
  const history = await universe.undo({ scope: 'editor', groupMs: 0 })
  const other = await universe.undo({ scope: 'other' })
  const told: unknown[] = []
  const stop = history.onState(({ canUndo, canRedo }) => told.push([canUndo, canRedo]))
  const id = await history.reducers.add({ title: 'one' })
  const { state } = history
  await history.reducers.add({ title: 'two' })
  expect(history.state).toBe(state)
  await expect(history.reducers.refuse({})).rejects.toMatchObject({ code: 'reducer/rejected' })
  // Not recorded: no part of any step.
  await universe.reducers.rename({ id, title: 'elsewhere' })
  await history.undo()
  await history.undo()
  await history.clear()
  expect(told).toEqual([
    [true, false],
    [true, true],
    // What was inserted has been renamed by others: it stays, and its step is gone.
    [false, true],
    [false, false],
  ])
  stop()
  await history.reducers.add({ title: 'three' })
  expect(told).toHaveLength(4)
  expect(other.state.canUndo).toBe(false)
  expect(await universe.get('note', id)).toMatchObject({ title: 'elsewhere' })
  history.close()
  await universe.close()
  await expect(universe.undo({ scope: 'editor' })).rejects.toMatchObject({ code: 'client/closed' })
})

it('[UN17] names that are too long are refused before anything is done', async () => {
  const universe = await open()
  const long = 'x'.repeat(257)
  await expect(universe.undo({ scope: long })).rejects.toMatchObject({ code: 'call/too-large' })
  const history = await universe.undo({ scope: 'x'.repeat(256) })
  const call = history.reducers.add({ title: 'one' }, { undoGroup: long })
  await expect(call).rejects.toMatchObject({ code: 'call/too-large' })
  expect(await universe.count((q) => q.note)).toBe(0)
  await universe.close()
})
