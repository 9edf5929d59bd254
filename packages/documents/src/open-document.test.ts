import { DOCUMENT_UPDATE_BYTES_MAX, UniverseError } from '@inner-universe/core'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { BURST_LENGTH, BURST_MS, COMPACT_ROWS, IDLE_MS, RETRY_MS } from './limits.ts'
import { closeDocuments, type OpenDocument, openDocument } from './open-document.ts'
import { ManualTimers, settle } from './testing/manual-timers.ts'
import { type MemoryHome, MemoryReplica } from './testing/memory-home.ts'

const ADDRESS = { table: 'note', row: 'r', document: 'body' }

function setUp() {
  const timers = new ManualTimers()
  const replica = new MemoryReplica('a')
  const home = replica.open()
  const open = (on: MemoryHome = home, initial?: (doc: Y.Doc) => void) =>
    openDocument(on, ADDRESS, { setTimer: timers.setTimer, ...(initial && { initial }) })
  return { timers, replica, home, open }
}

function textOf({ doc }: OpenDocument): Y.Text {
  return doc.getText('content')
}

/** Gives what one replica has done to another. */
function deliver(from: MemoryReplica, to: MemoryReplica): void {
  for (const delta of from.outgoing.splice(0)) to.take(delta)
}

describe('saving', () => {
  test('[DU3] what is typed in a burst is one row, a quarter of a second later', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    for (const letter of 'hello') textOf(document).insert(textOf(document).length, letter)
    textOf(document).delete(0, 1)
    expect(document.status.kind).toBe('saving')
    await timers.advance(BURST_MS - 1)
    expect(replica.rowCount).toBe(0)
    await timers.advance(1)
    expect(replica.rowCount).toBe(1)
    expect(document.status.kind).toBe('saved')
    const plain = new Y.Doc()
    Y.applyUpdate(plain, replica.rows[0]?.update ?? new Uint8Array())
    expect(plain.getText('content').toString()).toBe('ello')
  })

  test('[DU3] a large burst, a flush and a hidden page do not wait', async () => {
    const { replica, home, open } = setUp()
    const document = await open()
    textOf(document).insert(0, 'x'.repeat(BURST_LENGTH))
    await settle()
    expect(replica.rowCount).toBe(1)
    textOf(document).insert(0, 'y')
    await document.flush()
    expect(replica.rowCount).toBe(2)
    textOf(document).insert(0, 'z')
    for (const hide of home.hides) hide()
    await settle()
    expect(replica.rowCount).toBe(3)
    textOf(document).insert(0, 'w')
    await closeDocuments(home)
    expect(replica.rowCount).toBe(4)
    expect(document.doc.isDestroyed).toBe(true)
    await document.close()
  })

  test('[DU3] a hidden page does not wait for the write that is under way', async () => {
    const { home, open } = setUp()
    const document = await open()
    const begun: Uint8Array[] = []
    home.append = async (_address, update) => {
      begun.push(update)
      await new Promise(() => undefined)
    }
    textOf(document).insert(0, 'a')
    for (const hide of home.hides) hide()
    textOf(document).insert(1, 'b')
    for (const hide of home.hides) hide()
    await settle()
    expect(begun).toHaveLength(2)
  })

  test('[DU4] a burst that fails is kept, told, and tried again', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    const told: string[] = []
    document.onStatus(({ kind }) => told.push(kind))
    replica.failure = new UniverseError('storage/quota-exceeded', 'full')
    textOf(document).insert(0, 'kept')
    await expect(document.flush()).rejects.toThrow('full')
    expect(document.status).toEqual({ kind: 'failed', error: replica.failure, isComplete: true })
    textOf(document).insert(4, ' all')
    replica.failure = undefined
    await timers.advance(RETRY_MS)
    expect(document.status.kind).toBe('saved')
    expect(told).toEqual(['saving', 'failed', 'saved'])
    const again = await open(replica.open())
    expect(textOf(again).toString()).toBe('kept all')
  })

  test('[DU4] a failure that does not pass is tried again with the next burst only', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    replica.failure = new UniverseError('table/row-not-found', 'gone')
    textOf(document).insert(0, 'a')
    await expect(document.flush()).rejects.toThrow('gone')
    replica.failure = undefined
    await timers.advance(60_000)
    expect(document.status.kind).toBe('failed')
    textOf(document).insert(0, 'b')
    await timers.advance(BURST_MS)
    expect(document.status.kind).toBe('saved')
  })

  test('[DU5] a burst that is too large becomes several rows, cut between characters', async () => {
    const { replica, open } = setUp()
    const document = await open()
    const text = '😀ab'.repeat(600_000)
    textOf(document).insert(0, text)
    document.doc.getArray('list').insert(
      0,
      Array.from({ length: 100_000 }, (_, index) => index),
    )
    textOf(document).delete(4, 4)
    await document.flush()
    expect(replica.rowCount).toBeGreaterThan(2)
    for (const { update } of replica.rows) {
      expect(update.length).toBeLessThanOrEqual(DOCUMENT_UPDATE_BYTES_MAX)
    }
    const again = await open(replica.open())
    expect(again.faults).toEqual([])
    expect(textOf(again).toString() === text.slice(0, 4) + text.slice(8)).toBe(true)
    expect(again.doc.getArray('list').length).toBe(100_000)
  })

  test('[DU5] one value that is too large is refused by name', async () => {
    const { open } = setUp()
    const document = await open()
    document.doc.getMap('content').set('picture', new Uint8Array(DOCUMENT_UPDATE_BYTES_MAX))
    await expect(document.flush()).rejects.toMatchObject({ code: 'document/too-large' })
    await expect(document.close()).rejects.toMatchObject({ code: 'document/too-large' })
  })

  test('[DU7] a document inside of a document is not written', async () => {
    const { replica, open } = setUp()
    const document = await open()
    document.doc.getMap('content').set('inner', new Y.Doc())
    await expect(document.flush()).rejects.toMatchObject({ code: 'document/invalid-update' })
    expect(replica.rowCount).toBe(0)
  })
})

