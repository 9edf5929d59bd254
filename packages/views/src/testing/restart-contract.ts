/** What every kind of store that outlives its process must do. Part of `view-store-contract.ts`. */
import { expect, test } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { createGraph } from '../graph.ts'
import type { ViewDefinition, ViewStore, ViewStoreOptions } from '../store/view-store.ts'
import {
  expectNextIsRight,
  expectSame,
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

/** How tests come to databases and stores, which are removed after them. */
export interface StoreBench {
  createDatabase(): Promise<StoreDatabase>
  open(database: StoreDatabase, options?: Partial<ViewStoreOptions>): Promise<ViewStore>
}

/** Declares the tests. */
export function restartContract({ createDatabase, open }: StoreBench): void {
  test('[VS8] state of another definition is refused, or built anew', async () => {
    const database = await createDatabase()
    const history = new ReceiptHistory(12)
    const batches = [history.next(), history.next()]
    const first = await open(database)
    for (const [inputTime, batch] of batches.entries()) {
      await first.run(batch, { inputTime, frontier: inputTime - 1 })
    }
    await first.close()
    const graph = createGraph()
    graph.output('all', graph.source<Item>('items').distinct())
    graph.source('products')
    const other: ViewDefinition = definitionOf(graph)
    await expect(open(database, { definition: other })).rejects.toMatchObject({
      code: 'views/store-changed',
    })
    // Refusing has touched nothing.
    const again = await open(database, { rebuild: refuse })
    expect(await again.status()).toMatchObject({ inputTime: 1 })
    await again.close()
    const reasons: string[] = []
    const rebuilt = await open(database, {
      definition: other,
      rebuild: (reason) => {
        reasons.push(reason)
        return batches
      },
    })
    expect(reasons).toEqual(['changed'])
    expect(await rebuilt.status()).toEqual({ inputTime: 1, frontier: 0, skipped: [] })
    expect(await rebuilt.verify()).toBe(true)
    // One that was open sees that the view is another's now.
    await expect(first.run(new Map())).rejects.toMatchObject({ code: 'engine/closed' })
  })

  test('[VS8] a store whose view was built anew meanwhile refuses to go on', async () => {
    const database = await createDatabase()
    const left = await open(database)
    const graph = createGraph()
    graph.output('all', graph.source<Item>('items').distinct())
    await open(database, { definition: definitionOf(graph), rebuild: () => [] })
    await expect(left.run(new ReceiptHistory(1).next())).rejects.toMatchObject({
      code: 'views/store-changed',
    })
  })

  test('[VS8] a rebuild that fails leaves what was there', async () => {
    const database = await createDatabase()
    const history = new ReceiptHistory(13)
    const batches = [history.next(), history.next()]
    const first = await open(database)
    for (const batch of batches) await first.run(batch)
    await first.close()
    const graph = createGraph()
    graph.output('all', graph.source<Item>('items').distinct())
    const failed = open(database, {
      definition: definitionOf(graph),
      *rebuild() {
        yield new Map([['items', deltaOf([[FAILING_ITEM, 1]])]])
        throw new Error('the feed broke')
      },
    })
    await expect(failed).rejects.toThrow('the feed broke')
    await expectNextIsRight(
      await open(database, { rebuild: refuse, verifies: true }),
      history,
      batches,
    )
  })

  test('[VS9] state that does not fit its digest is found, and built anew', async () => {
    const database = await createDatabase()
    const history = new ReceiptHistory(14)
    const batches = [history.next(), history.next(20)]
    const store = await open(database)
    for (const batch of batches) await store.run(batch)
    await database.damage()
    expect(await store.verify()).toBe(false)
    await store.close()
    await expect(open(database, { verifies: true })).rejects.toMatchObject({
      code: 'views/store-corrupt',
    })
    const reasons: string[] = []
    const rebuilt = await open(database, {
      verifies: true,
      rebuild: (reason) => {
        reasons.push(reason)
        return batches
      },
    })
    expect(reasons).toEqual(['corrupt'])
    await expectNextIsRight(rebuilt, history, batches)
  })

  test('[VS21] state of a newer format is refused and left alone', async () => {
    const database = await createDatabase()
    await (await open(database)).close()
    await database.raiseFormat()
    for (const rebuild of [undefined, () => []]) {
      await expect(open(database, rebuild && { rebuild })).rejects.toMatchObject({
        code: 'views/store-too-new',
      })
    }
  })

  test('[VS20] stores of one view take turns, each seeing what the others wrote', async () => {
    const database = await createDatabase()
    const both = [await open(database), await open(database)]
    const history = new ReceiptHistory(15)
    const batches: Deltas[] = []
    const outputs = new Outputs()
    for (let inputTime = 0; inputTime < 20; inputTime += 1) {
      const batch = history.next()
      batches.push(batch)
      const store = both[inputTime % 2] as ViewStore
      outputs.add(await store.run(batch, { inputTime, frontier: inputTime - 1 }))
    }
    expectSame(outputs, Outputs.recomputed(receiptDefinition(), batches), 15)
    for (const store of both) expect(await store.verify()).toBe(true)
  })
}
