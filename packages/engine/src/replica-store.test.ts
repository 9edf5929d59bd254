import {
  createSegmentWriter,
  decodeSegment,
  defineModule,
  type LogEntry,
  type RowOperation,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import { describe, expect, it, test } from 'vitest'
import { foreignBatch, SyncLog, sealAll, sealOf } from './testing/sync-log.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'notes',
  version: 1,
  tables: {
    note: table({
      key: t.key(),
      title: t.text().default(''),
      isDone: t.bool().default(false),
      raw: t.bytes().optional(),
      votes: t.counter(),
      tags: t.set(t.text()),
      code: t.text().unique().optional(),
    }),
    draft: table({ key: t.key() }).local(),
  },
  reducers: (reducer) => ({
    put: reducer(
      {
        key: t.text(),
        title: t.text().optional(),
        isDone: t.bool().optional(),
        raw: t.bytes().optional(),
      },
      (ctx, { key, title, isDone, raw }) => {
        ctx.db.note.upsert({
          key,
          ...(title === null ? {} : { title }),
          ...(isDone === null ? {} : { isDone }),
          ...(raw === null ? {} : { raw }),
        } as never)
      },
    ),
    claim: reducer({ key: t.text(), code: t.text() }, (ctx, { key, code }) => {
      ctx.db.note.insert({ key, code })
    }),
    drop: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.delete(key as never)
    }),
    vote: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.increment(key as never, 'votes')
    }),
    local: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.draft.insert({ key })
    }),
    checked: reducer(
      { key: t.text() },
      (ctx, { key }) => {
        ctx.db.note.insert({ key, title: ctx.sender })
      },
      { mode: 'recheck' },
    ),
  }),
})

const open = (seed = 1, options = {}) => openTestEngine(module, { seed, ...options })

/** Replicas of different seeds, the first with a stream that sorts as its seed says. */
function openPair() {
  return { log: new SyncLog(), a: open(1), b: open(2) }
}

const A = 'a'.repeat(32) as StreamId

function segment(firstSeq: number, hlc: number, ...operations: readonly RowOperation[]) {
  const writer = createSegmentWriter({ stream: A, firstSeq, schemaVersion: 1 })
  writer.append({ hlc, reducer: 'r', operations })
  return writer.finish()
}

const insert = (id: string, title: string): RowOperation => ({
  kind: 'insert',
  table: 'note',
  id,
  cells: { title },
})

describe('[SY1] the place in the log', () => {
  it('is nowhere at first, and is kept in the transaction of what was read', () => {
    const { log, a, b } = openPair()
    expect(b.engine.replica.position()).toEqual({ epoch: '', offset: 0, hash: '0'.repeat(32) })
    expect(b.engine.replica.lastFloor()).toBeUndefined()
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    log.pushFloor({ baseOffset: 1, hlc: 1, forgotten: [] })
    log.giveTo(b.engine)
    expect(b.engine.replica.position()).toEqual(log.positionAt(2))
    expect(b.engine.replica.lastFloor()).toEqual({ offset: 2, baseOffset: 1 })
    const again = openTestEngine(module, { driver: b.driver })
    expect(again.engine.replica.position()).toEqual(log.positionAt(2))
    expect(again.engine.replica.lastFloor()).toEqual({ offset: 2, baseOffset: 1 })
  })

  it('stays where it was when the transaction fails', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    b.driver.exec('DROP TABLE _rows_note')
    expect(() => log.giveTo(b.engine)).toThrow()
    expect(b.engine.replica.position().offset).toBe(0)
  })

  it('is the base of what is written from then on', () => {
    const { log, a, b } = openPair()
    b.call('put', { key: 'before' })
    expect(b.engine.replica.nextUnsealed(1e6)?.base).toEqual({ epoch: '', offset: 0 })
    log.takeFrom(b.engine)
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    b.call('put', { key: 'after' })
    expect(b.engine.replica.nextUnsealed(1e6)?.base).toEqual({ epoch: log.epoch, offset: 2 })
  })
})