describe('checkpoints', () => {
  async function write(document: OpenDocument, rowCount: number): Promise<void> {
    for (let index = 0; index < rowCount; index++) {
      textOf(document).insert(textOf(document).length, `${index} `)
      await document.flush()
    }
  }

  test('[DU6] one takes the place of many rows once its writer is idle', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    await write(document, COMPACT_ROWS + 1)
    expect(replica.rowCount).toBe(COMPACT_ROWS + 1)
    await timers.advance(IDLE_MS)
    expect(replica.rows.map(({ kind }) => kind)).toEqual([1])
    const again = await open(replica.open())
    expect(textOf(again).toString()).toBe(textOf(document).toString())
  })

  test('[DU6] who only reads makes none', async () => {
    const { timers, replica, open } = setUp()
    await write(await open(), COMPACT_ROWS + 1)
    const before = replica.rowCount
    const reader = new MemoryReplica('b')
    deliver(replica, reader)
    const document = await open(reader.open())
    await timers.advance(0)
    expect(textOf(document).length).toBeGreaterThan(0)
    await document.close()
    expect(reader.rowCount).toBe(before)
    expect(reader.outgoing).toEqual([])
  })

  test('[DU6] closing makes one, and none is made while something is unsaved', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    await write(document, COMPACT_ROWS + 1)
    replica.failure = new UniverseError('storage/quota-exceeded', 'full')
    textOf(document).insert(0, 'unsaved')
    await timers.advance(IDLE_MS * 2)
    expect(replica.rowCount).toBe(COMPACT_ROWS + 1)
    replica.failure = undefined
    await document.close()
    expect(replica.rows.map(({ kind }) => kind)).toEqual([1])
  })

  test('[DU6] a large checkpoint is not written anew for little', async () => {
    const { timers, replica, open } = setUp()
    const document = await open()
    // Many small values: 400 KiB that cannot be told in less.
    for (let index = 0; index < 8; index++) {
      textOf(document).insert(0, 'x'.repeat(BURST_LENGTH))
    }
    await timers.advance(IDLE_MS)
    expect(replica.rows.map(({ kind }) => kind)).toEqual([1])
    await write(document, COMPACT_ROWS + 1)
    await timers.advance(IDLE_MS)
    expect(replica.rowCount).toBe(COMPACT_ROWS + 2)
  })
})

