/** What every kind of store must do. Run by its tests with a way to make databases. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { createGraph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import type { Time, ViewStore, ViewStoreOptions } from '../store/view-store.ts'
import { ZSet } from '../zset.ts'
import { edgeBatches, everyOperatorDefinition } from './every-operator.ts'
import { TEST_CLOCK } from './real-clock.ts'
import { restartContract } from './restart-contract.ts'
import {
  dumpOf,
  entriesOf,
  expectNextIsRight,
  expectSame,
  expectSameOutput,
  FAILING_ITEM,
  refuse,
  type StoreDatabase,
} from './store-expectations.ts'
import {
  definitionOf,
  deltaOf,
  type Item,
  Outputs,
  ReceiptHistory,
  receiptDefinition,
} from './view-history.ts'

/** How a kind of store is tested. */
export interface ViewStoreContract {
  readonly name: string
  /** False: a store is gone when it is closed. */
  readonly isPersistent: boolean
  create(): Promise<StoreDatabase>
}

/** Declares the tests of one kind of store. */
export function viewStoreContract({ name, isPersistent, create }: ViewStoreContract): void {
  describe(name, { timeout: 60_000 }, () => {
    const databases: StoreDatabase[] = []
    const stores: ViewStore[] = []

    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close()
      for (const database of databases.splice(0)) await database.remove()
    })

    async function createDatabase(): Promise<StoreDatabase> {
      const database = await create()
      databases.push(database)
      return database
    }

    async function open(
      database: StoreDatabase,
      options: Partial<ViewStoreOptions> = {},
    ): Promise<ViewStore> {
      const store = await database.open({
        view: 'receipts',
        definition: receiptDefinition(),
        clock: TEST_CLOCK,
        ...options,
      })
      stores.push(store)
      return store
    }

    test('[VS8] outputs are those of recomputation, whatever is reopened on the way', async () => {
      for (const seed of [1, 2]) {
        const database = await createDatabase()
        const history = new ReceiptHistory(seed)
        const batches: Deltas[] = []
        const outputs = new Outputs()
        let store = await open(database)
        for (let step = 0; step < 24; step += 1) {
          const batch = history.next()
          batches.push(batch)
          outputs.add(await store.run(batch))
          if (step % 8 === 7) {
            for (const output of ['totals', 'dearest', 'notes']) {
              expect(outputs.get(output).size, `rows of ${output}`).toBeGreaterThan(1)
            }
            expect(await store.verify()).toBe(true)
            expectSame(outputs, Outputs.recomputed(receiptDefinition(), batches), seed)
          }
          if (isPersistent && step % 5 === 4) {
            await store.close()
            store = await open(database, { rebuild: refuse, verifies: step > 10 })
          }
        }
      }
    })

    test('[VS8] every operator says what it says in memory, step by step', async () => {
      const definition = everyOperatorDefinition()
      const database = await createDatabase()
      let store = await open(database, { definition })
      const inMemory = definition.createCircuit(new MemoryState())
      for (const [step, batch] of edgeBatches(1, 12).entries()) {
        const actual = await store.run(batch)
        const expected = inMemory.step(batch)
        const names = new Set([...actual.keys(), ...expected.keys()])
        for (const name of names) {
          expectSameOutput(`${name} in step ${step}`, actual.get(name), expected.get(name))
        }
        if (isPersistent && step % 6 === 5) {
          await store.close()
          store = await open(database, { definition, rebuild: refuse, verifies: true })
        }
      }
    })

    test('[VS10] a step that fails leaves nothing', async () => {
      const database = await createDatabase()
      const history = new ReceiptHistory(3)
      const batches: Deltas[] = []
      const outputs = new Outputs()
      const store = await open(database)
      for (let step = 0; step < 12; step += 1) {
        const batch = history.next()
        const before = await dumpOf(store)
        const failing = new Map(batch)
        failing.set('items', deltaOf<Item>([...entriesOf<Item>(batch, 'items'), [FAILING_ITEM, 1]]))
        await expect(store.run(failing)).rejects.toMatchObject({ code: 'views/function-failed' })
        expect(await dumpOf(store)).toEqual(before)
        batches.push(batch)
        outputs.add(await store.run(batch))
      }
      expect(await store.verify()).toBe(true)
      expectSame(outputs, Outputs.recomputed(receiptDefinition(), batches), 3)
    })

    test('[VS11] a batch waits for its frontier, and later batches do not shut it out', async () => {
      const database = await createDatabase()
      const store = await open(database)
      const history = new ReceiptHistory(4)
      const order: number[] = []
      const run = async (time: Time): Promise<void> => {
        await store.run(history.next(), time)
        order.push(time.inputTime)
      }
      // Each is given before the one it waits for.
      await Promise.all([2, 1, 0].map((inputTime) => run({ inputTime, frontier: inputTime - 1 })))
      expect(order).toEqual([0, 1, 2])
      await run({ inputTime: 9, frontier: 2 })
      await run({ inputTime: 4, frontier: 3 })
      expect(await store.status()).toEqual({ inputTime: 9, frontier: 3, skipped: [] })
    })

    test('[VS11] a time that is none is refused', async () => {
      const store = await open(await createDatabase())
      for (const time of [
        { inputTime: -1, frontier: -1 },
        { inputTime: 1, frontier: 1 },
        { inputTime: 1.5, frontier: 0 },
        { inputTime: 1, frontier: -2 },
      ]) {
        await expect(store.run(new Map(), time)).rejects.toMatchObject({
          code: 'views/invalid-graph',
        })
      }
    })

    test('[VS12] a batch whose frontier does not come in time fails, and may be tried again', async () => {
      const database = await createDatabase()
      const store = await open(database)
      const batch = new ReceiptHistory(5).next()
      const time = { inputTime: 1, frontier: 0, timeoutMs: 20 }
      await expect(store.run(batch, time)).rejects.toMatchObject({ code: 'views/timed-out' })
      expect(await store.status()).toEqual({ inputTime: -1, frontier: -1, skipped: [] })
      await store.run(new Map(), { inputTime: 0, frontier: -1 })
      const outputs = new Outputs()
      outputs.add(await store.run(batch, time))
      expectSame(outputs, Outputs.recomputed(receiptDefinition(), [batch]), 5)
    })

    test('[VS13] a batch that fails is marked, and those that wait for it go on', async () => {
      const store = await open(await createDatabase())
      const failing: Deltas = new Map([['items', deltaOf([[FAILING_ITEM, 1]])]])
      const waiting = store.run(new ReceiptHistory(6).next(), { inputTime: 1, frontier: 0 })
      await expect(store.run(failing, { inputTime: 0, frontier: -1 })).rejects.toMatchObject({
        code: 'views/function-failed',
      })
      await waiting
      expect(await store.status()).toEqual({ inputTime: 1, frontier: 0, skipped: [0] })
      await store.run(new ReceiptHistory(7).next(), { inputTime: 0, frontier: -1 })
      expect(await store.status()).toEqual({ inputTime: 1, frontier: -1, skipped: [] })
    })

    test('[VS13] a batch that will never come is skipped by hand', async () => {
      const store = await open(await createDatabase())
      const waiting = store.run(new ReceiptHistory(8).next(), { inputTime: 6, frontier: 5 })
      await store.skip(5)
      await waiting
      expect(await store.status()).toEqual({ inputTime: 6, frontier: 5, skipped: [5] })
    })

    test('[VS14] what is flushed when makes no difference to what is kept', async () => {
      for (const flushEverySet of [true, false]) {
        const database = await createDatabase()
        const store = await open(database)
        const history = new ReceiptHistory(9)
        const batches: Deltas[] = []
        const outputs = new Outputs()
        for (let inputTime = 0; inputTime < 10; inputTime += 1) {
          const batch = history.next()
          batches.push(batch)
          outputs.add(await store.run(batch, { inputTime, frontier: inputTime - 1, flushEverySet }))
          const failing: Deltas = new Map([['items', deltaOf([[FAILING_ITEM, 1]])]])
          const time = { inputTime, frontier: inputTime - 1, flushEverySet }
          await expect(store.run(failing, time)).rejects.toMatchObject({
            code: 'views/function-failed',
          })
        }
        expect(await store.verify()).toBe(true)
        expectSame(outputs, Outputs.recomputed(receiptDefinition(), batches), 9)
      }
    })

    test('[VS14] batches that are not flushed are committed with a later one, or not at all', async () => {
      const database = await createDatabase()
      const store = await open(database)
      const history = new ReceiptHistory(10)
      const [first, second, third] = [history.next(), history.next(), history.next()]
      await store.run(first, { inputTime: 0, frontier: -1 })
      const before = await dumpOf(store)
      await store.run(second, { inputTime: 1, frontier: 0, flushEverySet: null })
      expect(await dumpOf(store)).not.toEqual(before)
      const failing: Deltas = new Map([['items', deltaOf([[FAILING_ITEM, 1]])]])
      await expect(store.run(failing, { inputTime: 2, frontier: 1 })).rejects.toMatchObject({
        code: 'views/function-failed',
      })
      expect(await dumpOf(store)).toEqual(before)
      expect(await store.status()).toMatchObject({ inputTime: 2, skipped: [1, 2] })
      const outputs = new Outputs()
      outputs.add(Outputs.stepOf(receiptDefinition(), first))
      outputs.add(await store.run(second, { inputTime: 1, frontier: 0, flushEverySet: null }))
      outputs.add(await store.run(third, { inputTime: 2, frontier: 1 }))
      expect(await store.status()).toMatchObject({ inputTime: 2, skipped: [] })
      expectSame(outputs, Outputs.recomputed(receiptDefinition(), [first, second, third]), 10)
      expect(await store.verify()).toBe(true)
      if (!isPersistent) return
      const kept = await dumpOf(store)
      await store.run(history.next(), { inputTime: 3, frontier: 2, flushEverySet: null })
      await store.close()
      expect(await dumpOf(await open(database, { rebuild: refuse }))).toEqual(kept)
    })

    test('[VS18] a cache shows the rows of a key in their order, and all of them', async () => {
      const graph = createGraph()
      const rows = graph.source<{ key: unknown; at: unknown }>('rows')
      const orderBy = [{ pick: (row: { at: unknown }) => row.at, isDescending: true }]
      graph.output('first', rows.window({ by: (row) => row.key, orderBy, limit: 1 }).named('rows'))
      const store = await open(await createDatabase(), { definition: definitionOf(graph) })
      const keys = [null, 1, 'k', ['k', 1], Uint8Array.of(0, 1), { a: null }, 'k'.repeat(5_000)]
      const values = [
        null,
        false,
        true,
        -2,
        0.5,
        7n,
        'a',
        'b'.repeat(3_000),
        `${'b'.repeat(3_000)}c`,
      ]
      const entries = keys.flatMap((key) =>
        values.map((at, index) => [{ key, at }, index + 1] as const),
      )
      await store.run(new Map([['rows', deltaOf([...entries].reverse())]]))
      const cache = store.cache<{ key: unknown; at: unknown }>('rows/rows')
      for (const key of keys) {
        const found = await cache.get(key)
        expect(found.map(({ row }) => row.at)).toEqual([...values].reverse())
        expect(found.map(({ weight }) => weight)).toEqual(
          values.map((_, index) => index + 1).reverse(),
        )
        expect(found[0]?.key).toEqual(key)
        const part = await cache.get(key, { from: 2, rowsMax: 3 })
        expect(part.map(({ row }) => row.at)).toEqual([...values].reverse().slice(2, 5))
      }
      expect(await cache.get('nothing')).toEqual([])
      const all: (readonly [unknown, number])[] = []
      for await (const { row, weight } of cache.entries()) all.push([row, weight])
      expect(ZSet.fromEntries(all).equals(ZSet.fromEntries<unknown>(entries))).toBe(true)
      const unknown = async () => store.cache('rows/nothing').get(1)
      await expect(unknown()).rejects.toMatchObject({ code: 'views/invalid-graph' })
    })

    test('[VS8] a view is filled when there is none, batch by batch', async () => {
      const database = await createDatabase()
      const history = new ReceiptHistory(11)
      const batches = [history.next(), history.next(), history.next()]
      const told: unknown[] = []
      const store = await open(database, {
        async *rebuild(reason) {
          expect(reason).toBe('missing')
          yield* batches
        },
        onProgress: (progress) => told.push(progress),
      })
      const rows = batches.map((batch) =>
        [...batch.values()].reduce((sum, { length }) => sum + length, 0),
      )
      expect(told).toEqual(
        batches.map((_, index) => ({
          reason: 'missing',
          batches: index + 1,
          rows: rows.slice(0, index + 1).reduce((sum, each) => sum + each, 0),
        })),
      )
      await expectNextIsRight(store, history, batches)
    })

    test('a closed store says so', async () => {
      const store = await open(await createDatabase())
      await store.close()
      await store.close()
      await expect(store.run(new Map())).rejects.toMatchObject({ code: 'engine/closed' })
    })

    if (isPersistent) restartContract({ createDatabase, open })
  })
}
