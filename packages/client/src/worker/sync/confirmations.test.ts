import type { Replica, StreamId } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { SyncNews } from '../../rpc/contract.ts'
import { Confirmations } from './confirmations.ts'

const A = 'a' as StreamId
const B = 'b' as StreamId

/** A replica of which only what is pending counts. */
function setup() {
  const pending = new Map<StreamId, number>()
  const replica = {
    pendingStreams: () =>
      [...pending].map(([stream, seq]) => ({ stream, acknowledged: { stream, seq, hash: '' } })),
  } as unknown as Replica
  const confirmations = new Confirmations(() => replica)
  const news: SyncNews[] = []
  const asker = { post: (item: SyncNews) => void news.push(item) }
  return { pending, confirmations, news, asker }
}

test('what is not pending is confirmed at once, whoever wrote it', () => {
  const { confirmations, news, asker } = setup()
  confirmations.ask(asker, 1, { stream: A, seq: 7 })
  expect(news).toEqual([{ kind: 'confirmed', id: 1 }])
})

test('what is pending is confirmed when its stream has been acknowledged that far', () => {
  const { pending, confirmations, news, asker } = setup()
  pending.set(A, 3).set(B, 0)
  confirmations.ask(asker, 1, { stream: A, seq: 3 })
  confirmations.ask(asker, 2, { stream: A, seq: 5 })
  confirmations.ask(asker, 3, { stream: B, seq: 1 })
  expect(news).toEqual([{ kind: 'confirmed', id: 1 }])
  pending.set(A, 4)
  confirmations.settle()
  expect(news).toHaveLength(1)
  pending.delete(A)
  confirmations.settle()
  confirmations.settle()
  expect(news.slice(1)).toEqual([{ kind: 'confirmed', id: 2 }])
})

test('who waits follows a delta to where a rebuild has put it', () => {
  const { pending, confirmations, news, asker } = setup()
  pending.set(A, 0)
  confirmations.ask(asker, 1, { stream: A, seq: 1 })
  confirmations.ask(asker, 2, { stream: A, seq: 2 })
  confirmations.ask(asker, 3, { stream: A, seq: 3 })
  pending.delete(A)
  pending.set(B, 0)
  confirmations.adopt([
    { kind: 'reauthored', from: { stream: A, seq: 1 }, to: { stream: B, seq: 1 } },
    { kind: 'settled', from: { stream: A, seq: 2 } },
    { kind: 'dropped', from: { stream: A, seq: 3 }, code: 'sync/denied', reason: 'read only' },
  ])
  expect(news).toMatchObject([
    { kind: 'confirmed', id: 2 },
    { kind: 'unconfirmed', id: 3, error: { code: 'sync/denied', message: 'read only' } },
  ])
  pending.delete(B)
  confirmations.settle()
  expect(news[2]).toEqual({ kind: 'confirmed', id: 1 })
})

test('who asks after the rebuild is told the same', () => {
  const { pending, confirmations, news, asker } = setup()
  pending.set(B, 0)
  confirmations.adopt([
    { kind: 'reauthored', from: { stream: A, seq: 1 }, to: { stream: B, seq: 1 } },
    { kind: 'dropped', from: { stream: A, seq: 2 }, code: 'sync/dropped', reason: 'gone' },
  ])
  confirmations.ask(asker, 1, { stream: A, seq: 1 })
  confirmations.ask(asker, 2, { stream: A, seq: 2 })
  expect(news).toMatchObject([{ kind: 'unconfirmed', id: 2, error: { code: 'sync/dropped' } }])
})

test('who has gone is not told', () => {
  const { pending, confirmations, news, asker } = setup()
  pending.set(A, 0)
  confirmations.ask(asker, 1, { stream: A, seq: 1 })
  confirmations.drop(asker)
  pending.clear()
  confirmations.settle()
  expect(news).toEqual([])
})
