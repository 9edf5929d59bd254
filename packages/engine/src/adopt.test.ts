import {
  decodeSegment,
  defineModule,
  type Id,
  type KeptConflict,
  type SealedBatch,
  t,
  table,
} from '@inner-universe/core'
import { describe, expect, it, test } from 'vitest'
import type { AdoptOptions, CarryOver } from './engine.ts'
import { SyncLog, sealAll } from './testing/sync-log.ts'
import { openTestEngine, type TestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'shop',
  version: 1,
  tables: {
    item: table({
      key: t.key(),
      title: t.text().default(''),
      note: t.text().optional(),
      tags: t.set(t.text()),
      votes: t.counter(),
    }),
    order: table({ id: t.id(), by: t.text(), item: t.ref('item').optional() }),
    draft: table({ key: t.key(), text: t.text() }).local(),
    timer: table({ id: t.id(), when: t.json() }).schedule('ring', 'when'),
  },
  reducers: (reducer) => ({
    put: reducer({ key: t.text(), title: t.text().default('') }, (ctx, { key, title }) => {
      ctx.db.item.upsert({ key, title })
      return key
    }),
    retitle: reducer({ key: t.text(), title: t.text() }, (ctx, { key, title }) => {
      ctx.db.item.update(key as never, { title })
    }),
    drop: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.item.delete(key as never)
    }),
    tag: reducer({ key: t.text(), tag: t.text() }, (ctx, { key, tag }) => {
      ctx.db.item.addToSet(key as never, 'tags', tag)
    }),
    untag: reducer({ key: t.text(), tag: t.text() }, (ctx, { key, tag }) => {
      ctx.db.item.removeFromSet(key as never, 'tags', tag)
    }),
    order: reducer(
      { item: t.text() },
      (ctx, { item }) => {
        if (ctx.db.item.get(item as never) === undefined) throw new Error(`no item ${item}`)
        const { id } = ctx.db.order.insert({ by: ctx.sender, item: item as never })
        ctx.db.draft.insert({ key: id, text: 'ordered' })
        return id
      },
      { mode: 'recheck' },
    ),
    wish: reducer({ item: t.text() }, (ctx, { item }) => {
      ctx.db.order.insert({ by: ctx.sender, item: item as never })
    }),
    cancel: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.order.delete(id as Id<'order'>)
    }),
    sketch: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.draft.insert({ key, text: 'sketch' })
      ctx.db.timer.insert({ when: { everyMs: 1000 } })
      return 'sketched'
    }),
    ring: reducer({ id: t.text(), when: t.json() }, () => undefined),
  }),
  lifecycle: {
    init(ctx) {
      ctx.db.item.insert({ key: 'first' })
    },
  },
})

const ANEW: AdoptOptions = { keepsStream: false, denied: [], settled: [] }
const AS_THEY_WERE: AdoptOptions = { keepsStream: true, denied: [], settled: [] }

/** A replica beside another one that has read the log. */
function stage(log: SyncLog, seed: number): TestEngine {
  const staged = openTestEngine(module, { seed, stream: 'new', join: { owner: 'owner' } })
  log.giveTo(staged.engine)
  return staged
}

/** As it crosses a worker or a file. */
const copyOf = (carryOver: CarryOver): CarryOver => structuredClone(carryOver)

function rebuild(from: TestEngine, log: SyncLog, options: AdoptOptions, seed = 77) {
  const to = stage(log, seed)
  to.nowMs = from.nowMs + 1
  const result = to.engine.adopt(copyOf(from.engine.carryOver()), options)
  expect(to.engine.verify()).toEqual([])
  return { to, ...result }
}

/** a has created the universe and pushed; b has read it. */
function openPair() {
  const log = new SyncLog()
  const a = openTestEngine(module, { seed: 1 })
  a.call('put', { key: 'x', title: 'start' })
  log.takeFrom(a.engine)
  const b = stage(log, 2)
  return { log, a, b }
}