describe('[SY2] sealing', () => {
  it('groups deltas of several transactions into one segment and one row', () => {
    const { engine, call, driver } = open()
    for (const key of ['x', 'y', 'z']) call('put', { key })
    const deltas = engine.replica.nextUnsealed(1e6)
    if (deltas === undefined) throw new Error('there are deltas')
    expect(deltas).toMatchObject({
      stream: engine.info.stream,
      firstSeq: 1,
      deltaCount: 3,
      previous: '0'.repeat(32),
      schemaVersion: 1,
      origins: [],
    })
    const decoded = decodeSegment(deltas.content).deltas
    expect(decoded.map(({ seq, hlc }) => [seq, hlc])).toEqual([
      [1, deltas.firstHlc],
      [2, expect.any(Number)],
      [3, deltas.lastHlc],
    ])
    const { header, hash } = sealOf(deltas)
    engine.replica.seal(deltas, header, hash)
    const rows = driver.prepare('SELECT first_seq, count, hash, bytes FROM _log').all()
    expect(rows).toEqual([[1, 3, hash, deltas.content]])
    expect(engine.replica.nextUnsealed(1e6)).toBeUndefined()
    expect(engine.replica.batchHeads()).toEqual([{ stream: engine.info.stream, seq: 3, hash }])
    call('put', { key: 'w' })
    expect(engine.replica.nextUnsealed(1e6)).toMatchObject({ firstSeq: 4, previous: hash })
    expect(engine.verify()).toEqual([])
  })

  it('keeps to a size, but for a delta that is larger', () => {
    const { engine, call } = open()
    for (const key of ['x', 'y', 'z']) call('put', { key, title: 't'.repeat(1000) })
    expect(engine.replica.nextUnsealed(2500)?.deltaCount).toBe(2)
    expect(engine.replica.nextUnsealed(10)?.deltaCount).toBe(1)
  })

  it('begins with the oldest stream', () => {
    const one = open()
    one.call('put', { key: 'x' })
    const first = one.engine.info.stream
    const second = one.engine.replica.startStream()
    one.call('put', { key: 'y' })
    expect(one.engine.replica.nextUnsealed(1e6)).toMatchObject({ stream: first, deltaCount: 1 })
    sealAll(one.engine.replica)
    const batches = one.engine.replica.sealedBatches(undefined, 1e6)
    expect(batches.map(({ stream }) => stream)).toEqual([first, second])
    expect(one.engine.replica.pendingStreams().map(({ stream }) => stream)).toEqual([first, second])
    expect(one.engine.replica.sealedBatches({ stream: first, seq: 1 }, 1e6)).toHaveLength(1)
  })

  it('does not mix schema versions', () => {
    const { call, driver, engine } = open()
    call('put', { key: 'x' })
    engine.close = () => undefined
    const newer = { ...module, version: 2 }
    const again = openTestEngine(newer, { driver, seed: 3 })
    again.call('put', { key: 'y' })
    expect(again.engine.replica.nextUnsealed(1e6)).toMatchObject({
      schemaVersion: 1,
      deltaCount: 1,
    })
    sealAll(again.engine.replica)
    const versions = again.engine.replica
      .sealedBatches(undefined, 1e6)
      .map(({ content }) => decodeSegment(content).schemaVersion)
    expect(versions).toEqual([1, 2])
  })
})

