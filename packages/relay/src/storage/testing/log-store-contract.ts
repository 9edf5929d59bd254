/**
 * What every {@link LogStore} does, as cases any runner can run:
 *
 * ```ts
 * for (const { title, run } of logStoreContract) test(title, () => run(makeHarness()))
 * ```
 */
import { deepStrictEqual, ok, rejects } from 'node:assert/strict'
import { type Epoch, type Hash, type StreamId, ZERO_HASH } from '@inner-universe/core'
import type {
  Append,
  LogStore,
  NewUniverse,
  StoredCursor,
  StoredEntry,
  StoredOrigin,
} from '@inner-universe/sync/relay-side'

/** One place for one store, fresh for each case. */
export interface LogStoreHarness {
  /** Opens the store of this place; again after a close, when it is persistent. */
  open(): LogStore
  readonly isPersistent: boolean
  /** Leaves the place as a killed process would: without closing the store. Opening it follows. */
  crash(): void
  dispose(): void
}

/** One behaviour. `run` throws where the store does not have it, and disposes of the harness. */
export interface LogStoreCase {
  readonly title: string
  run(harness: LogStoreHarness): Promise<void>
}

type Body = (store: LogStore, harness: LogStoreHarness) => Promise<void>

const EPOCH = 'e000000000000001' as Epoch
const LATER = 'e000000000000002' as Epoch
const GARDEN: NewUniverse = {
  universe: 'garden',
  module: 'plants',
  owner: 'ann',
  epoch: EPOCH,
  epochMs: 1000,
}