describe('[SY10] what is local is carried over', () => {
  it('rows of local tables, answers, timers, connections and conflicts', () => {
    const { log, a, b } = openPair()
    b.engine.connect({ connectionId: 'c', identity: 'me' })
    b.call('retitle', { key: 'x', title: 'ours' })
    const call = b.nextCall('sketch', { key: 'd' })
    b.engine.commit([call])
    a.nowMs += 1000
    a.call('retitle', { key: 'x', title: 'theirs' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    expect(b.engine.conflicts()).toHaveLength(1)
    const { to } = rebuild(b, log, AS_THEY_WERE)
    expect(to.engine.query({ table: 'draft', orderBy: [] })).toEqual([{ key: 'd', text: 'sketch' }])
    expect(to.engine.nextDueMs()).toBe(b.engine.nextDueMs())
    expect(to.engine.connections()).toEqual([{ connectionId: 'c', identity: 'me' }])
    expect(to.engine.conflicts()).toEqual(b.engine.conflicts())
    const [outcome] = to.engine.commit([call]).outcomes
    expect(outcome).toMatchObject({ ok: true, value: 'sketched', isRepeated: true })
    expect(to.engine.count({ table: 'draft', orderBy: [] })).toBe(1)
  })
})

describe('[SY13] pending deltas as they were', () => {
  it('keep stream, seq, stamp and sealed bytes, and are pushed on', () => {
    const { log, a, b } = openPair()
    b.call('put', { key: 'y', title: 'sealed' })
    sealAll(b.engine.replica)
    b.call('put', { key: 'z', title: 'unsealed' })
    b.call('retitle', { key: 'z', title: 'unsealed too' })
    const sealed = b.engine.replica.sealedBatches(undefined, 1e6)
    const unsealed = b.engine.replica.nextUnsealed(1e6)
    a.call('put', { key: 'w' })
    log.takeFrom(a.engine)
    const stream = b.engine.info.stream
    const { to, adopted } = rebuild(b, log, AS_THEY_WERE)
    expect(adopted).toEqual([1, 2, 3].map((seq) => ({ kind: 'kept', from: { stream, seq } })))
    expect(to.engine.replica.sealedBatches(undefined, 1e6)).toEqual(sealed)
    expect(to.engine.replica.nextUnsealed(1e6)).toEqual(unsealed)
    expect(to.engine.info.stream).toBe(stream)
    expect(to.engine.unsyncedCount()).toBe(3)
    log.giveTo(b.engine)
    expect(to.engine.digest()).toBe(b.engine.digest())
    log.takeFrom(to.engine)
    to.call('put', { key: 'v' })
    log.takeFrom(to.engine)
    log.giveTo(a.engine)
    expect(a.engine.digest()).toBe(to.engine.digest())
    const again = openTestEngine(module, { driver: to.driver })
    expect(again.engine.info.stream).toBe(stream)
  })

  it('are settled when the log has them, also where nobody said so', () => {
    const { log, b } = openPair()
    b.call('put', { key: 'y' })
    sealAll(b.engine.replica)
    const [batch] = b.engine.replica.sealedBatches(undefined, 1e6)
    if (batch === undefined) throw new Error('b has a batch')
    log.push(batch)
    b.call('put', { key: 'z' })
    const stream = b.engine.info.stream
    const kept = rebuild(b, log, AS_THEY_WERE)
    expect(kept.adopted).toEqual([
      { kind: 'settled', from: { stream, seq: 1 } },
      { kind: 'kept', from: { stream, seq: 2 } },
    ])
    expect(kept.to.engine.unsyncedCount()).toBe(1)
    const anew = rebuild(b, log, ANEW)
    expect(anew.adopted).toMatchObject([{ kind: 'settled' }, { kind: 'reauthored' }])
  })

  it('are authored anew where a copy has continued the stream', () => {
    const { log, b } = openPair()
    const copy = openTestEngine(module, { seed: 2, stream: 'new', join: { owner: 'owner' } })
    log.giveTo(copy.engine)
    expect(copy.engine.info.stream).toBe(b.engine.info.stream)
    copy.call('put', { key: 'copied' })
    log.takeFrom(copy.engine)
    b.call('put', { key: 'y' })
    sealAll(b.engine.replica)
    const { to, adopted } = rebuild(b, log, AS_THEY_WERE)
    expect(adopted).toMatchObject([{ kind: 'reauthored', to: { stream: to.engine.info.stream } }])
    expect(to.engine.info.stream).not.toBe(b.engine.info.stream)
    expect(to.engine.query({ table: 'item', orderBy: [] }).map(({ key }) => key)).toEqual([
      'copied',
      'first',
      'x',
      'y',
    ])
    // What the copy writes on is no fork to the rebuilt one.
    copy.call('put', { key: 'more' })
    log.takeFrom(copy.engine)
    log.giveTo(to.engine)
    expect(to.engine.get('item', 'more')).toBeDefined()
  })

  it('are authored anew after a restore to before batches of theirs that are held no more', () => {
    const { log, a, b } = openPair()
    const restored = new SyncLog('00000000000000a2')
    restored.entries.push(...log.entries)
    for (const key of ['y', 'z']) {
      b.call('put', { key })
      log.takeFrom(b.engine)
    }
    b.engine.dropLog(log.entries.length - 1, 1e9)
    b.call('put', { key: 'w' })
    sealAll(b.engine.replica)
    const { stream } = b.engine.info
    b.engine.replica.unacknowledge(stream, 0)
    const { to, adopted } = rebuild(b, restored, AS_THEY_WERE)
    expect(adopted.map(({ kind, from }) => [kind, from.seq])).toEqual([
      ['reauthored', 2],
      ['reauthored', 3],
    ])
    restored.takeFrom(to.engine)
    restored.giveTo(a.engine)
    expect(a.engine.get('item', 'w')).toBeDefined()
  })
})

test('[SY13] a stream that is wholly acknowledged stays own, whatever becomes of the pending ones', () => {
  const { log, b } = openPair()
  const { stream } = b.engine.info
  b.call('put', { key: 'y' })
  log.takeFrom(b.engine)
  b.engine.replica.startStream()
  b.call('put', { key: 'z' })
  const { to, adopted } = rebuild(b, log, ANEW)
  expect(adopted).toMatchObject([{ kind: 'reauthored' }])
  // So a relay that loses it can be given it anew by whom it belongs to.
  const pending = to.engine.unsyncedCount()
  to.engine.replica.unacknowledge(stream, 0)
  expect(to.engine.unsyncedCount()).toBe(pending + 1)
})

describe('[SY15] pending deltas authored anew', () => {
  it('name what they stand for, and say so in the batch', () => {
    const { log, b } = openPair()
    b.call('put', { key: 'y' })
    const stream = b.engine.info.stream
    const { to, adopted } = rebuild(b, log, ANEW)
    const written = b.engine.replica.nextUnsealed(1e6)?.lastHlc ?? 0
    const unsealed = to.engine.replica.nextUnsealed(1e6)
    expect(adopted).toEqual([
      {
        kind: 'reauthored',
        from: { stream, seq: 1 },
        to: { stream: to.engine.info.stream, seq: 1 },
      },
    ])
    expect(unsealed?.origins).toEqual([
      { stream, seq: 1, hash: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ])
    expect(unsealed?.base).toEqual({ epoch: log.epoch, offset: 1 })
    expect(decodeSegment(unsealed?.content as Uint8Array).deltas[0]?.hlc).not.toBe(written)
    // Authored anew once more, it still stands for the first.
    const again = rebuild(to, log, ANEW, 78)
    expect(again.to.engine.replica.nextUnsealed(1e6)?.origins).toEqual(unsealed?.origins)
    expect(again.to.engine.digest()).toBe(b.engine.digest())
  })

  it('a reference to a row that comes later in the same delta stays', () => {
    const linked = defineModule({
      name: 'linked',
      version: 1,
      tables: { box: table({ key: t.key(), within: t.ref('box').optional() }) },
      reducers: (reducer) => ({
        put: reducer({}, ({ db }) => {
          db.box.insert({ key: 'inner', within: 'outer' as never })
          db.box.insert({ key: 'outer' })
        }),
      }),
    })
    const from = openTestEngine(linked)
    from.call('put')
    const to = openTestEngine(linked, { seed: 2, stream: 'new', join: { owner: 'owner' } })
    to.engine.adopt(copyOf(from.engine.carryOver()), ANEW)
    expect(to.engine.get('box', 'inner')).toEqual({ key: 'inner', within: 'outer' })
  })

  it('recheck reducers run again as the same call, the others have their effects issued again', () => {
    const { log, a, b } = openPair()
    const [order] = b.engine.commit([
      b.nextCall('order', { item: 'x' }, { sender: 'bob', timestampMs: 1_767_000_000_000 }),
    ]).outcomes
    const id = order?.ok ? (order.value as string) : ''
    b.call('retitle', { key: 'x', title: 'ours' })
    a.call('retitle', { key: 'x', title: 'theirs' })
    log.takeFrom(a.engine)
    const { to } = rebuild(b, log, ANEW)
    expect(to.engine.get('order', id)).toEqual({ id, by: 'bob', item: 'x' })
    expect(to.engine.get('item', 'x')).toMatchObject({ title: 'ours' })
    // Local rows are carried over, not written a second time.
    expect(to.engine.query({ table: 'draft', orderBy: [] })).toEqual([{ key: id, text: 'ordered' }])
    log.takeFrom(to.engine)
    log.giveTo(a.engine)
    expect(a.engine.digest()).toBe(to.engine.digest())
    // Once more: what was run again can be run again.
    to.call('put', { key: 'more' })
    expect(rebuild(to, log, ANEW, 78).to.engine.get('order', id)).toMatchObject({ by: 'bob' })
  })

  it('a recheck reducer that refuses now is dropped, with its rows as conflicts', () => {
    const { log, a, b } = openPair()
    const id = b.call('order', { item: 'x' })
    b.call('cancel', { id })
    a.nowMs += 1000
    a.call('drop', { key: 'x' })
    log.takeFrom(a.engine)
    const { to, adopted, conflicts } = rebuild(b, log, ANEW)
    const stream = b.engine.info.stream
    expect(adopted).toEqual([
      { kind: 'dropped', from: { stream, seq: 1 }, code: 'sync/dropped', reason: 'no item x' },
      // What it would have cancelled is not there.
      { kind: 'settled', from: { stream, seq: 2 } },
    ])
    expect(conflicts).toMatchObject([
      {
        kind: 'dropped',
        table: 'order',
        id,
        reducer: 'order',
        reason: 'no item x',
        winner: 'theirs',
      },
    ])
    expect(to.engine.conflicts()).toEqual(conflicts)
    expect(to.engine.unsyncedCount()).toBe(0)
    expect(to.engine.count({ table: 'order', orderBy: [] })).toBe(0)
  })

  it('operations on rows that are gone are left out; on rows that pending deltas make they stay', () => {
    const { log, a, b } = openPair()
    b.call('put', { key: 'mine' })
    b.call('retitle', { key: 'mine', title: 'still mine' })
    b.call('retitle', { key: 'x', title: 'ours' })
    b.call('tag', { key: 'x', tag: 't' })
    b.call('drop', { key: 'first' })
    a.nowMs += 1000
    a.call('drop', { key: 'x' })
    a.call('drop', { key: 'first' })
    log.takeFrom(a.engine)
    const { to, adopted, conflicts } = rebuild(b, log, ANEW)
    expect(adopted.map(({ kind }) => kind)).toEqual([
      'reauthored',
      'reauthored',
      'dropped',
      'dropped',
      'settled',
    ])
    expect(conflicts.map(({ kind, id, reducer }: KeptConflict) => [kind, id, reducer])).toEqual([
      ['dropped', 'x', 'retitle'],
      ['dropped', 'x', 'tag'],
    ])
    expect(to.engine.get('item', 'mine')).toMatchObject({ title: 'still mine' })
    log.takeFrom(to.engine)
    log.giveTo(a.engine)
    expect(a.engine.digest()).toBe(to.engine.digest())
  })

  it('come in the order of their stamps, whatever streams they are of', () => {
    const { log, b } = openPair()
    b.call('put', { key: 'y', title: 'one' })
    b.engine.replica.startStream()
    b.call('retitle', { key: 'y', title: 'two' })
    const carryOver = b.engine.carryOver()
    const to = stage(log, 77)
    const pending = carryOver.pending.toReversed()
    const { adopted } = to.engine.adopt({ ...carryOver, pending }, ANEW)
    expect(adopted.map(({ kind }) => kind)).toEqual(['reauthored', 'reauthored'])
    expect(to.engine.get('item', 'y')).toMatchObject({ title: 'two' })
  })

  it('a removal from a set finds the additions that were authored anew before it', () => {
    const { log, a, b } = openPair()
    b.call('tag', { key: 'x', tag: 't' })
    b.call('untag', { key: 'x', tag: 't' })
    const { to } = rebuild(b, log, ANEW)
    expect(to.engine.get('item', 'x')).toMatchObject({ tags: [] })
    log.takeFrom(to.engine)
    log.giveTo(a.engine)
    expect(a.engine.get('item', 'x')).toMatchObject({ tags: [] })
  })

  it('what was denied is dropped with the reason, what is settled is left out', () => {
    const { log, b } = openPair()
    b.call('put', { key: 'bad' })
    b.call('put', { key: 'known' })
    b.call('put', { key: 'good' })
    const stream = b.engine.info.stream
    const { to, adopted, conflicts } = rebuild(b, log, {
      keepsStream: true,
      denied: [{ stream, seq: 1, reason: 'no right' }],
      settled: [{ stream, seq: 2 }],
    })
    expect(adopted).toMatchObject([
      { kind: 'dropped', from: { stream, seq: 1 }, code: 'sync/denied', reason: 'no right' },
      { kind: 'settled', from: { stream, seq: 2 } },
      { kind: 'reauthored', from: { stream, seq: 3 } },
    ])
    expect(conflicts).toMatchObject([
      { kind: 'denied', table: 'item', id: 'bad', reducer: 'put', reason: 'no right' },
    ])
    expect(to.engine.query({ table: 'item', orderBy: [] }).map(({ key }) => key)).toEqual([
      'first',
      'good',
      'x',
    ])
  })

  it('the delta of init is left out where there is a universe, and only there', () => {
    const { log } = openPair()
    const early = openTestEngine(module, { seed: 9 })
    early.call('put', { key: 'early' })
    const stream = early.engine.info.stream
    const joined = rebuild(early, log, AS_THEY_WERE)
    expect(joined.adopted).toMatchObject([
      { kind: 'settled', from: { stream, seq: 1 } },
      { kind: 'reauthored', from: { stream, seq: 2 } },
    ])
    // Two began it at once, and the relay refused the init of one: that was in no log.
    const second = openTestEngine(module, { seed: 10 })
    log.giveTo(second.engine)
    expect(rebuild(second, log, ANEW, 79).adopted).toMatchObject([{ kind: 'settled' }])
    const alone = rebuild(early, new SyncLog(), ANEW, 78)
    expect(alone.adopted).toMatchObject([{ kind: 'reauthored' }, { kind: 'reauthored' }])
    expect(alone.to.engine.digest()).toBe(early.engine.digest())
  })
})

describe('[SY15] the delta of init, after a restore that lost it', () => {
  /** a has created the universe; the log that both have read is gone. b's writes are the log now. */
  function openRestored() {
    const { log, a, b } = openPair()
    log.giveTo(a.engine)
    b.call('put', { key: 'y' })
    log.takeFrom(b.engine)
    const stream = a.engine.replica.stream
    a.engine.replica.unacknowledge(stream, 0)
    const restored = new SyncLog('00000000000000b2')
    const [batch] = b.engine.replica.batchesAfter(b.engine.replica.stream, 0, 1e6)
    restored.push(batch as SealedBatch)
    return { a, restored, stream }
  }

  it('is kept as it was', () => {
    const { a, restored, stream } = openRestored()
    a.call('retitle', { key: 'first', title: 'changed' })
    const { to, adopted } = rebuild(a, restored, AS_THEY_WERE)
    expect(adopted.map(({ kind }) => kind)).toEqual(['kept', 'kept', 'kept'])
    expect(to.engine.replica.stream).toBe(stream)
    expect(to.engine.get('item', 'first')).toMatchObject({ title: 'changed' })
  })

  it('is kept too when the log was empty first', () => {
    const { a, restored } = openRestored()
    // Nothing to read: the staged replica is told of no position.
    const between = openTestEngine(module, { seed: 77, stream: 'new', join: { owner: 'owner' } })
    between.engine.adopt(copyOf(a.engine.carryOver()), AS_THEY_WERE)
    const { to, adopted } = rebuild(between, restored, ANEW, 78)
    expect(adopted.map(({ kind }) => kind)).toEqual(['reauthored', 'reauthored'])
    expect(to.engine.get('item', 'first')).toMatchObject({ key: 'first' })
  })

  it('is authored anew without the rows that the log has', () => {
    const { a, restored } = openRestored()
    const founder = openTestEngine(module, { seed: 9 })
    founder.call('retitle', { key: 'first', title: 'changed' })
    restored.takeFrom(founder.engine)
    const { to, adopted } = rebuild(a, restored, ANEW)
    expect(adopted.map(({ kind }) => kind)).toEqual(['settled', 'reauthored'])
    expect(to.engine.get('item', 'first')).toMatchObject({ title: 'changed' })
  })
})

describe('[SY7] a rebuilt replica', () => {
  /** b writes without having read what a wrote to the same row, and is rebuilt. */
  function meet(options: AdoptOptions, ours: string, theirs: string) {
    const { log, a, b } = openPair()
    const write = (one: TestEngine, what: string) =>
      what === '' ? one.call('drop', { key: 'x' }) : one.call('retitle', { key: 'x', title: what })
    write(b, ours)
    a.nowMs += 1000
    write(a, theirs)
    log.takeFrom(a.engine)
    return rebuild(b, log, options)
  }

  it('tells of the writes that pending deltas meet', () => {
    expect(meet(AS_THEY_WERE, 'ours', 'theirs').conflicts).toMatchObject([
      {
        kind: 'overridden',
        id: 'x',
        column: 'title',
        ours: 'ours',
        theirs: 'theirs',
        winner: 'theirs',
      },
    ])
    expect(meet(AS_THEY_WERE, 'ours', '').conflicts).toMatchObject([
      { kind: 'deleted', id: 'x', winner: 'theirs' },
    ])
    expect(meet(AS_THEY_WERE, '', 'theirs').conflicts).toMatchObject([
      { kind: 'deleted', id: 'x', winner: 'ours' },
    ])
    // With a fresh stamp ours is the newer one.
    const anew = meet(ANEW, 'ours', 'theirs')
    expect(anew.conflicts).toMatchObject([{ kind: 'overridden', winner: 'ours' }])
    expect(anew.to.engine.get('item', 'x')).toMatchObject({ title: 'ours' })
    expect(meet(AS_THEY_WERE, 'same', 'same').conflicts).toEqual([])
  })

  it('tells nothing of what had been read before', () => {
    const { log, a, b } = openPair()
    a.call('retitle', { key: 'x', title: 'theirs' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    b.call('retitle', { key: 'x', title: 'ours' })
    b.call('retitle', { key: 'x', title: 'ours again' })
    expect(rebuild(b, log, AS_THEY_WERE).conflicts).toEqual([])
    expect(rebuild(b, log, ANEW).conflicts).toEqual([])
  })
})

test('[SY10] a write of a row that a restored log has only later writes of is kept', () => {
  const { log, a, b } = openPair()
  const [before] = a.engine.streamHeads()
  a.call('put', { key: 'y', title: 'ours' })
  const stream = a.engine.replica.stream
  log.takeFrom(a.engine)
  log.giveTo(b.engine)
  b.call('retitle', { key: 'y', title: 'theirs' })
  log.takeFrom(b.engine)
  const restored = new SyncLog('00000000000000b2')
  for (const entry of log.entries) {
    const isLost = entry.offset > 1 && entry.kind === 'batch' && entry.batch.stream === stream
    if (entry.kind === 'batch' && !isLost) restored.push(entry.batch)
  }
  a.engine.replica.unacknowledge(stream, before?.seq ?? 0)
  for (const options of [AS_THEY_WERE, ANEW]) {
    const { to, adopted } = rebuild(a, restored, options)
    expect(adopted).toHaveLength(1)
    expect(to.engine.get('item', 'y')).toMatchObject({ key: 'y' })
  }
})

test('[SY10] what is authored anew refers to no row that a floor has forgotten', () => {
  const { log, a, b } = openPair()
  b.call('wish', { item: 'x' })
  a.call('drop', { key: 'x' })
  log.takeFrom(a.engine)
  const baseOffset = log.entries.length
  const forgotten = [{ table: 'item', ids: ['x'] }]
  const cellsOf = (to: TestEngine) => {
    const { content } = to.engine.replica.nextUnsealed(1_000_000) ?? {}
    const [operation] = decodeSegment(content as Uint8Array).deltas[0]?.operations ?? []
    return operation?.kind === 'insert' ? operation.cells : undefined
  }
  expect(cellsOf(rebuild(b, log, ANEW).to)).toMatchObject({ item: 'x' })
  log.pushFloor({ baseOffset, hlc: log.hlcAt(baseOffset), forgotten })
  expect(cellsOf(rebuild(b, log, ANEW, 78).to)).toMatchObject({ item: null })
})

test('[SY16] joining runs no init and takes the owner that is given', () => {
  const joined = openTestEngine(module, { seed: 5, join: { owner: 'someone' } })
  expect(joined.engine.info).toMatchObject({ owner: 'someone', isNew: true })
  expect(joined.engine.count({ table: 'item', orderBy: [] })).toBe(0)
  expect(joined.engine.unsyncedCount()).toBe(0)
})
