import { COMMIT_VERSION_REDUCER } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { CallQueue } from './call-queue.ts'
import { HostClient } from './host-client.ts'

test('a call of versions is the last of its group: what it names is what was called before it', () => {
  const queue = new CallQueue({ isSuspicious: false, condemnedCallIds: new Set() })
  const client = new HostClient({
    clientId: '0123456789abcdef0123456789abcdef',
    identity: 'ada',
    hasToken: false,
    lane: { send: () => undefined, onMessage: () => undefined, close: () => undefined },
    onGone: () => undefined,
  })
  const names = ['add', 'add', COMMIT_VERSION_REDUCER, 'add', COMMIT_VERSION_REDUCER, 'add']
  names.forEach((reducer, index) => {
    const call = { kind: 'call', number: index + 1, reducer, args: {}, timestampMs: 1 } as const
    queue.push(client, { ...call, isResent: false })
  })
  const groups: string[][] = []
  while (!queue.isEmpty) {
    groups.push(queue.take(() => true).map(({ item }) => item.reducer))
    // As of calls that cost little, so that size alone parts none of them.
    queue.learn(1, 0)
  }
  expect(groups).toEqual([
    ['add', 'add', COMMIT_VERSION_REDUCER],
    ['add', COMMIT_VERSION_REDUCER],
    ['add'],
  ])
})