/** The whole contract. */
export const logStoreContract: readonly LogStoreCase[] = [
  storeCase('a universe is created once and found again', async (store) => {
    deepStrictEqual(await store.find('garden'), undefined)
    const created = await store.create(GARDEN)
    deepStrictEqual(created, {
      ...GARDEN,
      pastEpochs: [],
      head: 0,
      hash: ZERO_HASH,
      truncatedThrough: 0,
      floor: undefined,
      schemaVersion: 0,
      schemaHash: ZERO_HASH,
      minReader: 0,
      minWriter: 0,
      byteCount: 0,
    })
    deepStrictEqual(await store.create({ ...GARDEN, owner: 'eve', epoch: LATER }), created)
    deepStrictEqual(await store.list(), [created])
    deepStrictEqual(await store.find('other'), undefined)
  }),

  storeCase('entries come back as they were appended, in order', async (store) => {
    await store.create(GARDEN)
    const entries = [batch(1, 1, 1), floor(2), batch(3, 1, 2, { deltas: 3 }), batch(4, 2, 1)]
    await store.append([appendOf('garden', entries)])
    deepStrictEqual(await store.read('garden', 0, 1e9), entries)
    deepStrictEqual(await store.read('garden', 2, 1e9), entries.slice(2))
    deepStrictEqual(await store.read('garden', 4, 1e9), [])
    const record = await store.find('garden')
    deepStrictEqual(record?.head, 4)
    deepStrictEqual(record?.hash, hash(400))
    deepStrictEqual(record?.floor, { offset: 2, baseOffset: 1 })
    ok((record?.byteCount ?? 0) > 3 * 40, 'bytes are counted')
  }),

  storeCase('a read gives about as many bytes as asked for, one entry at least', async (store) => {
    await store.create(GARDEN)
    const entries = Array.from({ length: 200 }, (_, index) => batch(index + 1, 1, index + 1))
    await store.append([appendOf('garden', entries)])
    deepStrictEqual(await store.read('garden', 0, 1), entries.slice(0, 1))
    const some = await store.read('garden', 10, 1000)
    ok(some.length > 1 && some.length < 100, `${some.length} entries`)
    deepStrictEqual(some, entries.slice(10, 10 + some.length))
    deepStrictEqual(await store.read('garden', 0, 1e9), entries)
  }),

  storeCase('large and deflated bodies come back bit for bit', async (store) => {
    await store.create(GARDEN)
    const body = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) & 255)
    const entry = batch(1, 1, 1, { body, contentBytes: 900_000 })
    await store.append([appendOf('garden', [entry])])
    deepStrictEqual(await store.read('garden', 0, 1), [entry])
  }),

  storeCase('an append to several universes is done as a whole or not at all', async (store) => {
    await store.create(GARDEN)
    await store.create({ ...GARDEN, universe: 'pond' })
    await store.append([appendOf('garden', [batch(1, 1, 1)]), appendOf('pond', [batch(1, 9, 1)])])
    const before = await store.list()
    await rejects(
      store.append([
        appendOf('garden', [batch(2, 1, 2)], { origins: [origin(5)] }),
        // Not the next offset.
        appendOf('pond', [batch(3, 9, 2)]),
      ]),
    )
    deepStrictEqual(await store.list(), before)
    deepStrictEqual((await store.read('garden', 0, 1e9)).length, 1)
    deepStrictEqual(await store.hasOrigin('garden', origin(5)), false)
    deepStrictEqual((await store.stream('garden', stream(1)))?.seq, 1)
    await store.append([appendOf('garden', [batch(2, 1, 2)]), appendOf('pond', [batch(2, 9, 2)])])
    deepStrictEqual(
      (await store.list()).map(({ head }) => head),
      [2, 2],
    )
  }),

  storeCase('streams have a head and the identity that wrote first', async (store) => {
    await store.create(GARDEN)
    await store.append([appendOf('garden', [batch(1, 1, 1), batch(2, 2, 1, { deltas: 5 })])])
    await store.append([{ ...appendOf('garden', [batch(3, 2, 6)]), newStreams: [] }])
    deepStrictEqual(await store.stream('garden', stream(1)), {
      stream: stream(1),
      identity: 'writer 1',
      seq: 1,
      hash: hash(1),
    })
    deepStrictEqual(await store.stream('garden', stream(3)), undefined)
    const heads = (await store.streams('garden')).map(({ identity, seq }) => [identity, seq])
    deepStrictEqual(heads.sort(), [
      ['writer 1', 1],
      ['writer 2', 6],
    ])
  }),

  storeCase('a seq leads to the batch that holds it', async (store) => {
    await store.create(GARDEN)
    const entries = [batch(1, 1, 1, { deltas: 3 }), batch(2, 2, 1), batch(3, 1, 4, { deltas: 2 })]
    await store.append([appendOf('garden', entries)])
    const offsets: (number | undefined)[] = []
    for (const seq of [1, 3, 4, 5, 6])
      offsets.push((await store.batchOf('garden', stream(1), seq))?.offset)
    deepStrictEqual(offsets, [1, 1, 3, 3, undefined])
    deepStrictEqual(await store.batchOf('garden', stream(1), 5), entries[2])
    deepStrictEqual(await store.batchOf('garden', stream(5), 1), undefined)
  }),

  storeCase('origins are known by their stream, and one by one', async (store) => {
    await store.create(GARDEN)
    deepStrictEqual(await store.hasOriginsOf('garden', stream(5)), false)
    await store.append([
      appendOf('garden', [batch(1, 1, 1)], { origins: [origin(5), origin(5, 8), origin(6)] }),
    ])
    await store.append([appendOf('garden', [batch(2, 1, 2)], { origins: [origin(5)] })])
    const known = [origin(5), origin(5, 8), origin(6), origin(6, 8), origin(1)]
    const has = await Promise.all(known.map((each) => store.hasOrigin('garden', each)))
    deepStrictEqual(has, [true, true, true, false, false])
    const streams = await Promise.all(
      [5, 6, 1].map((each) => store.hasOriginsOf('garden', stream(each))),
    )
    deepStrictEqual(streams, [true, true, false])
  }),

  storeCase('universes do not see each other', async (store) => {
    await store.create(GARDEN)
    await store.create({ ...GARDEN, universe: 'pond' })
    await store.append([
      appendOf('garden', [batch(1, 1, 1), batch(2, 1, 2)], { origins: [origin(5)] }),
    ])
    await store.append([appendOf('pond', [batch(1, 1, 1)])])
    await store.putCursors('garden', [cursor(1, 2)])
    deepStrictEqual((await store.read('pond', 0, 1e9)).length, 1)
    deepStrictEqual((await store.stream('pond', stream(1)))?.seq, 1)
    deepStrictEqual(await store.batchOf('pond', stream(1), 2), undefined)
    deepStrictEqual(await store.hasOrigin('pond', origin(5)), false)
    deepStrictEqual(await store.hasOriginsOf('pond', stream(5)), false)
    deepStrictEqual(await store.hasOrigin('garden', origin(5)), true)
    deepStrictEqual(await store.cursors('pond'), [])
  }),

  storeCase('the log hash is known at every kept offset and where it was cut', async (store) => {
    await store.create(GARDEN)
    deepStrictEqual(await store.hashAt('garden', 0), ZERO_HASH)
    await store.append([appendOf('garden', [batch(1, 1, 1), floor(2), batch(3, 1, 2)])])
    deepStrictEqual(await store.hashAt('garden', 0), ZERO_HASH)
    deepStrictEqual(await store.hashAt('garden', 2), hash(200))
    deepStrictEqual(await store.hashAt('garden', 4), undefined)
    await store.truncate('garden', 2, 100)
    deepStrictEqual(await store.hashAt('garden', 0), undefined)
    deepStrictEqual(await store.hashAt('garden', 1), undefined)
    deepStrictEqual(await store.hashAt('garden', 2), hash(200))
    deepStrictEqual(await store.hashAt('garden', 3), hash(300))
  }),

  storeCase('the log is truncated in slices; heads, origins and the rest stay', async (store) => {
    await store.create(GARDEN)
    const entries = Array.from({ length: 10 }, (_, index) => batch(index + 1, 1, index + 1))
    await store.append([appendOf('garden', entries, { origins: [origin(5)] })])
    const before = (await store.find('garden'))?.byteCount ?? 0
    deepStrictEqual(await store.truncate('garden', 7, 3), 4)
    deepStrictEqual((await store.find('garden'))?.truncatedThrough, 3)
    deepStrictEqual(await store.read('garden', 3, 1e9), entries.slice(3))
    deepStrictEqual(await store.read('garden', 0, 1), entries.slice(3, 4))
    deepStrictEqual(await store.truncate('garden', 7, 100), 0)
    deepStrictEqual(await store.truncate('garden', 5, 100), 0)
    const record = await store.find('garden')
    deepStrictEqual(record?.truncatedThrough, 7)
    deepStrictEqual(record?.head, 10)
    deepStrictEqual(record?.byteCount, (before / 10) * 3)
    deepStrictEqual(await store.batchOf('garden', stream(1), 7), undefined)
    deepStrictEqual((await store.batchOf('garden', stream(1), 8))?.offset, 8)
    deepStrictEqual((await store.stream('garden', stream(1)))?.seq, 10)
    deepStrictEqual(await store.hasOrigin('garden', origin(5)), true)
    await store.append([{ ...appendOf('garden', [batch(11, 1, 11)]), newStreams: [] }])
    deepStrictEqual((await store.read('garden', 9, 1e9)).length, 2)
    // All of it may go.
    deepStrictEqual(await store.truncate('garden', 11, 100), 0)
    deepStrictEqual((await store.find('garden'))?.byteCount, 0)
    deepStrictEqual(await store.hashAt('garden', 11), hash(1100))
  }),

  storeCase('what is read while entries are appended has no gaps', async (store) => {
    await store.create(GARDEN)
    let isDone = false
    const reading = (async () => {
      let read = 0
      while (!isDone || read < 60) {
        const entries = await store.read('garden', read, 150)
        for (const { offset } of entries) deepStrictEqual(offset, ++read)
        ok(read <= ((await store.find('garden'))?.head ?? 0))
      }
    })()
    for (let offset = 1; offset <= 60; offset += 2) {
      const append = appendOf('garden', [
        batch(offset, 1, offset),
        batch(offset + 1, 1, offset + 1),
      ])
      await store.append([offset === 1 ? append : { ...append, newStreams: [] }])
    }
    isDone = true
    await reading
  }),

  storeCase('the newest schema is kept', async (store) => {
    await store.create(GARDEN)
    deepStrictEqual(await store.schemaText('garden'), undefined)
    const schema = { version: 3, hash: hash(3), text: '{"ü":1}', minReader: 1, minWriter: 2 }
    await store.setSchema('garden', schema)
    deepStrictEqual(await store.schemaText('garden'), '{"ü":1}')
    const record = await store.find('garden')
    deepStrictEqual(
      [record?.schemaVersion, record?.schemaHash, record?.minReader, record?.minWriter],
      [3, hash(3), 1, 2],
    )
  }),

  storeCase('an epoch begins at the head and is remembered', async (store) => {
    await store.create(GARDEN)
    await store.append([appendOf('garden', [batch(1, 1, 1)])])
    await store.startEpoch('garden', LATER, 2000)
    await store.append([{ ...appendOf('garden', [batch(2, 1, 2)]), newStreams: [] }])
    await store.startEpoch('garden', 'e000000000000003' as Epoch, 3000)
    const record = await store.find('garden')
    deepStrictEqual(
      [record?.epoch, record?.epochMs, record?.pastEpochs],
      [
        'e000000000000003',
        3000,
        [
          { epoch: EPOCH, lastOffset: 1 },
          { epoch: LATER, lastOffset: 2 },
        ],
      ],
    )
  }),

  storeCase('of each cursor the newest counts', async (store) => {
    await store.create(GARDEN)
    await store.putCursors('garden', [cursor(1, 5), cursor(2, 6)])
    await store.putCursors('garden', [cursor(1, 9)])
    const cursors = [...(await store.cursors('garden'))].sort((a, b) => a.offset - b.offset)
    deepStrictEqual(cursors, [cursor(2, 6), cursor(1, 9)])
  }),

  storeCase('images share chunks, which go with the last image that names them', async (store) => {
    await store.create(GARDEN)
    await store.create({ ...GARDEN, universe: 'pond' })
    await rejects(store.putImage('garden', image(1, 10, [1])), { code: 'sync/image-invalid' })
    for (const number of [1, 2, 3, 4]) await store.putChunk(chunk(number), Uint8Array.of(number))
    await store.putImage('garden', image(1, 10, [1, 2]))
    await store.putImage('garden', image(2, 20, [2, 3]))
    await store.putImage('pond', image(3, 5, [3]))
    const { text, ...listed } = image(1, 10, [1, 2])
    deepStrictEqual((await store.images('garden'))[0], listed)
    deepStrictEqual(
      (await store.images('garden')).map(({ offset }) => offset),
      [10, 20],
    )
    deepStrictEqual(await store.manifestText('garden', image(1, 10, []).manifest), text)
    deepStrictEqual(await store.manifestText('pond', image(1, 10, []).manifest), undefined)
    deepStrictEqual(await store.chunk(chunk(2)), Uint8Array.of(2))
    deepStrictEqual(await store.chunk(chunk(9)), undefined)

    await store.dropImages('garden', [image(1, 10, []).manifest])
    deepStrictEqual(await kept(store), [false, true, true, true])
    await store.dropImages('garden', [image(2, 20, []).manifest])
    // Chunk 3 is named by another universe's image; chunk 4 waits for its image.
    deepStrictEqual(await kept(store), [false, false, true, true])
    deepStrictEqual(await store.images('garden'), [])
    await store.dropImages('pond', [image(3, 5, []).manifest])
    deepStrictEqual(await kept(store), [false, false, false, true])
  }),

  storeCase('a closed store refuses every call', async (store, harness) => {
    await store.create(GARDEN)
    await store.close()
    await rejects(store.find('garden'), { code: 'engine/closed' })
    await rejects(store.append([appendOf('garden', [batch(1, 1, 1)])]), { code: 'engine/closed' })
    await store.close()
    if (!harness.isPersistent) return
    const again = harness.open()
    deepStrictEqual((await again.find('garden'))?.head, 0)
    await again.close()
  }),

  storeCase('everything that was told durable is there after a crash', async (store, harness) => {
    if (!harness.isPersistent) return
    await store.create(GARDEN)
    const entries = [batch(1, 1, 1), floor(2), batch(3, 1, 2)]
    await store.append([appendOf('garden', entries, { origins: [origin(5)] })])
    await store.putCursors('garden', [cursor(1, 2)])
    await store.putChunk(chunk(1), Uint8Array.of(1))
    await store.putImage('garden', image(1, 2, [1]))
    await store.truncate('garden', 1, 100)
    await store.setSchema('garden', {
      version: 2,
      hash: hash(2),
      text: '{}',
      minReader: 0,
      minWriter: 0,
    })
    const record = await store.find('garden')
    harness.crash()
    const again = harness.open()
    deepStrictEqual(await again.find('garden'), record)
    deepStrictEqual(await again.read('garden', 1, 1e9), entries.slice(1))
    deepStrictEqual(await again.hasOrigin('garden', origin(5)), true)
    deepStrictEqual(await again.cursors('garden'), [cursor(1, 2)])
    deepStrictEqual(await again.chunk(chunk(1)), Uint8Array.of(1))
    deepStrictEqual((await again.images('garden')).length, 1)
    deepStrictEqual(await again.schemaText('garden'), '{}')
    await again.append([{ ...appendOf('garden', [batch(4, 1, 3)]), newStreams: [] }])
    deepStrictEqual((await again.find('garden'))?.head, 4)
    await again.close()
  }),
]

