import { afterEach, expect, test, vi } from 'vitest'
import { type FrameTab, openFrameTab } from '../testing/frame-tab.ts'
import { openTodos } from '../testing/open-todos.ts'
import { deleteUniverse } from './open.ts'

const name = 'undo test'
const frames: FrameTab[] = []

afterEach(async () => {
  for (const frame of frames.splice(0)) frame.kill()
  // The lock of a tab that was killed comes free a moment later.
  await navigator.locks.request(`inner-universe:${name}`, () => undefined)
  await deleteUniverse(name)
})

test('[UN17] two tabs have the same steps, hear of each other’s, and go on when the leader is gone', async () => {
  const frame = await openFrameTab()
  frames.push(frame)
  const there = await frame.openTodos({ name })
  const here = await openTodos({ name })
  const options = { scope: 'list', groupMs: 0 }
  const [ours, theirs] = await Promise.all([here.undo(options), there.undo(options)])
  const told: boolean[] = []
  ours.onState(({ canUndo }) => told.push(canUndo))
  const id = await theirs.reducers.addTodo({ title: 'from there' })
  await vi.waitFor(() => expect(told).toEqual([true]))
  await ours.reducers.finish({ id }, { undoLabel: 'Finish' })
  await vi.waitFor(() => expect(theirs.state).toMatchObject({ undoLabel: 'Finish' }))
  expect(await theirs.undo()).toMatchObject({ isDone: true, label: 'Finish', skipped: [] })
  expect(await here.get('todo', id)).toMatchObject({ done: false })
  await vi.waitFor(() => expect(ours.state).toMatchObject({ redoLabel: 'Finish' }))
  expect(there.connection).toEqual({ kind: 'open', role: 'leader' })
  frames.pop()?.kill()
  // The next worker has them from the file.
  expect(await ours.redo()).toMatchObject({ isDone: true, label: 'Finish' })
  expect(await here.get('todo', id)).toMatchObject({ done: true })
  await ours.undo()
  await ours.undo()
  expect(await here.get('todo', id)).toBeUndefined()
  expect(ours.state).toMatchObject({ canUndo: false, canRedo: true })
  await ours.clear()
  expect(ours.state).toMatchObject({ canUndo: false, canRedo: false })
  await here.close()
})