describe('[SY3] acknowledging', () => {
  it('takes batches out of what is pending, in order, and can be repeated', () => {
    const { engine, call } = open()
    const { replica } = engine
    const { stream } = engine.info
    call('put', { key: 'x' })
    sealAll(replica)
    call('put', { key: 'y' })
    sealAll(replica)
    expect(replica.unsyncedCount()).toBe(2)
    const confirmed = [{ stream, seq: 1 }]
    expect(replica.acknowledge(stream, 1, 7)).toMatchObject({ kind: 'received', confirmed })
    expect(replica.acknowledge(stream, 1, 7)).toMatchObject({ kind: 'received', confirmed })
    expect(replica.unsyncedCount()).toBe(1)
    const [one] = replica.batchHeads()
    expect(replica.pendingStreams()).toEqual([
      { stream, acknowledged: { stream, seq: 1, hash: expect.any(String) } },
    ])
    expect(replica.sealedBatches(undefined, 1e6)).toHaveLength(1)
    replica.acknowledge(stream, 2, undefined)
    expect(replica.unsyncedCount()).toBe(0)
    expect(replica.pendingStreams()).toEqual([])
    expect(one?.seq).toBe(2)
    expect(engine.verify()).toEqual([])
  })

  it('of what was never written here is a fork', () => {
    const { engine, call } = open()
    const { stream } = engine.info
    call('put', { key: 'x' })
    call('put', { key: 'y' })
    expect(engine.replica.acknowledge(stream, 1, 1)).toMatchObject({ kind: 'forked', stream })
    sealAll(engine.replica)
    expect(engine.replica.acknowledge(stream, 1, 1)).toMatchObject({ kind: 'forked' })
    expect(engine.replica.acknowledge(stream, 3, 1)).toMatchObject({ kind: 'forked' })
    expect(engine.replica.acknowledge(A, 1, 1)).toMatchObject({ kind: 'forked' })
    expect(engine.replica.unsyncedCount()).toBe(2)
  })

  it('survives closing', () => {
    const { log, a } = openPair()
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    const again = openTestEngine(module, { driver: a.driver })
    expect(again.engine.unsyncedCount()).toBe(0)
    expect(again.engine.replica.batchHeads()).toHaveLength(1)
  })
})

test('[SY4] what the relay lost is pending again, sealed as it was', () => {
  const { engine, call } = open()
  const { replica } = engine
  const { stream } = engine.info
  for (const key of ['x', 'y', 'z']) {
    call('put', { key })
    sealAll(replica)
  }
  const before = replica.sealedBatches(undefined, 1e6)
  for (const seq of [1, 2, 3]) replica.acknowledge(stream, seq, seq)
  replica.unacknowledge(stream, 1)
  expect(replica.unsyncedCount()).toBe(2)
  expect(replica.sealedBatches(undefined, 1e6)).toEqual(before.slice(1))
  expect(replica.pendingStreams()[0]?.acknowledged).toEqual({
    stream,
    seq: 1,
    hash: before[0]?.hash,
  })
  replica.unacknowledge(stream, 0)
  expect(replica.sealedBatches(undefined, 1e6)).toEqual(before)
  expect(replica.pendingStreams()[0]?.acknowledged).toMatchObject({ seq: 0, hash: '0'.repeat(32) })
})

