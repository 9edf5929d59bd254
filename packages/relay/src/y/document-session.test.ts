import { virtualScheduler } from '@inner-universe/sync/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { claims, createMemoryDesk, type MemoryDocument } from '../testing/memory-documents.ts'
import { DocumentSession } from './document-session.ts'

const ADDRESS = { universe: 'home', table: 'note', row: '1', document: 'body' }

async function start(limits: { readonly waitingBytesMax?: number } = {}) {
  const scheduler = virtualScheduler()
  const desk = createMemoryDesk()
  desk.tokens.set('ada', claims('ada'))
  const { lease } = await desk.admit('ada', ADDRESS)
  const document = desk.document(ADDRESS) as MemoryDocument
  const told: string[] = []
  const session = new DocumentSession({
    lease,
    link: {
      send: ({ kind }) => told.push(kind),
      bufferedBytes: () => 0,
      settled: (count) => told.push(`settled ${count}`),
      end: ({ code }) => told.push(`end ${code}`),
    },
    author: { identity: 'ada' },
    refusal: () => undefined,
    limits: {
      updateBytesMax: 10_000,
      waitingBytesMax: 10_000,
      bufferedBytesMax: 10_000,
      gatherMs: 100,
      ...limits,
    },
    scheduler,
  })
  const doc = new Y.Doc()
  const send = (text: string): Promise<void> | undefined => {
    let handled: Promise<void> | undefined
    doc.once('update', (update) => {
      handled = session.receive({ kind: 'update', update, isAnswer: false })
    })
    doc.getText('content').insert(0, text)
    return handled
  }
  return {
    scheduler,
    document,
    told,
    session,
    send,
    textOf: () => document.doc.getText('content').toString(),
  }
}

/** Everything that waits for nothing but its turn. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('[YC8] the first update is kept at once, those within a moment of it together', async () => {
  const { scheduler, document, send, textOf, told } = await start()
  send('1')
  await turns()
  expect(textOf()).toBe('1')
  send('2')
  send('3')
  await turns()
  expect(textOf()).toBe('1')
  await scheduler.advance(100)
  expect(textOf()).toBe('321')
  expect(document.appends.length).toBe(2)
  expect(told).toEqual(['awareness', 'settled 1', 'settled 2'])
})

test('[YC8] an update that comes in whatever moment of another is kept', async () => {
  for (let moment = 0; moment < 20; moment++) {
    const { scheduler, send, textOf } = await start()
    send('1')
    await scheduler.advance(100)
    for (let turn = 0; turn < moment; turn++) await Promise.resolve()
    send('2')
    await scheduler.advance(1000)
    expect(textOf()).toBe('21')
    send('3')
    for (let turn = 0; turn < moment; turn++) await Promise.resolve()
    send('4')
    await scheduler.advance(1000)
    expect(textOf()).toBe('4321')
  }
})

test('[YC16] a client is not read while much of it is not kept', async () => {
  const { scheduler, document, send, textOf } = await start({ waitingBytesMax: 500 })
  const gate = Promise.withResolvers<void>()
  document.gate = gate.promise
  expect(send('1')).toBeUndefined()
  expect(send('2')).toBeUndefined()
  let isRead = false
  send('x'.repeat(1000))?.then(() => {
    isRead = true
  })
  await scheduler.advance(1000)
  expect(isRead).toBe(false)
  gate.resolve()
  await scheduler.advance(1000)
  expect(isRead).toBe(true)
  expect(textOf().length).toBe(1002)
})

test('[YC10] what waits when a session is closed is kept without waiting, or dropped with its rights', async () => {
  for (const isRevoked of [false, true]) {
    const { document, send, session, textOf } = await start()
    send('1')
    await turns()
    send('2')
    await session.close({ isRevoked })
    expect(textOf()).toBe(isRevoked ? '1' : '21')
    expect(document.leaseCount).toBe(0)
  }
})
