import { virtualScheduler } from '@inner-universe/sync/testing'
import { expect, test } from 'vitest'
import { connectWithin } from './replica-pipe.ts'

function start() {
  const scheduler = virtualScheduler()
  const told: string[] = []
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const ends = (who: string) => ({
    onMessage: (bytes: Uint8Array) => void told.push(`${who} ${text(bytes)}`),
    onClose: () => void told.push(`${who} closed`),
  })
  const far = Promise.withResolvers<{ send(text: string): void; close(): void }>()
  const connect = connectWithin(scheduler, ({ send, close }) => {
    far.resolve({ send: (what) => send(new TextEncoder().encode(what)), close })
    return ends('far')
  })
  const near = connect({ ...ends('near'), onOpen: () => void told.push('near open') })
  const send = (what: string): void => near.send(new TextEncoder().encode(what))
  return { scheduler, told, near: { send, close: near.close }, far: far.promise }
}

test('messages arrive in order, copied, and never within a call', async () => {
  const { scheduler, told, near, far } = start()
  near.send('1')
  near.send('2')
  const other = await far
  other.send('3')
  expect(told).toEqual([])
  await scheduler.advance(1)
  expect(told).toEqual(['near open', 'far 1', 'far 2', 'near 3'])
})

test('what was sent before the end arrives, nothing after it, and both are told once', async () => {
  const { scheduler, told, near, far } = start()
  const other = await far
  await scheduler.advance(1)
  other.send('bye')
  other.close()
  other.close()
  near.send('too late')
  await scheduler.advance(1)
  expect(told).toEqual(['near open', 'near bye', 'far closed', 'near closed'])
})

test('who has closed hears nothing more, and one that is closed at once never opens', async () => {
  const { scheduler, told, near, far } = start()
  const other = await far
  other.send('1')
  near.close()
  await scheduler.advance(1)
  expect(told.sort()).toEqual(['far closed', 'near closed'])
})