describe('rows that hold no update', () => {
  test('[DU7] are left out and told, with the others applied, and no checkpoint covers them', async () => {
    const { timers, replica, open } = setUp()
    const writer = await open()
    textOf(writer).insert(0, 'one')
    await writer.flush()
    const bad = replica.insert(ADDRESS, Uint8Array.of(1, 2, 3), 0)
    const worse = replica.insert(ADDRESS, Uint8Array.of(0), 7)
    textOf(writer).insert(3, ' two')
    await writer.flush()
    expect(writer.faults.map(({ code, details }) => [code, details.id])).toEqual([
      ['document/invalid-update', bad],
      ['document/invalid-update', worse],
    ])
    const reader = await open(replica.open())
    expect(textOf(reader).toString()).toBe('one two')
    expect(reader.faults.map(({ details }) => details.id)).toEqual([bad, worse])
    for (let index = 0; index <= COMPACT_ROWS; index++) {
      textOf(writer).insert(0, 'x')
      await writer.flush()
    }
    await timers.advance(IDLE_MS)
    expect(replica.rows.map(({ id }) => id).slice(0, 2)).toEqual([bad, worse])
    expect(replica.rowCount).toBe(3)
  })

  test('[DU12] rows that came before what they build on are kept, in checkpoints too, and told', async () => {
    const { replica, open } = setUp()
    const author = new Y.Doc()
    const updates: Uint8Array[] = []
    author.on('update', (update: Uint8Array) => updates.push(update))
    author.getText('content').insert(0, 'first ')
    author.getText('content').insert(6, 'second')
    const document = await open()
    replica.insert(ADDRESS, updates[1] as Uint8Array, 0)
    expect(document.status.isComplete).toBe(false)
    for (let index = 0; index <= COMPACT_ROWS; index++) {
      document.doc.getMap('other').set('n', index)
      await document.flush()
    }
    await document.close()
    expect(replica.rows.map(({ kind }) => kind)).toEqual([1])
    const again = await open(replica.open())
    expect(again.status.isComplete).toBe(false)
    replica.insert(ADDRESS, updates[0] as Uint8Array, 0)
    expect(again.status.isComplete).toBe(true)
    expect(textOf(again).toString()).toBe('first second')
  })
})

describe('initial content', () => {
  const hello = (doc: Y.Doc): void => doc.getText('content').insert(0, 'hello')

  test('[DU8] is the same on two devices, there once, and stored with the first change', async () => {
    const { replica, open } = setUp()
    const other = new MemoryReplica('b')
    const here = await open(replica.open(), hello)
    const there = await open(other.open(), hello)
    expect(textOf(here).toString()).toBe('hello')
    await here.flush()
    expect(replica.rowCount).toBe(0)
    textOf(here).insert(5, ' here')
    textOf(there).insert(0, 'there ')
    await Promise.all([here.flush(), there.flush()])
    deliver(replica, other)
    deliver(other, replica)
    expect(textOf(here).toString()).toBe('there hello here')
    expect(textOf(there).toString()).toBe('there hello here')
    const again = await open(other.open(), (doc) => doc.getText('content').insert(0, 'other'))
    expect(textOf(again).toString()).toBe('there hello here')
  })

  test('[DU8] of two versions of an app is of two clients', async () => {
    const { open } = setUp()
    const here = await open(new MemoryReplica('a').open(), hello)
    const there = await open(new MemoryReplica('b').open(), (doc) =>
      doc.getText('content').insert(0, 'hi'),
    )
    const clients = [here, there].map(({ doc }) => [...doc.store.clients.keys()])
    expect(clients[0]).not.toEqual(clients[1])
  })
})

