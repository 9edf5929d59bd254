import type { ReducerCall } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { createUnsyncedLog } from './unsynced-log.ts'

function aCall(callId: string) {
  const durable = Promise.withResolvers<string>()
  const confirmed = Promise.withResolvers<string>()
  const call: ReducerCall<string> = {
    callId,
    applied: durable.promise,
    durable: durable.promise,
    confirmed: confirmed.promise,
    // biome-ignore lint/suspicious/noThenProperty: a call is awaited
    then: (...handlers) => durable.promise.then(...handlers),
  }
  return { call, durable, confirmed }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const noteOf = (id: string) => ({ verb: 'Changed', name: 'dog', ids: [id] })

test('a change is there from when it is durable until it is confirmed', async () => {
  const log = createUnsyncedLog(() => 7)
  const { call, durable, confirmed } = aCall('1')
  expect(log.note(call, noteOf)).toBe(call)
  expect(log.state.changes).toEqual([])
  durable.resolve('dog-id')
  await turn()
  expect(log.state.changes).toEqual([
    { callId: '1', atMs: 7, verb: 'Changed', name: 'dog', ids: ['dog-id'] },
  ])
  confirmed.resolve('dog-id')
  await turn()
  expect(log.state).toEqual({ changes: [], editedIds: ['dog-id'] })
})

test('a refused call leaves no change, and an undone one goes', async () => {
  const log = createUnsyncedLog(() => 0)
  const [refused, undone] = [aCall('1'), aCall('2')]
  log.note(refused.call, noteOf)
  log.note(undone.call, noteOf)
  refused.durable.reject(new Error('no'))
  undone.durable.resolve('x')
  await turn()
  expect(log.state.changes.map(({ callId }) => callId)).toEqual(['2'])
  undone.confirmed.reject(new Error('denied'))
  await turn()
  expect(log.state.changes).toEqual([])
})

test('what was edited last is kept, each once, and not without end', async () => {
  const log = createUnsyncedLog(() => 0)
  for (const id of ['a', 'b', 'a', ...'cdefghijk']) {
    const { call, durable } = aCall(id)
    durable.resolve(id)
    log.note(call, noteOf)
    await turn()
  }
  expect(log.state.editedIds.join('')).toBe('acdefghijk')
})