describe('[SY5] receiving', () => {
  it('merges what is new, notes the offset of what is held, and confirms what is own', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x', title: 'a' })
    b.call('put', { key: 'y', title: 'b' })
    log.takeFrom(a.engine)
    sealAll(b.engine.replica)
    const [own] = b.engine.replica.sealedBatches(undefined, 1e6)
    if (own === undefined) throw new Error('b has a batch')
    log.push(own)
    const named: LogEntry = { ...own, kind: 'own', offset: 2 }
    const { changeset, confirmed } = (() => {
      const [first] = log.entries as [LogEntry]
      const result = b.engine.replica.receive([first, named], log.positionAt(2))
      if (result.kind === 'forked') throw new Error(result.reason)
      return result
    })()
    expect(changeset?.origin).toBe('remote')
    expect(changeset?.changes.map(({ id }) => id)).toEqual(['x'])
    expect(confirmed).toEqual([{ stream: b.engine.info.stream, seq: 1 }])
    log.giveTo(a.engine)
    expect(a.engine.digest()).toBe(b.engine.digest())
    const offsets = b.driver.prepare('SELECT offset FROM _log ORDER BY offset').all()
    expect(offsets).toEqual([[1], [2]])
    // The whole log once more, as after a lost connection.
    expect(b.engine.replica.receive(log.entries, log.positionAt(2))).toMatchObject({
      kind: 'received',
      changeset: undefined,
    })
    expect(b.engine.verify()).toEqual([])
  })

  it('a counter moves once, however often its delta comes', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x' })
    a.call('vote', { key: 'x' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    b.engine.replica.receive(log.entries, log.positionAt(1))
    b.engine.replica.receive([...log.entries, ...log.entries], log.positionAt(1))
    expect(b.engine.get('note', 'x')).toMatchObject({ votes: 1 })
  })

  it('batches are kept as they came, and can be offered to a relay that lost them', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    a.call('put', { key: 'y' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    const { stream } = a.engine.info
    expect(b.engine.replica.batchHeads()).toEqual(a.engine.replica.batchHeads())
    expect(b.engine.replica.batchesAfter(stream, 0, 1e6)).toEqual(
      a.engine.replica.batchesAfter(stream, 0, 1e6),
    )
    expect(b.engine.replica.batchesAfter(stream, 1, 1e6)).toHaveLength(1)
    expect(b.engine.replica.batchesAfter(stream, 0, 1)).toHaveLength(1)
    expect(b.engine.unsyncedCount()).toBe(0)
  })

  it('a floor is applied between what is before and after it', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x', title: 'first' })
    a.call('drop', { key: 'x' })
    log.takeFrom(a.engine)
    log.pushFloor({
      baseOffset: 1,
      hlc: log.hlcAt(1),
      forgotten: [{ table: 'note', ids: ['x'] }],
    })
    log.giveTo(a.engine)
    a.call('put', { key: 'x', title: 'second' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    for (const { driver, engine } of [a, b]) {
      expect(driver.prepare('SELECT count(*) FROM _tombstone').get()).toEqual([0])
      expect(engine.get('note', 'x')).toMatchObject({ title: 'second' })
    }
  })

  it('an engine that keeps no log merges all the same, and knows what it has', () => {
    const log = new SyncLog()
    const a = open(1)
    const fold = open(3, { keepsLog: false, join: { owner: 'owner' } })
    a.call('put', { key: 'x' })
    log.takeFrom(a.engine)
    log.giveTo(fold.engine)
    fold.engine.replica.receive(log.entries, log.positionAt(1))
    expect(fold.engine.digest()).toBe(a.engine.digest())
    expect(fold.driver.prepare('SELECT count(*) FROM _log').get()).toEqual([0])
    expect(fold.engine.replica.batchHeads()).toEqual(a.engine.replica.batchHeads())
    expect(fold.engine.verify()).toEqual([])
  })
})

describe('[SY6] a log that this file cannot have met', () => {
  const at = (
    content: Uint8Array,
    options: Partial<Extract<LogEntry, { kind: 'batch' }>> = {},
  ): LogEntry => ({
    kind: 'batch',
    offset: 1,
    batch: foreignBatch(content, options.previous),
    previous: '0'.repeat(32) as never,
    base: { epoch: '' as never, offset: 0 },
    origins: [],
    ...options,
  })
  const position = new SyncLog().positionAt(1)
  const firstBatch = foreignBatch(segment(1, 10, insert('x', 'a')))
  const first = at(firstBatch.content)

  it('another batch at a place that is held', () => {
    const { engine } = open()
    engine.replica.receive([first], position)
    const other = at(segment(1, 10, insert('x', 'b')))
    expect(engine.replica.receive([other], position)).toMatchObject({ kind: 'forked', stream: A })
    expect(engine.replica.receive([first], position)).toMatchObject({ kind: 'received' })
  })

  it('a gap, or a batch that continues another one', () => {
    const { engine } = open()
    const gap = at(segment(3, 30, insert('y', 'b')))
    expect(engine.replica.receive([first, gap], position)).toMatchObject({ kind: 'forked' })
    const wrong = at(segment(2, 20, insert('y', 'b')), { previous: '1'.repeat(32) as never })
    expect(engine.replica.receive([first, wrong], position)).toMatchObject({ kind: 'forked' })
    expect(engine.count({ table: 'note', orderBy: [] })).toBe(0)
    expect(engine.replica.position().offset).toBe(0)
    expect(engine.replica.batchHeads()).toEqual([])
  })

  it('deltas of an own stream that were not written here', () => {
    const one = open()
    one.call('put', { key: 'x' })
    const copy = open()
    copy.call('put', { key: 'y' })
    expect(copy.engine.info.stream).toBe(one.engine.info.stream)
    const log = new SyncLog()
    log.takeFrom(one.engine)
    const { stream } = one.engine.info
    expect(copy.engine.replica.receive(log.entries, log.positionAt(1))).toMatchObject({
      kind: 'forked',
      stream,
    })
    sealAll(copy.engine.replica)
    expect(copy.engine.replica.receive(log.entries, log.positionAt(1))).toMatchObject({
      kind: 'forked',
    })
    const named: LogEntry = {
      kind: 'own',
      offset: 1,
      stream,
      firstSeq: 1,
      deltaCount: 1,
      hash: '1'.repeat(32) as never,
    }
    expect(copy.engine.replica.receive([named], log.positionAt(1))).toMatchObject({
      kind: 'forked',
    })
  })

  it('content that is not what its batch says is no fork but an error', () => {
    const { engine } = open()
    const batch = { ...foreignBatch(segment(1, 10, insert('x', 'a'))), firstSeq: 1, deltaCount: 2 }
    expect(() =>
      engine.replica.receive([{ ...at(segment(1, 1)), batch } as LogEntry], position),
    ).toThrow('not what its header says')
    expect(() =>
      engine.replica.receive(
        [
          first,
          at(segment(2, 10, insert('y', 'b')), {
            previous: firstBatch.hash,
          }),
        ],
        position,
      ),
    ).toThrow('does not rise')
  })
})

describe('[SY7] conflicts', () => {
  /** Both write without having seen the other, then a reads what b wrote. */
  function meet(
    ours: readonly (readonly [string, object])[],
    theirs: readonly (readonly [string, object])[],
    { isTheirsLater = true } = {},
  ) {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x', title: 'start', raw: new Uint8Array([1]) })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    const later = isTheirsLater ? b : a
    later.nowMs += 1000
    for (const [reducer, args] of ours) a.call(reducer, args)
    for (const [reducer, args] of theirs) b.call(reducer, args)
    log.takeFrom(b.engine)
    const { conflicts } = log.giveTo(a.engine)
    return { log, a, b, conflicts }
  }
  const put = (part: object) => ['put', { key: 'x', ...part }] as const

  it('a cell that both wrote, with both values as queries give them', () => {
    const lost = meet([put({ title: 'a', isDone: true })], [put({ title: 'b' })])
    expect(lost.conflicts).toMatchObject([
      {
        kind: 'overridden',
        table: 'note',
        id: 'x',
        column: 'title',
        ours: 'a',
        theirs: 'b',
        winner: 'theirs',
      },
    ])
    expect(lost.a.engine.get('note', 'x')).toMatchObject({ title: 'b', isDone: true })
    const won = meet([put({ isDone: true })], [put({ isDone: false })], { isTheirsLater: false })
    expect(won.conflicts).toEqual([])
    const raw = meet([put({ raw: new Uint8Array([2]) })], [put({ raw: new Uint8Array([3]) })], {
      isTheirsLater: false,
    })
    expect(raw.conflicts).toMatchObject([
      { ours: new Uint8Array([2]), theirs: new Uint8Array([3]), winner: 'ours' },
    ])
    expect(raw.a.engine.conflicts()).toEqual(raw.conflicts)
  })

  it('a row that one changed and the other deleted', () => {
    const deleted = meet([put({ title: 'a' })], [['drop', { key: 'x' }]])
    expect(deleted.conflicts).toMatchObject([
      { kind: 'deleted', id: 'x', column: null, ours: null, theirs: null, winner: 'theirs' },
    ])
    const kept = meet([['drop', { key: 'x' }]], [put({ title: 'b' })])
    expect(kept.conflicts).toMatchObject([{ kind: 'deleted', winner: 'ours' }])
    expect(kept.a.engine.get('note', 'x')).toBeUndefined()
  })

  it('none where the two do not contradict each other', () => {
    expect(meet([put({ title: 'a' })], [put({ isDone: true })]).conflicts).toEqual([])
    expect(meet([put({ title: 'a' })], [put({ title: 'a' })]).conflicts).toEqual([])
    expect(meet([['drop', { key: 'x' }]], [['drop', { key: 'x' }]]).conflicts).toEqual([])
    expect(meet([['vote', { key: 'x' }]], [['vote', { key: 'x' }]]).conflicts).toEqual([])
  })

  it('none with what the other had read, also when it is acknowledged', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x', title: 'a' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    b.nowMs += 1000
    b.call('put', { key: 'x', title: 'b' })
    log.takeFrom(b.engine)
    expect(log.giveTo(a.engine).conflicts).toEqual([])
  })

  it('also with own deltas that are in the log, above the base of the other', () => {
    const { log, a, b } = openPair()
    a.call('put', { key: 'x', title: 'a' })
    b.nowMs += 1000
    b.call('put', { key: 'x', title: 'b' })
    log.takeFrom(a.engine)
    log.takeFrom(b.engine)
    expect(log.giveTo(a.engine).conflicts).toMatchObject([{ kind: 'overridden', winner: 'theirs' }])
    // b meets the same from the other side.
    expect(log.giveTo(b.engine).conflicts).toMatchObject([{ kind: 'overridden', winner: 'ours' }])
  })

  it('a unique value that another row had first', () => {
    const { log, a, b } = openPair()
    a.call('claim', { key: 'ours', code: 'c' })
    b.call('claim', { key: 'theirs', code: 'c' })
    log.takeFrom(b.engine)
    expect(log.giveTo(a.engine).conflicts).toMatchObject([
      {
        kind: 'claim-lost',
        table: 'note',
        id: 'ours',
        column: 'code',
        ours: 'c',
        theirs: 'theirs',
        winner: 'theirs',
      },
    ])
    log.takeFrom(a.engine)
    expect(log.giveTo(b.engine).conflicts).toEqual([])
    expect(a.engine.digest()).toBe(b.engine.digest())
    expect(b.engine.get('note', 'ours')).toMatchObject({ code: null })
  })

  it('one for a cell, however many wrote it', () => {
    const log = new SyncLog()
    const [a, b, c] = [open(1), open(2), open(3)]
    b.nowMs += 1000
    c.nowMs += 2000
    for (const [one, title] of [
      [a, 'a'],
      [c, 'c'],
      [b, 'b'],
    ] as const) {
      one.call('put', { key: 'x', title })
      if (one !== a) log.takeFrom(one.engine)
    }
    expect(log.giveTo(a.engine).conflicts).toMatchObject([{ ours: 'a', theirs: 'c' }])
  })
})

test('[SY8] conflicts are kept until they are dismissed, the newest thousand', {
  timeout: 30_000,
}, () => {
  const log = new SyncLog()
  const [a, b] = [open(1), open(2)]
  b.nowMs += 1000
  for (let round = 0; round < 1003; round++) {
    a.engine.commit([a.nextCall('put', { key: `k${round}`, title: 'a' })])
    b.engine.commit([b.nextCall('put', { key: `k${round}`, title: 'b' })])
  }
  log.takeFrom(b.engine)
  const { conflicts } = log.giveTo(a.engine)
  expect(conflicts).toHaveLength(1003)
  expect(a.engine.conflicts()).toEqual(conflicts.slice(3))
  const [first, second] = a.engine.conflicts()
  a.engine.dismissConflicts([first?.conflictId ?? 0, second?.conflictId ?? 0, -1])
  expect(a.engine.conflicts()).toEqual(conflicts.slice(5))
  const again = openTestEngine(module, { driver: a.driver })
  expect(again.engine.conflicts()).toEqual(conflicts.slice(5))
  again.engine.dismissConflicts(conflicts.map(({ conflictId }) => conflictId))
  expect(again.engine.conflicts()).toEqual([])
})

test('[SY14] a new stream is written on from the next delta; the old one is still pushed', () => {
  const { log, a, b } = openPair()
  a.call('put', { key: 'x' })
  const first = a.engine.info.stream
  const second = a.engine.replica.startStream()
  expect(second).not.toBe(first)
  expect([a.engine.info.stream, a.engine.replica.stream]).toEqual([second, second])
  a.call('put', { key: 'y' })
  expect(a.engine.streamHeads()).toEqual([
    { stream: first, seq: 1 },
    { stream: second, seq: 1 },
  ])
  log.takeFrom(a.engine)
  log.giveTo(b.engine)
  expect(b.engine.digest()).toBe(a.engine.digest())
  const again = openTestEngine(module, { driver: a.driver })
  expect(again.engine.info.stream).toBe(second)
})