describe('gaps', () => {
  test('[DU9] all rows are read again', async () => {
    const { home, replica, open } = setUp()
    let gap = (): void => undefined
    home.onUpdates = (_address, _listener, onGap) => {
      gap = onGap
      return () => undefined
    }
    const document = await open()
    const author = new Y.Doc()
    author.getText('content').insert(0, 'missed')
    replica.insert(ADDRESS, Y.encodeStateAsUpdate(author), 0)
    expect(textOf(document).toString()).toBe('')
    gap()
    await settle()
    expect(textOf(document).toString()).toBe('missed')
    expect(replica.rowCount).toBe(1)
  })

  test('[DU9] what no row holds any more is written again', async () => {
    const { home, replica, open } = setUp()
    const document = await open()
    textOf(document).insert(0, 'shown here')
    await document.flush()
    textOf(document).delete(0, 6)
    await document.flush()
    const older = new MemoryReplica('older')
    older.insert(ADDRESS, replica.rows[0]?.update as Uint8Array, 0)
    const { updates } = older.open()
    home.updates = updates.bind(older.open())
    home.gap()
    await settle()
    older.insert(ADDRESS, replica.rows[2]?.update as Uint8Array, 0)
    expect(textOf(await open(older.open())).toString()).toBe('here')
  })
})

describe('sharing', () => {
  test('[DU10] those who open one document share it until the last has closed', async () => {
    const { replica, open } = setUp()
    const [first, second] = await Promise.all([open(), open()])
    expect(first.doc).toBe(second.doc)
    await first.close()
    await first.close()
    await expect(first.flush()).rejects.toMatchObject({ code: 'document/closed' })
    textOf(second).insert(0, 'still open')
    await second.close()
    expect(second.doc.isDestroyed).toBe(true)
    expect(replica.rowCount).toBe(1)
    const third = await open()
    expect(third.doc).not.toBe(second.doc)
    expect(textOf(third).toString()).toBe('still open')
  })

  test('[DU10] one that is opened while it is being closed stays open', async () => {
    const { open } = setUp()
    const first = await open()
    textOf(first).insert(0, 'x')
    const closing = first.close()
    const second = await open()
    await closing
    expect(second.doc.isDestroyed).toBe(false)
    expect(second.doc).toBe(first.doc)
  })

  test('[DU10] a home that cannot be read fails the opening, and the next may succeed', async () => {
    const { home, open } = setUp()
    const updates = home.updates.bind(home)
    home.updates = () => Promise.reject(new UniverseError('document/not-found', 'no such row'))
    await expect(open()).rejects.toMatchObject({ code: 'document/not-found' })
    home.updates = updates
    await expect(open()).resolves.toMatchObject({ address: ADDRESS })
  })

  test('[DU10] closing what cannot be saved says so', async () => {
    const { replica, open } = setUp()
    const document = await open()
    replica.failure = new UniverseError('storage/io', 'disk')
    textOf(document).insert(0, 'x')
    await expect(document.close()).rejects.toThrow('disk')
    expect(document.doc.isDestroyed).toBe(true)
  })
})

test('an undo manager undoes what was changed here and nothing else', async () => {
  const { replica, open } = setUp()
  const document = await open()
  const undo = document.undoManager(textOf(document))
  const author = new Y.Doc()
  author.getText('content').insert(0, 'theirs')
  replica.insert(ADDRESS, Y.encodeStateAsUpdate(author), 0)
  textOf(document).insert(6, ' mine')
  undo.undo()
  expect(textOf(document).toString()).toBe('theirs')
})