function storeCase(title: string, body: Body): LogStoreCase {
  return {
    title,
    async run(harness) {
      try {
        const store = harness.open()
        try {
          await body(store, harness)
        } finally {
          await store.close()
        }
      } finally {
        harness.dispose()
      }
    },
  }
}

function hash(number: number): Hash {
  return number.toString(16).padStart(32, '0') as Hash
}

function stream(number: number): StreamId {
  return (number + 0xabc0).toString(16).padStart(32, '0') as StreamId
}

function chunk(number: number): Hash {
  return hash(0xc0de00 + number)
}

function batch(
  offset: number,
  of: number,
  firstSeq: number,
  more: { deltas?: number; body?: Uint8Array; contentBytes?: number } = {},
): StoredEntry {
  const body = more.body ?? Uint8Array.from({ length: 40 }, (_, index) => (index + offset) & 255)
  return {
    kind: 'batch',
    offset,
    stream: stream(of),
    firstSeq,
    deltaCount: more.deltas ?? 1,
    hash: hash(offset),
    logHash: hash(offset * 100),
    batch: {
      header: Uint8Array.of(1, 2, 3, of),
      contentBytes: more.contentBytes ?? body.length,
      encoding: more.contentBytes === undefined ? 'raw' : 'deflate',
      body,
    },
  }
}

