import { encodeKey, k } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { append, clockOf, drop, load, type Message } from '../../example/message-log.ts'
import { localJobs } from '../testing/local-jobs.ts'

const message = (lamport: number, digit: string): Message => ({
  lamport,
  id: `${digit.repeat(8)}-0000-7000-8000-000000000000`,
  body: `message ${lamport}`,
})

test('the example: messages are appended, evicted, loaded in order, and a channel is dropped', async () => {
  const { root } = localJobs()
  const job = await root.openJob('outbox')
  expect(await clockOf(job, 'a')).toBe(0)
  // Out of order, two of one time, and another channel.
  for (const [lamport, digit] of [
    [3, '1'],
    [1, '2'],
    [2, '4'],
    [2, '3'],
  ] as const) {
    await append(job, 'a', message(lamport, digit), 3)
    await append(job, 'ab', message(lamport, digit), 10)
  }
  expect(await load(job, 'a')).toEqual([message(2, '3'), message(2, '4'), message(3, '1')])
  expect((await load(job, 'ab')).map(({ lamport }) => lamport)).toEqual([1, 2, 2, 3])
  expect(await clockOf(job, 'a')).toBe(2)
  // A row that is no message is left out; a damaged clock is an error.
  await job.persistPut('log', encodeKey('a', 9, k.uint8(1)), 'no message')
  expect(await load(job, 'a')).toHaveLength(3)
  await job.persistPut('meta', 'a', new Uint8Array([1]))
  await expect(clockOf(job, 'a')).rejects.toMatchObject({ code: 'kv/invalid-argument' })
  await drop(job, 'a')
  expect(await load(job, 'a')).toEqual([])
  expect(await clockOf(job, 'a')).toBe(0)
  expect(await load(job, 'ab')).toHaveLength(4)
  await root.close()
})