function floor(offset: number): StoredEntry {
  const forgotten = [{ table: 'item', ids: ['a', 'b'] }]
  return {
    kind: 'floor',
    offset,
    logHash: hash(offset * 100),
    floor: { baseOffset: offset - 1, hlc: 12345, forgotten },
  }
}

/** A delta of a stream that is not in the log itself. */
function origin(of: number, number = 7): StoredOrigin {
  return { stream: stream(of), hash: hash(number) }
}

function appendOf(
  universe: string,
  entries: readonly StoredEntry[],
  more: { readonly origins?: readonly StoredOrigin[] } = {},
): Append {
  const streams = new Map<StreamId, string>()
  for (const entry of entries) {
    if (entry.kind === 'batch' && entry.firstSeq === 1) {
      const number = Number.parseInt(entry.stream, 16) - 0xabc0
      streams.set(entry.stream, `writer ${number}`)
    }
  }
  return {
    universe,
    entries,
    origins: more.origins ?? [],
    newStreams: [...streams].map(([each, identity]) => ({ stream: each, identity })),
  }
}

function cursor(of: number, offset: number): StoredCursor {
  return { stream: stream(of), offset, atMs: offset * 1000 }
}

function image(number: number, offset: number, chunks: readonly number[]) {
  const named = chunks.map((each) => ({ hash: chunk(each), byteCount: 1 }))
  return {
    manifest: hash(0xface00 + number),
    offset,
    byteCount: 1000 + number,
    createdMs: 5000 + offset,
    text: JSON.stringify({ format: 1, chunks: named }),
  }
}

async function kept(store: LogStore): Promise<boolean[]> {
  const found: boolean[] = []
  for (const number of [1, 2, 3, 4]) found.push(await store.hasChunk(chunk(number)))
  return found
}
